"""Every due time says how it came about, and what it says is true."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.calendar import Calendar, Span, Special, always, office, span
from domain.reckoning import Reckoning, StepKind, Why, reckon, words

DAY_SHIFT = ((540, 1080),)
CHINA = office(
    "Asia/Shanghai",
    540,
    1080,
    specials=(
        Special("2026-02-15", "2026-02-23", (), "春节", "Spring Festival"),
        Special("2026-02-14", "2026-02-14", DAY_SHIFT, "春节", "Spring Festival"),
        Special("2026-09-25", "2026-09-27", (), "中秋节", "Mid-Autumn"),
        Special("2026-10-01", "2026-10-07", (), "国庆节", "National Day"),
        Special("2026-09-20", "2026-09-20", DAY_SHIFT, "国庆节", "National Day"),
        Special("2026-12-01", "2026-12-01"),
        Special("2026-12-02", "2026-12-02", ((600, 660),)),
    ),
)
LUNCH = Calendar("Europe/Berlin", (((480, 720), (780, 1020)),) * 5 + (((480, 720),), ()))
CALENDARS = {
    "china": CHINA,
    "lunch": LUNCH,
    "always": always("Europe/Berlin"),
    "apia": office("Pacific/Apia", 540, 1080),
}


def told(name: str, start: str, length: str) -> Reckoning:
    calendar = CALENDARS[name]
    at = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(calendar.zone)).astimezone(UTC)
    return reckon(calendar, at, span(length))


@pytest.mark.parametrize(
    ("name", "start", "length", "english", "chinese"),
    [
        ("china", "2026-11-20 17:40", "60wmin",
         ["opened Fri 2026-11-20 17:40 (Asia/Shanghai)", "20 working minutes that day, to 18:00",
          "Sat 21–Sun 22 Nov skipped: weekend", "Mon 23 Nov: 40 working minutes, from 09:00",
          "due Mon 2026-11-23 09:40"],
         ["周五 2026-11-20 17:40 开始（Asia/Shanghai）", "当日计 20 个工作分钟，至 18:00",
          "11月21日至22日（周六至周日）跳过：周末", "11月23日（周一）计 40 个工作分钟，自 09:00 起",
          "周一 2026-11-23 09:40 到期"]),
        ("china", "2026-02-13 17:40", "20wh",
         ["opened Fri 2026-02-13 17:40 (Asia/Shanghai)", "20 working minutes that day, to 18:00",
          "Sat 14 Feb: 1 whole working day, 540 working minutes (Spring Festival, make-up working day)",
          "Sun 15–Mon 23 Feb skipped: Spring Festival", "Tue 24 Feb: 1 whole working day, 540 working minutes",
          "Wed 25 Feb: 100 working minutes, from 09:00", "due Wed 2026-02-25 10:40"],
         ["周五 2026-02-13 17:40 开始（Asia/Shanghai）", "当日计 20 个工作分钟，至 18:00",
          "2月14日（周六）：1 个完整工作日，计 540 个工作分钟（春节，调休上班）",
          "2月15日至23日（周日至周一）跳过：春节",
          "2月24日（周二）：1 个完整工作日，计 540 个工作分钟", "2月25日（周三）计 100 个工作分钟，自 09:00 起",
          "周三 2026-02-25 10:40 到期"]),
        ("china", "2026-02-14 19:40", "3wd end",
         ["opened Sat 2026-02-14 19:40 (Asia/Shanghai)", "Sat 14 Feb skipped: after closing",
          "Sun 15–Mon 23 Feb skipped: Spring Festival", "outside working time: counts from Tue 2026-02-24 09:00",
          "Wed 25–Fri 27 Feb: working days 1 to 3", "to the end of Fri 27 Feb, 18:00", "due Fri 2026-02-27 18:00"],
         ["周六 2026-02-14 19:40 开始（Asia/Shanghai）", "2月14日（周六）跳过：当日工作时间已过",
          "2月15日至23日（周日至周一）跳过：春节", "不在工作时间，自周二 2026-02-24 09:00 起计",
          "2月25日至27日（周三至周五）：第 1 至 3 个工作日", "计到2月27日（周五）18:00 为止",
          "周五 2026-02-27 18:00 到期"]),
        ("china", "2026-11-30 17:00", "2.5wd",
         ["opened Mon 2026-11-30 17:00 (Asia/Shanghai)", "Tue 1 Dec skipped: closed",
          "Wed 2 Dec: working day 1 (special hours)", "Thu 3 Dec: working day 2",
          "for the part of a day 270 working minutes more", "due Fri 2026-12-04 12:30"],
         ["周一 2026-11-30 17:00 开始（Asia/Shanghai）", "12月1日（周二）跳过：停止办公",
          "12月2日（周三）：第 1 个工作日（特殊工作时间）", "12月3日（周四）：第 2 个工作日",
          "不足一天的部分再计 270 个工作分钟", "周五 2026-12-04 12:30 到期"]),
        ("china", "2026-09-30 16:40", "0.75wd",
         ["opened Wed 2026-09-30 16:40 (Asia/Shanghai)", "Thu 1–Wed 7 Oct skipped: National Day",
          "for the part of a day 405 working minutes more", "due Thu 2026-10-08 14:25"],
         ["周三 2026-09-30 16:40 开始（Asia/Shanghai）", "10月1日至7日（周四至周三）跳过：国庆节",
          "不足一天的部分再计 405 个工作分钟", "周四 2026-10-08 14:25 到期"]),
        ("china", "2026-11-26 16:40", "1.75wd",
         ["opened Thu 2026-11-26 16:40 (Asia/Shanghai)", "Fri 27 Nov: working day 1",
          "Sat 28–Sun 29 Nov skipped: weekend", "for the part of a day 405 working minutes more",
          "due Mon 2026-11-30 14:25"],
         ["周四 2026-11-26 16:40 开始（Asia/Shanghai）", "11月27日（周五）：第 1 个工作日",
          "11月28日至29日（周六至周日）跳过：周末", "不足一天的部分再计 405 个工作分钟",
          "周一 2026-11-30 14:25 到期"]),
        ("lunch", "2026-03-27 11:40", "15wh",
         ["opened Fri 2026-03-27 11:40 (Europe/Berlin)",
          "260 working minutes that day, to 17:00 (not counting 12:00–13:00)",
          "Sat 28 Mar: 1 whole working day, 240 working minutes", "Sun 29 Mar skipped: weekend",
          "Mon 30 Mar: 400 working minutes, from 08:00 (not counting 12:00–13:00)",
          "Sun 29 Mar: clocks went forward 60 minutes", "due Mon 2026-03-30 15:40"],
         ["周五 2026-03-27 11:40 开始（Europe/Berlin）", "当日计 260 个工作分钟，至 17:00（12:00–13:00 休息不计）",
          "3月28日（周六）：1 个完整工作日，计 240 个工作分钟", "3月29日（周日）跳过：周末",
          "3月30日（周一）计 400 个工作分钟，自 08:00 起（12:00–13:00 休息不计）",
          "3月29日（周日）当地时钟拨快 60 分钟",
          "周一 2026-03-30 15:40 到期"]),
        ("lunch", "2026-03-27 14:40", "1wd",
         ["opened Fri 2026-03-27 14:40 (Europe/Berlin)", "Sat 28 Mar: working day 1",
          "14:40 is not available on that day: 12:00 instead", "due Sat 2026-03-28 12:00"],
         ["周五 2026-03-27 14:40 开始（Europe/Berlin）", "3月28日（周六）：第 1 个工作日",
          "14:40 当日不可用，改为 12:00", "周六 2026-03-28 12:00 到期"]),
        ("lunch", "2026-03-28 02:30", "1d",
         ["opened Sat 2026-03-28 02:30 (Europe/Berlin)", "1 calendar day by the local clock",
          "02:30 is not available on that day: 03:30 instead", "Sun 29 Mar: clocks went forward 60 minutes",
          "due Sun 2026-03-29 03:30"],
         ["周六 2026-03-28 02:30 开始（Europe/Berlin）", "1 个自然日，按当地钟表时间", "02:30 当日不可用，改为 03:30",
          "3月29日（周日）当地时钟拨快 60 分钟", "周日 2026-03-29 03:30 到期"]),
        ("always", "2026-12-31 22:00", "50wh",
         ["opened Thu 2026-12-31 22:00 (Europe/Berlin)", "120 working minutes that day, to 24:00",
          "Fri 1–Sat 2 Jan 2027: 2 whole working days, 2880 working minutes", "due Sun 2027-01-03 00:00"],
         ["周四 2026-12-31 22:00 开始（Europe/Berlin）", "当日计 120 个工作分钟，至 24:00",
          "2027年1月1日至2日（周五至周六）：2 个完整工作日，计 2880 个工作分钟", "周日 2027-01-03 00:00 到期"]),
        ("apia", "2011-12-29 17:00", "2wh",
         ["opened Thu 2011-12-29 17:00 (Pacific/Apia)", "60 working minutes that day, to 18:00",
          "Fri 30 Dec skipped: left out by the zone's clock", "Sat 31 Dec 2011–Sun 1 Jan 2012 skipped: weekend",
          "Mon 2 Jan 2012: 60 working minutes, from 09:00", "Sat 31 Dec: clocks went forward 1440 minutes",
          "due Mon 2012-01-02 10:00"],
         ["周四 2011-12-29 17:00 开始（Pacific/Apia）", "当日计 60 个工作分钟，至 18:00",
          "12月30日（周五）跳过：当地时区调整，没有这一天", "2011年12月31日至2012年1月1日（周六至周日）跳过：周末",
          "2012年1月2日（周一）计 60 个工作分钟，自 09:00 起", "12月31日（周六）当地时钟拨快 1440 分钟",
          "周一 2012-01-02 10:00 到期"]),
        ("china", "2026-09-18 10:00", "48h",
         ["opened Fri 2026-09-18 10:00 (Asia/Shanghai)", "48 hours of elapsed time, day and night",
          "due Sun 2026-09-20 10:00"],
         ["周五 2026-09-18 10:00 开始（Asia/Shanghai）", "连续计时（不分昼夜）48 小时", "周日 2026-09-20 10:00 到期"]),
        ("china", "2026-09-18 10:00", "1.5d end",
         ["opened Fri 2026-09-18 10:00 (Asia/Shanghai)", "1 calendar day by the local clock",
          "to the end of Sat 19 Sep, 24:00", "0.5 calendar days by the local clock", "due Sun 2026-09-20 12:00"],
         ["周五 2026-09-18 10:00 开始（Asia/Shanghai）", "1 个自然日，按当地钟表时间", "计到9月19日（周六）24:00 为止",
          "0.5 个自然日，按当地钟表时间", "周日 2026-09-20 12:00 到期"]),
        ("china", "2027-09-18 10:00", "at 2026-12-31T18:00",
         ["opened Sat 2027-09-18 10:00 (Asia/Shanghai)", "fixed time Thu 2026-12-31 18:00",
          "the fixed time has passed: due at once", "due Sat 2027-09-18 10:00"],
         ["周六 2027-09-18 10:00 开始（Asia/Shanghai）", "指定时间：周四 2026-12-31 18:00", "指定时间已过，立即到期",
          "周六 2027-09-18 10:00 到期"]),
    ],
)  # fmt: skip
def test_a_due_time_is_told_in_both_languages(
    name: str, start: str, length: str, english: list[str], chinese: list[str]
) -> None:
    reckoning = told(name, start, length)
    assert list(words(reckoning, "en")) == english
    assert list(words(reckoning, "zh")) == chinese


def test_a_long_way_is_summed_up() -> None:
    reckoning = told("china", "2026-09-18 10:00", "1000wd")
    assert len(reckoning.steps) == 12
    [middle] = [text for text in words(reckoning, "en") if "skipped: weekend " in text]
    length = (date(2030, 7, 19) - date(2026, 10, 1)).days + 1
    days = [date(2026, 10, 1) + timedelta(days=number) for number in range(length)]
    worked = sum(CHINA.works_on(day) for day in days)
    weekend = sum(day.weekday() >= 5 for day in days) - 2  # two days of National Day were a Saturday and a Sunday
    assert middle == (
        f"Thu 1 Oct 2026–Fri 19 Jul 2030: {worked} working days; {len(days) - worked} days skipped: "
        f"weekend {weekend}, National Day 7, closed 1"
    )
    assert sum(step.days for step in reckoning.steps if step.kind in (StepKind.COUNTED, StepKind.SUMMED)) == 1000
    assert "期间当地时钟调整 6 次，合计 0 分钟" in words(told("lunch", "2026-03-28 02:30", "1000d"), "zh")


def test_a_break_that_was_over_before_it_started_is_not_told() -> None:
    assert words(told("lunch", "2026-03-27 14:00", "1wh"), "en")[1] == "60 working minutes that day"
    assert words(told("lunch", "2026-03-27 08:30", "1wh"), "zh")[1] == "当日计 60 个工作分钟"


def test_another_language_is_refused() -> None:
    with pytest.raises(ValueError, match="write zh or en"):
        words(told("china", "2026-09-18 10:00", "48h"), "fr")


@settings(derandomize=True, deadline=None, max_examples=300)
@given(
    name=st.sampled_from(sorted(CALENDARS)),
    start=st.integers(min_value=0, max_value=400 * 86400),
    unit=st.sampled_from(["min", "d", "wmin", "wd"]),
    days=st.floats(min_value=0, max_value=120, allow_nan=False),
    end=st.booleans(),
)
def test_what_is_told_adds_up(name: str, start: int, unit: str, days: float, end: bool) -> None:
    calendar, at = CALENDARS[name], datetime(2025, 12, 1, tzinfo=UTC) + timedelta(seconds=start)
    length = Span(round(days * {"min": 1440, "wmin": 300}.get(unit, 1), 2), unit, end and unit in ("d", "wd"))
    reckoning = reckon(calendar, at, length)
    assert reckoning.due == calendar.add(at, length)
    assert len(reckoning.steps) <= 12
    assert (reckoning.steps[0].kind, reckoning.steps[-1].kind) == (StepKind.OPENED, StepKind.DUE)
    assert all(words(reckoning, "zh"))
    assert all(words(reckoning, "en"))
    if unit == "wmin":
        assert sum(step.amount for step in reckoning.steps if step.kind is not StepKind.CLOCK) == pytest.approx(
            length.amount
        )
    counted = sum(step.days for step in reckoning.steps if step.kind in (StepKind.COUNTED, StepKind.SUMMED))
    assert unit != "wd" or counted == int(length.amount)
    runs = [step for step in reckoning.steps if step.kind in
            (StepKind.WORKED, StepKind.WHOLE, StepKind.COUNTED, StepKind.SKIPPED, StepKind.SUMMED)]  # fmt: skip
    for before, after in pairwise(runs):  # no day is left out, none is told twice
        assert date.fromisoformat(after.first) - date.fromisoformat(before.last) in (timedelta(1), timedelta(2))
        assert unit == "wd" or date.fromisoformat(after.first) - date.fromisoformat(before.last) == timedelta(1)
    for step in runs:
        if step.kind is StepKind.SKIPPED and step.why is not Why.AFTER_HOURS:
            assert not calendar.works_on(date.fromisoformat(step.first))

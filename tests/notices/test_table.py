"""Every event is either told, in both languages and whole, or silent on purpose."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain import commands as c
from domain.events import EVENTS, ClockWarned, Event
from domain.model import Colour, Order, Satisfaction, WhistleKind
from domain.notice_texts import FIELDS, LABELS, NAMED, TEMPLATES, render
from domain.notices import SILENT, TOLD, Notice, notices
from domain.order import evolve
from store import demo
from store import notices as rows
from tests.domain.lives import Life, awaiting, dispatched, working

CONSOLE = Path(__file__).parents[2] / "console" / "src" / "texts"
NAMES = {
    **{f"unit:{row['id']}": (row["name_zh"], row["name_en"]) for row in demo.unit_rows(demo.document("organisation"))},
    **{
        f"matter:{code}": (label["zh"], label["en"])
        for code, label in demo.document("policy")["labels"]["whistle_matters"].items()
    },
}


def told(life: Life, after: int = 0) -> list[tuple[Event, Notice]]:
    """All that a life has told, in order, from a seq on."""
    order: Order | None = None
    found = []
    for event in life.events:
        before, order = order, evolve(order, event)
        if event.seq > after:
            found += [(event, notice) for notice in notices(before, order, event)]
    return found


def said(life: Life, template: str) -> list[Notice]:
    return [notice for _, notice in told(life) if notice.template == template]


def test_every_event_type_is_in_the_table_or_silent_and_never_both() -> None:
    assert set(TOLD) | set(SILENT) == set(EVENTS.values())
    assert not set(TOLD) & set(SILENT)


def test_every_template_is_used_and_every_used_one_exists() -> None:
    used = {line.template for lines in TOLD.values() for line in lines}
    assert used == set(TEMPLATES)
    assert set(rows.MAILED) <= used


def test_every_clock_of_the_shipped_policy_has_a_name_in_a_notice() -> None:
    policy = demo.document("policy")
    kinds = {*policy["chains"], *policy["warnings"]}
    assert len(kinds) > 10
    assert kinds <= set(LABELS["clock"])


def test_a_warning_before_the_due_time_names_it_and_no_percentage() -> None:
    life = working()
    for percent, template in ((75, "unit.warned"), (0, "unit.due_soon")):
        body = ClockWarned("due/a1", "GD.net", percent, Colour.YELLOW, life.now)
        (notice,) = notices(life.at, life.at, replace(life.events[-1], body=body))
        assert (notice.audience, notice.template) == ("unit:GD.net", template)
        assert ("%" in render(template, notice.params, NAMES).body_en) == bool(percent)


@pytest.mark.parametrize("template", TEMPLATES)
def test_both_languages_of_a_template_say_the_same_things(template: str) -> None:
    title_zh, title_en, zh, en = TEMPLATES[template]
    assert title_zh
    assert title_en
    assert sorted(set(re.findall(r"{(\w+)}", zh))) == sorted(set(re.findall(r"{(\w+)}", en)))
    words = render(template, dict.fromkeys(FIELDS[template], "x"), {})
    assert "{" not in words.body_zh + words.body_en
    assert re.search(r"[\u4e00-\u9fff]", words.body_zh)
    assert not re.search(r"[\u4e00-\u9fff]", words.body_en)
    with pytest.raises(KeyError):
        render(template, {}, {})


def test_a_handling_unit_never_learns_who_complains() -> None:
    customer_fields = {"customer", "name", "phone", "satisfaction", "why", "contacted", "solved"}
    for template, fields in FIELDS.items():
        assert template.startswith("customer.") or not customer_fields & set(fields), template
    for notice in (notice for life in lives() for _, notice in told(life) if notice.audience != "customer"):
        assert "Li" not in notice.params.values()
        assert "13800000000" not in " ".join(map(str, notice.params.values()))


def lives() -> list[Life]:
    """Orders that between them live through nearly everything."""
    return [routine(), returned(), troubled(), whistled(), ended(), silent_customer()]


def routine() -> Life:
    life = working("GD.bill")
    life.do("net", c.ReportProgress("the mast was seen"))
    life.do("net", c.Extend(life.now.replace(day=12)))
    life.do("province", c.DecideExtension(granted=False))
    life.do("net", c.Extend(life.now.replace(day=12)))
    life.do("province", c.DecideExtension(granted=True))
    life.do("customer", c.Urge("please"))
    life.do("customer", c.Urge("again"))
    life.do("bill", c.Sign())
    life.do("bill", c.SubmitPart("bill checked"))
    life.do("net", c.Reply(life.now, "Li", "line changed", life.now))
    life.do("audit", c.AuditReply(accepted=False))
    life.do("net", c.Reply(life.now, "Li", "line really changed", life.now))
    life.do("audit", c.AuditReply(accepted=True))
    life.do("caller", c.RecordCallback("reached", True, False, Satisfaction.DISSATISFIED, "no"))
    life.do("province", c.ReviewCallback(rework=True, explanation="go there"))
    return life


def returned() -> Life:
    life = dispatched("GD.bill", "GD.it")
    life.do("net", c.RequestReturn("GD-1", "GD.mkt"))
    life.do("dispatcher", c.DecideReturn(upheld=True))
    life.do("dispatcher", c.Dispatch("GD.mkt", copy=("GD.net",)))
    life.do("mkt", c.RequestReturn("GD-2", "GD.bill"))
    life.do("province", c.DecideReturn(upheld=False))
    life.do("agent", c.RequestInfo("which street?", "call 7"))
    life.do("customer", c.SupplyInfo("Main street"))
    life.do("agent", c.RequestInfo("which house?", "call 8"))
    life.wait(days=60)
    return life


def troubled() -> Life:
    life = Life()
    life.do("dispatcher", c.Triage())
    life.do("dispatcher", c.Dispatch("GD.net", ("GD.bill",)))
    life.wait(days=40)
    return life


def whistled() -> Life:
    life = working()
    life.do("agent", c.RequestWhistle(WhistleKind.ROUTINE, "unclear_duty", ("GD.bill",)))
    life.do("lead", c.DecideWhistle("w1", blow=False))
    life.do("agent", c.RequestWhistle(WhistleKind.EMERGENCY, "cross_province", ("GD.bill", "JS.net")))
    life.do("lead", c.ReviewWhistle("w2", valid=True))
    life.do("bill", c.ReportIn("w2", "Zhang"))
    life.wait(days=6)
    return life


def ended() -> Life:
    life = working()
    life.do("net", c.Ledger("a mast in May", life.now.replace(month=5)))
    life.do("province", c.DecideLedger(approved=True))
    life.do("net", c.Settle("mast built"))
    life.do("net", c.RequestTermination("the house is gone"))
    life.do("audit", c.Terminate(approved=True))
    return life


def silent_customer() -> Life:
    life = awaiting()
    life.wait(days=1)
    for _ in range(3):
        life.do("caller", c.RecordCallback("no_answer"))
        life.wait(days=1)
    life.wait(days=10)
    return life


@pytest.mark.parametrize("live", [routine, returned, troubled, whistled, ended, silent_customer])
def test_what_a_life_tells_is_whole_in_both_languages(live: type) -> None:
    life = live()
    assert told(life)
    for event, notice in told(life):
        words = render(notice.template, notice.params, NAMES)
        for text in (words.title_zh, words.title_en, words.body_zh, words.body_en):
            assert text, event.type
            assert "None" not in text, (event.type, text)
            assert not re.search(r"\bGD\.(net|bill|mkt|it)\b", text), (event.type, text)
        for name, value in notice.params.items():
            if name in LABELS and value:
                assert value in LABELS[name], (event.type, name, value)
            if isinstance(value, str) and value and NAMED.get(name) == "unit":
                assert all(f"unit:{unit}" in NAMES for unit in value.split(", ")), (event.type, name, value)


def test_one_event_tells_one_audience_once() -> None:
    for life in lives():
        keys = [(event.seq, notice.audience) for event, notice in told(life)]
        assert len(keys) == len(set(keys))


def test_the_customer_sees_his_matter_move() -> None:
    seen = [notice.template for _, notice in told(routine()) if notice.audience == "customer"]
    assert seen == [
        "customer.registered", "customer.dispatched", "customer.contacted", "customer.progress", "customer.delayed",
        "customer.urged", "customer.urged", "customer.replied", "customer.rework",
    ]  # fmt: skip


def test_an_order_without_a_rule_goes_to_the_dispatcher_and_one_with_a_rule_does_not() -> None:
    assert [notice.audience for notice in said(Life(), "desk.to_dispatch")] == ["role:dispatcher@GD"]
    assert not said(dispatched(), "desk.to_dispatch")


def test_the_ladder_tells_each_level_and_its_end_the_managers() -> None:
    life = troubled()
    steps = [
        notice.audience
        for event, notice in told(life)
        if notice.template == "escalated.by_clock" and _about(event, "due")
    ]
    assert steps == [
        "unit:GD.net", "head:GD.net", "role:province_manager@GD", "role:regional_manager@GD", "role:headquarters@HQ",
    ]  # fmt: skip
    alarmed = {notice.audience for notice in said(life, "alarm.dead_end")}
    assert alarmed == {"role:province_manager@GD", "role:headquarters@HQ"}
    assert {notice.audience for notice in said(life, "unit.criticised")} >= {"unit:GD.net"}
    late = said(life, "customer.late")
    assert late
    assert late[0].params["unit"] == "GD.net"


def test_a_whistle_summons_tells_the_other_province_and_the_whistler() -> None:
    life = whistled()
    assert [notice.audience for notice in said(life, "unit.summoned")] == ["unit:GD.bill", "unit:JS.net"]
    across = [notice.audience for notice in said(life, "desk.whistle_across")]
    assert across == ["role:province_manager@GD", "role:province_manager@JS"]
    assert [notice.audience for notice in said(life, "whistler.refused")] == ["person:agent"]
    absent = said(life, "whistler.absent")
    assert (absent[0].audience, absent[0].params["unit"]) == ("person:agent", "JS.net")
    climbed = [
        notice.audience for event, notice in told(life)
        if notice.template == "escalated.by_clock" and _about(event, "whistle_report_in")
    ]  # fmt: skip
    assert climbed[:3] == ["unit:JS.net", "head:JS.net", "role:province_manager@JS"]


def test_a_closing_tells_the_customer_alone() -> None:
    life = silent_customer()
    closing = next(event for event in life.events if event.type == "OrderClosed")
    assert [notice.audience for event, notice in told(life) if event.seq == closing.seq] == ["customer"]
    assert said(life, "customer.closed")[0].params["outcome"] == "not_rated"


def test_notices_call_things_as_the_console_does() -> None:
    texts = json.loads((CONSOLE / "zh" / "verbs.json").read_text("utf-8"))
    for section in ("clock", "outcome", "kind", "priority"):
        ours = {code: zh for code, (zh, _) in LABELS[section].items()}
        assert {code: texts[section].get(code) for code in ours} == ours
    assert TEMPLATES["alarm.dead_end"][0] == texts["event"]["DeadEndRaised"]


def test_a_time_is_written_in_the_readers_zone_and_an_unknown_zone_stops_nothing() -> None:
    told_him = said(Life(), "customer.registered")[0]
    assert told_him.params["statutory_due"] == datetime(2026, 3, 17, 2, tzinfo=UTC)
    read = {
        "Asia/Shanghai": "2026-03-17 10:00 (UTC+08:00)",
        "Asia/Urumqi": "2026-03-17 08:00 (UTC+06:00)",
        "America/New_York": "2026-03-16 22:00 (UTC-04:00)",
        **dict.fromkeys(("Nowhere/Land", "", "../../etc/passwd"), "2026-03-17 02:00 (UTC+00:00)"),
    }
    for zone, shown in read.items():
        words = render(told_him.template, told_him.params, NAMES, zone)
        assert shown in words.body_zh, zone
        assert shown in words.body_en, zone


def test_what_people_write_is_shown_as_they_wrote_it() -> None:
    life = working()
    life.do("net", c.ReportProgress("{order} costs 5 {0} % <b>"))
    notice = said(life, "customer.progress")[0]
    assert "{order} costs 5 {0} % <b>" in render(notice.template, notice.params, NAMES).body_en


def _about(event: Event, kind: str) -> bool:
    return str(getattr(event.body, "key", "")).startswith(f"{kind}/")

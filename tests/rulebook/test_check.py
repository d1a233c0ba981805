"""Whatever is wrong with a policy is found before it is published: all of it, with place, reason, remedy and line."""

from __future__ import annotations

import copy
import itertools
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

import rulebook
from domain.model import OrderClass
from domain.retime import PRIORITIES
from rulebook import Asked, Fault, Known
from runtime.settings import PROJECT

NATIONAL = rulebook.national().demanded()
YAML = (PROJECT / "rulebook" / "policies" / "national.yaml").read_text(encoding="utf-8")
GONE = object()


def with_(path: str, value: Any) -> dict[str, Any]:
    """The shipped policy with another value at that path, or without it; keys with dots are written with slashes."""
    document = copy.deepcopy(NATIONAL)
    *way, last = [int(part) if part.isdigit() and part != "12345" else part for part in path.split("/")]
    at: Any = document
    for part in way:
        at = at.setdefault(part, {}) if isinstance(at, dict) else at[part]
    if value is GONE:
        del at[last]
    else:
        at[last] = value
    return document


def faults(document: Any, known: Known | None = None) -> dict[str, Fault]:
    """The faults by path; the first of each."""
    return {fault.path: fault for fault in reversed(rulebook.check(document, known))}


WRONG: list[tuple[str, Any, str, str]] = [
    # keys and names
    ("tierz", {}, "tierz", "the key tierz is unknown → did you mean tiers?"),
    ("calling/attemps", 3, "calling.attemps", "the key attemps is unknown → did you mean attempts?"),
    ("classes/*/caps", {}, "classes.*.caps", "the key caps is unknown"),
    ("classes/urgent", GONE, "", "urgent is missing → add urgent"),
    ("classes/vip", {"limits": {}}, "classes.vip", "the key vip is unknown"),
    ("classes/fault/limits/dew", "3d", "classes.fault.limits.dew", "is no known kind of limit → did you mean due?"),
    ("provinces/GD", {"limits": {"generl": {}}}, "provinces.GD.limits.generl", "did you mean general?"),
    ("provinces/GX", {"limit": {}}, "provinces.GX.limit", "did you mean limits?"),
    ("provinces/ZZ", {"limits": {}}, "provinces.ZZ", "there is no province ZZ"),
    ("units/ZZ.net", {"limits": {}}, "units.ZZ.net", "there is no province ZZ"),
    ("categories/networt.fault", {"limits": {}}, "categories.networt.fault", "did you mean network.fault?"),
    ("priorities/urgent", 0.5, "priorities.urgent", "is no known priority"),
    # spans
    ("classes/fault/limits/due", "3", "classes.fault.limits.due", '"3" is no span → write 30min'),
    ("classes/fault/limits/due", 3, "classes.fault.limits.due", "3 is no span"),
    ("classes/fault/limits/due", "0h", "classes.fault.limits.due", "0h is no time at all"),
    ("classes/fault/limits/due", ["3d"], "classes.fault.limits.due", "[…] is no span"),
    ("grace", None, "grace", "null is no span"),
    ("grace", "at 2026-01-01T10:00", "grace", "an absolute time (at 2026-01-01T10:00) cannot stand here"),
    ("calling/gap", "2 h", "calling.gap", '"2 h" is no span'),
    ("classes/general/limits/sign", "801wd", "classes.general.limits.sign", "longer than 800wd → write at most 800wd"),
    ("classes/general/limits/sign", "36525wd", "classes.general.limits.sign", "36525wd is longer than 800wd"),
    ("provinces/GD", {"limits": {"*": {"sign": "8001wh"}}}, "provinces.GD.limits.*.sign", "8001wh is longer"),
    ("classes/general/limits/due", "1101d end", "classes.general.limits.due", "1101d end is longer than 1100d"),
    ("classes/general/limits/due", "1600000min", "classes.general.limits.due", "1600000min is longer than 26400h"),
    ("ladders/due/1/after", "1101d", "ladders.due[1].after", "longer than 1100d"),
    ("grace", "1101d", "grace", "longer than 1100d"),
    ("calling/gap", "36525d", "calling.gap", "longer than 1100d"),
    ("calling/rating_window", "36525d", "calling.rating_window", "longer than 1100d"),
    ("batch/within", "1101d", "batch.within", "longer than 1100d"),
    ("warnings/due/0", {"colour": "blue", "before": "1101d"}, "warnings.due[0].before", "longer than 1100d"),
    ("retention/others", "11001d", "retention.others", "11001d is longer than 11000d"),
    ("classes/fault/limits/due", "at 2019-12-31T23:59", "classes.fault.limits.due", "write a time from 2020 to 2100"),
    ("classes/fault/limits/due", "at 9999-12-31T23:59", "classes.fault.limits.due", "write a time from 2020 to 2100"),
    # limits that nobody may do without
    ("classes/fault/limits/dispatch", None, "classes.fault.limits.dispatch", "dispatch cannot be taken away"),
    ("classes/fault/limits/dispatch", GONE, "classes.fault.limits", "there is no dispatch limit"),
    ("classes/*/limits/callback", GONE, "classes.*.limits", "there is no callback limit: orders would wait"),
    ("classes/*/limits/callback_review", None, "classes.*.limits.callback_review", "cannot be taken away"),
    ("provinces/GD", {"limits": {"*": {"reply_audit": None}}}, "provinces.GD.limits.*.reply_audit", "wait for ever"),
    ("tiers/gold/limits", {"general": {"info": None}}, "tiers.gold.limits.general.info", "info cannot be taken away"),
    ("areas/rural/limits/*", {"reopen": None}, "areas.rural.limits.*.reopen", "reopen cannot be taken away"),
    # ladders and chains
    ("ladders/due/0/after", "1h", "ladders.due[0].after", "the first step comes with the breach"),
    ("ladders/due/2/level", 2, "ladders.due[2].level", "level 2 is repeated"),
    ("ladders/due/2/level", 1, "ladders.due[2].level", "the level falls from 2 to 1"),
    ("ladders/due/1/level", 4, "ladders.due[1].level", "the level skips from 1 to 4"),
    ("ladders/due/4/level", 6, "ladders.due[4].level", "from 1 to 5"),
    ("ladders/due/1/target", "head", "ladders.due[1].target", "is no known role"),
    ("ladders/due/1/target", "customer", "ladders.due[1].target", "is no known role"),
    ("ladders/due/1/colour", "green", "ladders.due[1].colour", "is no known supervision colour"),
    ("ladders/due/1/level", GONE, "ladders.due[1]", "level is missing"),
    ("ladders/due", [], "ladders.due", "the list is empty"),
    ("classes/urgent/ladders/unit/3/level", 3, "classes.urgent.ladders.unit[3].level", "level 3 is repeated"),
    ("chains/due", "dew", "chains.due", "there is no ladder dew → did you mean due?"),
    ("classes/urgent/chains", {"due": "nix"}, "classes.urgent.chains.due", "there is no ladder nix"),
    # warnings
    ("warnings/due/0", {"colour": "blue"}, "warnings.due[0]", "neither percent nor before"),
    ("warnings/due/0", {"colour": "blue", "percent": 5, "before": "1h"}, "warnings.due[0]", "both percent and before"),
    ("warnings/due/0/percent", 100, "warnings.due[0].percent", "from 1 to 99"),
    ("warnings/due/0/percent", 0, "warnings.due[0].percent", "from 1 to 99"),
    ("warnings/due/1/percent", 50, "warnings.due[1].percent", "50 does not rise above 50"),
    ("warnings/due/0/colour", GONE, "warnings.due[0]", "colour is missing"),
    ("warnings/due/0", {"colour": "blue", "before": "soon"}, "warnings.due[0].before", '"soon" is no span'),
    # calendars
    ("calendars/office/week", [[], [], [], [], [], [], []], "calendars.office.week", "it has no working time at all"),
    ("calendars/office/week", [[[0, 60]]], "calendars.office.week", "it has 1 days"),
    ("calendars/office/week/0", [[540, 800], [700, 900]], "calendars.office.week[0]", "overlap"),
    ("calendars/office/week/0", [[900, 960], [540, 800]], "calendars.office.week[0]", "stands after"),
    ("calendars/office/week/0", [[540, 540]], "calendars.office.week[0]", "is empty"),
    ("calendars/office/week/0", [[540, 1500]], "calendars.office.week[0][0][1]", "from 0 to 1440"),
    ("calendars/office/zone", "Asia/Peking", "calendars.office.zone", "'Asia/Peking' is no zone"),
    ("calendars/office/specials/0/first", "2026-13-01", "calendars.office.specials[0].first", "is no date"),
    ("calendars/office/specials/0/last", "2025-12-31", "calendars.office.specials[0]", "it ends on 2025-12-31, before"),
    ("calendars/office/specials/0/last", "2030-12-31", "calendars.office.specials[0]", "days on end"),
    ("calendars/office/week/0", [[540, 600, 700]], "calendars.office.week[0][0]", "3 entries are too many"),
    ("calendars/office/hours", {"mon": "09:00-18:00"}, "calendars.office.hours", "the key hours is unknown"),
    ("calendar", "ofice", "calendar", "there is no calendar ofice → did you mean office?"),
    ("provinces/XJ/calendar", "west", "provinces.XJ.calendar", "there is no calendar west"),
    # calling
    ("calling/opens", 7, "calling.opens", "7:00 lies outside the hard limits 8:00–21:00"),
    ("calling/closes", 22, "calling.closes", "22:00 lies outside the hard limits"),
    ("calling/hard_closes", 23, "calling.hard_closes", "from 8 to 21"),
    ("calling/closes", 9, "calling.closes", "there is no time from 9:00 to 9:00"),
    ("calling/days", 4, "calling.days", "3 attempts cannot fall on 4 days"),
    ("calling/attempts", 0, "calling.attempts", "from 1 to 20"),
    ("calling/per_day", 6, "calling.per_day", "from 1 to 5"),
    ("calling/sample_percent", 101, "calling.sample_percent", "from 0 to 100"),
    ("calling/holidays", "no", "calling.holidays", "is no true or false"),
    # factors
    ("tiers/gold/factor", 1.1, "tiers.gold.factor", "the factor 1.1 would lengthen limits"),
    ("tiers/gold/factor", 0, "tiers.gold.factor", "more than 0 and at most 1"),
    ("tiers/gold/factor", True, "tiers.gold.factor", "true is no factor"),
    ("priorities/high", float("nan"), "priorities.high", "is no factor"),
    # the statutory limit
    ("exempt", ["register"], "exempt", "the statutory limit must be exempt"),
    ("classes/*/limits/statutory", None, "classes.*.limits", "there is no statutory limit"),
    ("classes/general/limits/statutory", None, "classes.general.limits.statutory", "cannot be taken away"),
    ("classes/general/limits/statutory", "16d", "classes.general.limits.statutory", "16 calendar days is longer than"),
    ("provinces/GD", {"limits": {"*": {"statutory": "15wd"}}}, "provinces.GD.limits.*.statutory", "15 working days"),
    ("provinces/GD", {"limits": {"*": {"statutory": "11wd"}}}, "provinces.GD.limits.*.statutory", "11 working days"),
    ("tiers/gold", {"limits": {"*": {"statutory": "361h"}}}, "tiers.gold.limits.*.statutory", "361 hours is longer"),
    # the rest
    ("version", 2026.3, "version", "2026.3 is no text → put it in quotes: '2026.3'"),
    ("version", "current", "version", "write it as 2026.4"),
    ("caps/extensions", -1, "caps.extensions", "from 0 to 1000"),
    ("caps/returns_per_order", GONE, "caps", "returns_per_order is missing"),
    ("caps/returns_per_unit", 3, "caps", "a unit may return 3 times, an order 2 times"),
    ("skip_levels/12345", 6, "skip_levels.12345", "from 1 to 5"),
    ("batch", {"orders": 1, "within": "24h"}, "batch.orders", "from 2 to 100000"),
    ("decline_grounds", [], "decline_grounds", "the list is empty"),
    ("labels/tierz", {}, "labels.tierz", "did you mean tiers?"),
    ("labels/tiers/gold", {"zh": "金卡"}, "labels.tiers.gold", "en is missing"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value", "where", "said"), WRONG, ids=[f"{one[2]}: {one[3][:30]}" for one in WRONG])
def test_what_is_wrong_is_told_with_place_reason_and_remedy(path: str, value: Any, where: str, said: str) -> None:
    found = faults(with_(path, value))
    where = where or "classes"
    assert where in found, list(found)
    fault = found[where]
    assert not fault.warning
    assert said in f"{fault.reason_en} → {fault.remedy_en}"
    assert re.search("[\u4e00-\u9fff]", fault.reason_zh), "the reason is in Chinese too"
    assert fault.remedy_zh


WARNED: list[tuple[str, Any, str, str]] = [
    ("provinces/CQ", {"limits": {"complex": {"due": "15wd"}}}, "provinces.CQ.limits.complex.due", "mostly end later"),
    ("classes/complex/limits/due", "16d", "classes.complex.limits.due", "16 calendar days mostly end later"),
    ("provinces/CQ", {"limits": {"complex": {"due": None}}}, "provinces.CQ.limits.complex.due", "no limit at all"),
    ("tiers/gold", {"limits": {"*": {"due": None}}}, "tiers.gold.limits.*.due", "no limit at all"),
    ("provinces/CQ", {"limits": {"*": {"sign": "400d"}}}, "provinces.CQ.limits.*.sign", "400 calendar days mostly end"),
    ("provinces/CQ", {"limits": {"*": {"sign": "800wd"}}}, "provinces.CQ.limits.*.sign", "mostly end later than"),
    ("provinces/CQ", {"limits": {"*": {"sign": None}}}, "provinces.CQ.limits.*.sign", "sign has no limit at all"),
    ("classes/general/limits/sign", None, "classes.general.limits.sign", "sign has no limit at all"),
    ("classes/general/limits/due", None, "classes.general.limits.due", "the result has no limit at all"),
    ("classes/fault/limits/due", "at 2020-01-01T00:00", "classes.fault.limits.due", "is over before it is in force"),
    ("chains/whistle_review", GONE, "chains.whistle_review", "nobody is told when whistle_review is breached"),
    ("chains/register", "due", "chains.register", "register starts no clock"),
    ("chains/info", "due", "chains.info", "info ends by itself, so its ladder is never climbed"),
    ("chains/sign", "due", "chains.sign", "only its first step is taken"),
    ("warnings/ledger", [{"colour": "blue", "percent": 50}], "warnings.ledger", "ledger starts no clock"),
    ("ladders/due/4/colour", "yellow", "ladders.due[4].colour", "its colour fades"),
    ("labels/tiers/gold", GONE, "labels.tiers.gold", "gold has no name"),
    ("basis/due", GONE, "basis.due", "the limit due names no source"),
]


@pytest.mark.parametrize(("path", "value", "where", "said"), WARNED, ids=[one[2] for one in WARNED])
def test_what_is_doubtful_is_said_and_may_be_published(path: str, value: Any, where: str, said: str) -> None:
    found = faults(with_(path, value))
    assert list(found) == [where]
    assert found[where].warning
    assert said in found[where].reason_en


def test_a_fixed_time_that_has_passed_when_it_is_published_is_told() -> None:
    document = with_("classes/fault/limits/due", "at 2026-06-01T09:00")
    for now, told in (
        (None, False),
        (datetime(2026, 6, 1, 1, tzinfo=UTC), True),
        (datetime(2026, 6, 1, tzinfo=UTC), False),
    ):
        fault = faults(document, Known(now=now))["classes.fault.limits.due"]
        assert ("is over before it is in force" in fault.reason_en) is told, now


FOLLOWS: list[tuple[str, Any, str]] = [
    ("ladders/due/1/level", 3, "ladders.due[1].level"),
    ("ladders/due/1/level", 1, "ladders.due[1].level"),
    ("ladders/due", [], "ladders.due"),
    ("chains/due", GONE, "chains.due"),
    ("classes/*/limits/statutory", "15", "classes.*.limits.statutory"),
    ("classes/*", GONE, "classes"),
    ("exempt", ["statutry"], "exempt[0]"),
    ("calendars/office", 3, "calendars.office"),
    ("calendars/western/zone", "Asia/Peking", "calendars.western.zone"),
    ("labels/tiers", 3, "labels.tiers"),
]  # fmt: skip


def slip(path: str, value: Any) -> str:
    """What is wrong, in a few letters that are the same in every process."""
    return f"{path} {'gone' if value is GONE else value}"[:40]


@pytest.mark.parametrize(("path", "value", "where"), FOLLOWS, ids=[slip(path, value) for path, value, _ in FOLLOWS])
def test_one_slip_is_one_fault(path: str, value: Any, where: str) -> None:
    assert [fault.path for fault in rulebook.check(with_(path, value))] == [where]


def test_a_skipped_level_is_told_where_it_is_skipped_and_the_rest_goes_on_from_there() -> None:
    document = with_("ladders/due/1/level", 3)
    document["ladders"]["due"] = [{**step, "level": level} for step, level in zip(
        document["ladders"]["due"], (1, 3, 4, 4, 5), strict=True)]  # fmt: skip
    found = [(fault.path, fault.remedy_en) for fault in rulebook.check(document)]
    assert found == [("ladders.due[1].level", "write 2"), ("ladders.due[3].level", "write 5")]


def test_hours_under_a_misspelt_day_bring_no_other_fault() -> None:
    text = YAML.replace("mon-fri: 09:00-18:00", "mo-thu: 09:00-18:00\n      fri: 09:00-18:00")
    assert text != YAML
    for changed in (text, YAML.replace("mon-fri: 09:00-18:00", "mo-fri: 09:00-18:00")):
        [fault] = rulebook.freeze(changed, lambda name: b"").faults
        assert fault.reason_en.endswith("is no weekday")


def test_a_province_may_answer_sooner_by_any_clock() -> None:
    assert faults(with_("provinces/GD", {"limits": {"*": {"statutory": "10d"}}})) == {}
    assert faults(with_("provinces/GD", {"limits": {"*": {"statutory": "3wd"}}})) == {}
    over_spring_festival = faults(with_("provinces/GD", {"limits": {"*": {"statutory": "8wd"}}}))
    assert list(over_spring_festival) == ["provinces.GD.limits.*.statutory"], "not once may it be later"


def test_names_are_compared_with_the_directory_where_it_is_at_hand() -> None:
    known = Known(
        {"AA": ("甲", "Aa"), "HA": ("河南", "Henan"), "XJ": ("", ""), "XZ": ("", "")}, frozenset({"AA", "AA.net"})
    )
    document = with_("units", {"AA.net": {"limits": {}}, "AA.nett": {"limits": {}}})
    document["provinces"] |= {"AA": {"limits": {}}, "GD": {"limits": {}}}
    assert {path: fault.remedy_en for path, fault in faults(document, known).items()} == {
        "provinces.GD": "known are: AA, HA, XJ, XZ",
        "units.AA.nett": "did you mean AA.net?",
    }


def test_all_faults_come_at_once_each_at_its_line() -> None:
    text = (
        YAML.replace("mon-fri: 09:00-18:00", "mon-fri: 09:00-12:00 11:00-18:00")
        .replace("    zone: Asia/Shanghai\n", "    zone: Asia/Peking\n", 1)
        .replace("gold: {factor: 0.75}", "gold: {factor: 1.75}")
        .replace("opens: 9", "opens: 7")
        .replace("  due: due\n", "  due: dew\n")
        .replace("days: 2026-10-01..2026-10-07", "days: 2026-10-07..2026-10-01")
        .replace("version: \"2026.3\"", "version: 2026.3")
    )  # fmt: skip
    lines = text.splitlines()
    found = {fault.path: fault for fault in rulebook.freeze(text, lambda name: b"").faults}
    reversed_range = next(line.strip() for line in lines if "2026-10-07..2026-10-01" in line)
    assert {path: lines[fault.line - 1].strip() for path, fault in found.items()} == {
        "version": "version: 2026.3",
        "calendars.office.hours.mon-fri": "mon-fri: 09:00-12:00 11:00-18:00",
        "calendars.office.zone": "zone: Asia/Peking",
        "calendars.office.holidays[0].off[6]": reversed_range,
        "calendars.western.holidays[0].off[6]": reversed_range,
        "tiers.gold.factor": "gold: {factor: 1.75}",
        "calling.opens": "opens: 7",
        "chains.due": "due: dew",
    }
    assert [fault.line for fault in found.values()] == sorted(fault.line for fault in found.values())


def test_nothing_that_is_no_document_breaks_the_check() -> None:
    for value in (None, [], "", 3, True, {}, {"classes": None}, {"calendars": {"a": None}}, {"ladders": {"a": [None]}}):
        assert rulebook.check(value)


def _paths(node: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    for key, inner in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from _paths(inner, (*path, key))


def _changed(document: dict[str, Any], path: tuple[str | int, ...], value: Any) -> dict[str, Any]:
    at: Any = document
    for part in path[:-1]:
        at = at[part]
    if value is GONE:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return document


JUNK = (
    GONE,
    None,
    "",
    "x",
    "1h",
    "15wd",
    0,
    1,
    -1,
    10**30,
    0.5,
    2.5,
    True,
    [],
    {},
    [None],
    {"a": 1},
    [[1]],
    "2026-01-01",
)


@pytest.mark.parametrize("seed", range(6))
def test_whatever_passes_the_check_can_be_resolved_and_reckoned(seed: int) -> None:
    """Any place of the shipped policy gets any junk: either it is refused, or every order still gets its due times."""
    dice = random.Random(seed)
    paths = [path for path in _paths(NATIONAL) if path[0] not in ("labels", "basis")]
    for _ in range(60):
        document = copy.deepcopy(NATIONAL)
        path, junk = dice.choice(paths), dice.choice(JUNK)
        _changed(document, path, copy.deepcopy(junk))
        if all(fault.warning for fault in rulebook.check(document)):
            for order_class, place in itertools.product(OrderClass, ("GD", "HA", "XJ")):
                asked = Asked(
                    order_class, place, "gold", "rural", "network.fault", dice.choice(PRIORITIES), f"{place}.net"
                )
                assert rulebook.preview(document, asked, datetime(2026, 2, 13, 9, 0, tzinfo=UTC)), (path, junk)

"""Rules, limits, due times and changes as people read them, in both languages."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from typing import Any

import pytest

import rulebook
from domain.model import OrderClass
from domain.policy import Terms, resolve
from rulebook import Asked
from rulebook.kinds import KINDS

NATIONAL = rulebook.national().demanded()
FRIDAY = datetime(2026, 11, 20, 8, 40, tzinfo=UTC)  # 16:40 in Beijing


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("30min", "30 分钟", "30 minutes"),
        ("1min", "1 分钟", "1 minute"),
        ("24h", "24 小时", "24 hours"),
        ("67.5min", "67.5 分钟", "67.5 minutes"),
        ("1wh", "1 个工作小时", "1 working hour"),
        ("90wmin", "90 个工作分钟", "90 working minutes"),
        ("2.8125wd", "2.8125 个工作日", "2.8125 working days"),
        ("15d", "15 个自然日", "15 calendar days"),
        ("3wd end", "3 个工作日 的末尾", "3 working days, to the end of the day"),
        ("at 2026-12-31T18:00", "2026-12-31 18:00（当地时间）", "2026-12-31 18:00, local time"),
        (None, "无", "none"),
    ],
)
def test_a_limit_in_words(text: str | None, zh: str, en: str) -> None:
    assert rulebook.length_words(text) == (zh, en)


RULES: dict[str, tuple[str, str]] = {
    "classes.*.statutory": (
        "国家级默认政策·各类工单·法定答复",
        "National default policy, every class: statutory answer",
    ),
    "areas.rural.fault.due": ("农村地区的政策·故障·办结时限", "Policy for rural areas, fault: result"),
    "provinces.HA.complex.due × tiers.gold 0.75": (
        "河南的政策·复杂疑难·办结时限；金卡客户 ×0.75",
        "Henan's policy, complex: result; gold customers × 0.75",
    ),
    "tiers.gold.*.due": ("金卡客户的政策·各类工单·办结时限", "Policy for gold customers, every class: result"),
    "categories.network.fault.general.due": (
        "类别“网络故障”的政策·一般投诉·办结时限",
        "Policy for the category network fault, general complaint: result",
    ),
    "units.GD.net.*.sign × priorities.high 0.75": (
        "单位 GD.net 自己的政策·各类工单·签收；高优先级 ×0.75",
        "GD.net's own policy, every class: sign in; high priority × 0.75",
    ),
    "statutory": ("statutory", "statutory"),
}


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_in_words(rule: str) -> None:
    assert rulebook.rule_words(NATIONAL, rule) == RULES[rule]


def test_the_directory_names_a_province_before_the_document_does() -> None:
    assert (
        rulebook.rule_words(NATIONAL, "provinces.HA.*.due", {"HA": ("豫", "Yu")})[1]
        == "Yu's policy, every class: result"
    )
    assert rulebook.rule_words({}, "provinces.HA.*.due")[1] == "HA's policy, every class: due"


def test_every_rule_that_an_order_can_have_is_said_in_words() -> None:
    document = copy.deepcopy(NATIONAL)
    document["units"] = {"HA.net": {"limits": {"*": {"sign": "20min"}}}}
    document["categories"] = {"network": {"limits": {"*": {"contact": "1h"}}}}
    for order_class in OrderClass:
        terms: Terms = resolve(document, order_class, "gold", "HA", "rural", "network.fault", "high")
        for rule in (*terms.rules.values(), *terms.units["HA.net"].rules.values()):
            for said in rulebook.rule_words(document, rule):
                assert "classes." not in said
                assert "tiers." not in said
                assert "·" in said or ": " in said


def test_terms_are_those_that_an_order_gets() -> None:
    asked = Asked(OrderClass.COMPLEX, "HA", "gold", "rural/Conghua", "network.fault", "high")
    assert rulebook.terms_for(NATIONAL, asked) == resolve(
        NATIONAL, OrderClass.COMPLEX, "gold", "HA", "rural/Conghua", "network.fault", "high"
    )


def test_every_limit_of_an_order_is_previewed_in_the_order_in_which_it_meets_them() -> None:
    for order_class in OrderClass:
        asked = Asked(order_class, "GD")
        found = rulebook.preview(NATIONAL, asked, FRIDAY)
        limits = rulebook.terms_for(NATIONAL, asked).limits
        assert [due.kind for due in found] == [kind for kind in KINDS if kind in limits]
        for due in found:
            assert due.limit == limits[due.kind]
            assert due.start_at <= due.due_at
            assert len(due.explained_zh) == len(due.explained_en) >= 3
            assert due.explained_zh[-1].endswith("到期")


def test_a_unit_has_its_own_limits_and_hours() -> None:
    document = copy.deepcopy(NATIONAL)
    document["units"] = {"GD.net": {"limits": {"*": {"sign": "4wh", "progress": None}}, "calendar": "western"}}
    own = {due.kind: due for due in rulebook.preview(document, Asked(OrderClass.GENERAL, "GD", unit="GD.net"), FRIDAY)}
    usual = {due.kind: due for due in rulebook.preview(document, Asked(OrderClass.GENERAL, "GD"), FRIDAY)}
    assert (own["sign"].calendar, own["sign"].rule) == ("western", "units.GD.net.*.sign")
    assert own["sign"].due_at == datetime(2026, 11, 23, 3, 10, tzinfo=UTC)
    assert own["dispatch"] == usual["dispatch"], "what the desk owes goes by the province's hours"
    assert "progress" not in own
    assert "progress" in usual


def test_a_result_is_never_due_after_the_statutory_answer_and_an_extension_counts_from_it() -> None:
    document = copy.deepcopy(NATIONAL)
    document["classes"]["complex"]["limits"]["due"] = "30d"
    found = {due.kind: due for due in rulebook.preview(document, Asked(OrderClass.COMPLEX, "GD"), FRIDAY)}
    assert found["due"].cut
    assert found["due"].due_at == found["statutory"].due_at == found["extension"].start_at
    assert found["due"].rule == "classes.*.statutory"
    assert "would be later" in found["due"].rule_en
    assert not found["statutory"].cut


def test_names_that_nobody_knows_are_told_all_at_once() -> None:
    asked = Asked(OrderClass.GENERAL, "Guangdong", "golden", category="netwrk.fault", priority="urgent", unit="GX.net")
    found = {fault.path: fault.remedy_en for fault in rulebook.misnamed(NATIONAL, asked)}
    assert set(found) == {"province", "tier", "category", "priority"}
    assert found["category"] == "did you mean network.fault?"
    assert (
        rulebook.misnamed(NATIONAL, Asked(OrderClass.GENERAL, "GD", "gold", "anywhere", "network.fault", "high")) == ()
    )


def changed(**sections: Any) -> dict[str, Any]:
    return {**copy.deepcopy(NATIONAL), **sections}


def test_equal_policies_do_not_differ() -> None:
    assert rulebook.diff(NATIONAL, copy.deepcopy(NATIONAL)) == ()


def test_what_changed_is_told_limit_by_limit_in_words() -> None:
    new = copy.deepcopy(NATIONAL)
    new["classes"]["general"]["limits"]["due"] = "3wd"
    new["classes"]["consult"]["limits"]["progress"] = "24h"
    del new["provinces"]["HA"]["limits"]["complex"]["co_due"]
    new["provinces"]["CQ"] = {"limits": {"complex": {"due": "10wd"}}}
    new["tiers"]["gold"]["factor"] = 0.6
    new["ladders"]["due"][1]["after"] = "4wh"
    new["warnings"]["sign"] = [{"colour": "blue", "percent": 80}]
    new["calling"]["closes"] = 19
    new["calendars"]["office"]["specials"].append(
        {"first": "2026-11-20", "last": "2026-11-20", "zh": "搬迁", "en": "Moving"}
    )
    new["labels"]["tiers"]["gold"] = {"zh": "金牌", "en": "Golden"}
    said = {change.path: (change.zh, change.en) for change in rulebook.diff(NATIONAL, new)}
    steps = (
        "0min 1 unit red, {} 2 unit_head red criticised, 1wd 3 province_manager red criticised, "
        "1wd 4 regional_manager red criticised, 2wd 5 headquarters red criticised"
    )
    assert said == {
        "calendars.office.specials[2026-11-20]": (
            "日历 office 2026-11-20: 照常 → 搬迁 休息",
            "Calendar office, 2026-11-20: as usual → Moving, closed",
        ),
        "classes.general.limits.due": (
            "国家级默认政策·一般投诉·办结时限: 5 个工作日 → 3 个工作日",
            "National default policy, general complaint: result: 5 working days → 3 working days",
        ),
        "classes.consult.limits.progress": (
            "国家级默认政策·咨询·进展告知: 无 → 24 小时",
            "National default policy, enquiry: progress to the customer: none → 24 hours",
        ),
        "ladders.due": (
            f"升级阶梯 due: {steps.format('1wd')} → {steps.format('4wh')}",
            f"Ladder due: {steps.format('1wd')} → {steps.format('4wh')}",
        ),
        "provinces.CQ.limits.complex.due": (
            "重庆的政策·复杂疑难·办结时限: 未另定 → 10 个工作日",
            "Chongqing's policy, complex: result: not set here → 10 working days",
        ),
        "provinces.HA.limits.complex.co_due": (
            "河南的政策·复杂疑难·协办时限: 4 个工作日 → 未另定",
            "Henan's policy, complex: co part: 4 working days → not set here",
        ),
        "tiers.gold.factor": ("客户等级 gold.factor: 0.75 → 0.6", "Tier gold.factor: 0.75 → 0.6"),
        "warnings.sign": ("预警 签收: – → blue 80%", "Warnings of Sign in: – → blue 80%"),
        "calling.closes": ("回访规则 closes: 20 → 19", "Calling back closes: 20 → 19"),
        "labels.tiers.gold": ("名称 tiers.gold: 金卡 → 金牌", "Name of tiers.gold: Gold → Golden"),
    }


def test_a_difference_read_backwards_is_the_same_turned_round() -> None:
    new = changed(units={"GD.net": {"limits": {"*": {"sign": "20min"}}, "calendar": "western"}}, grace="2wd")
    new["calendars"]["night"] = {"zone": "UTC", "week": [[[0, 1440]]] * 7}
    del new["batch"]
    forth = {change.path: (change.before, change.after) for change in rulebook.diff(NATIONAL, new)}
    back = {change.path: (change.after, change.before) for change in rulebook.diff(new, NATIONAL)}
    assert forth == back
    assert set(forth) == {
        "units.GD.net.limits.*.sign",
        "units.GD.net.calendar",
        "grace",
        "calendars.night",
        "batch.orders",
        "batch.within",
    }


def test_hours_that_changed_are_told_in_words() -> None:
    """The week is stored in minutes; nobody reads those."""
    document = rulebook.national().demanded()
    noon, evening = [[540, 720], [810, 1080]], [[600, 840], [930, 1170]]
    for days, zh, en in (
        ([noon] * 5 + [[], []],
         "周一至周五 09:00-18:00 → 09:00-12:00 13:30-18:00", "Mon–Fri 09:00-18:00 → 09:00-12:00 13:30-18:00"),
        ([noon, [[540, 1080]], noon, noon, [], [], evening],
         ("周一 09:00-18:00 → 09:00-12:00 13:30-18:00；周三至周四 09:00-18:00 → 09:00-12:00 13:30-18:00；"
         "周五 09:00-18:00 → 休息；周日 休息 → 10:00-14:00 15:30-19:30"),
         ("Mon 09:00-18:00 → 09:00-12:00 13:30-18:00; Wed–Thu 09:00-18:00 → 09:00-12:00 13:30-18:00; "
         "Fri 09:00-18:00 → closed; Sun closed → 10:00-14:00 15:30-19:30")),
    ):  # fmt: skip
        other = copy.deepcopy(document)
        other["calendars"]["office"]["week"] = days
        [change] = rulebook.diff(document, other)
        assert (change.path, change.zh, change.en) == (
            "calendars.office.week",
            f"日历 office: {zh}",
            f"Calendar office: {en}",
        )

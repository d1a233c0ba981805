"""`whistle policy`: files without a running system, versions over the API."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import rulebook
from desk.policy_desk import by_command
from runtime.settings import PROJECT
from tests.desk.conftest import Whistle, run

FILE = PROJECT / "rulebook" / "policies" / "national.yaml"
TEXT = FILE.read_text(encoding="utf-8")


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A policy of one's own: sooner in general, under another version."""
    path = tmp_path / "own.yaml"
    changed = TEXT.replace('version: "2026.3"', 'version: "2026.4-own"').replace("      due: 5wd\n", "      due: 3wd\n")
    path.write_text(changed, encoding="utf-8")
    return path


def test_check_prints_what_would_be_in_force_by_class() -> None:
    code, out, _ = run("policy", "check", str(FILE))
    assert code == 0
    assert "错误 faults: 0 · 提醒 warnings: 0" in out
    row = next(line for line in out.splitlines() if " due " in line)
    assert row.split() == ["办结时限", "due", "24h", "48h", "5wd", "1wd", "15d"]
    assert "国办发明电〔2025〕7号" in out


def test_check_names_every_fault_with_its_line_and_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "wrong.yaml"
    changed = TEXT.replace("gold: {factor: 0.75}", "gold: {factor: 1.5}").replace("  closes: 20", "  closes: 23")
    path.write_text(changed, encoding="utf-8")
    lines = changed.splitlines()
    code, out, _ = run("policy", "check", str(path))
    assert code == 2
    assert f"wrong.yaml:{lines.index('  gold: {factor: 1.5}') + 1}: tiers.gold.factor" in out
    assert f"wrong.yaml:{lines.index('  closes: 23') + 1}: calling.closes" in out
    assert "系数 1.5 会延长时限 / the factor 1.5 would lengthen limits" in out
    assert "错误 faults: 2" in out
    code, out, _ = run("policy", "check", str(path), "--json")
    assert code == 2
    assert {fault["path"] for fault in json.loads(out)["faults"]} == {"tiers.gold.factor", "calling.closes"}
    for command in (("show",), ("due",), ("freeze",), ("diff", "national"), ("publish",)):
        code, out, err = run("policy", *command, str(path))
        assert code == 2, command
        assert "tiers.gold.factor" in err, command
        assert not out, command


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("check", "none.yaml"), "没有此文件"),
        (("due", "national", "--class", "generl"), "there is no such class"),
        (("due", "national", "--tier", "golden", "--province", "XX"), "--tier: 不认识 golden / golden is unknown"),
        (("due", "national", "--opened", "yesterday"), "must be a time"),
        (("due", "national", "--kind", "dew"), "there is no such limit"),
        (("holidays", "XX", "2026"), "the library does not know it"),
        (("holidays", "CN", "26"), "are no years"),
        (("ics", str(FILE)), "export it as .ics"),
        (("ics", "none.ics"), "cannot be read"),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, tuple) else "",
)
def test_what_is_not_understood_is_told_with_the_remedy(words: tuple[str, ...], said: str) -> None:
    code, _, err = run("policy", *words)
    assert code == 2
    assert said in err


def test_show_tells_each_rule_of_a_class() -> None:
    code, out, _ = run("policy", "show", "national", "--class", "complex", "--province", "HA", "--tier", "gold")
    assert code == 0
    assert "办结时限 / Result (due): 3.75 个工作日 / 3.75 working days" in out
    assert "河南的政策·复杂疑难·办结时限；金卡客户 ×0.75" in out
    assert "Henan's policy, complex: result; gold customers × 0.75" in out
    assert "依据 basis: Telecom Regulation art. 32" in out
    assert "阶梯 ladder: +0min 1 unit red · +1wd 2 unit_head red" in out


def test_due_tells_every_due_time_with_rule_and_reckoning_in_both_languages() -> None:
    words = ("policy", "due", "national", "--class", "general", "--province", "GD", "--tier", "gold")
    code, out, _ = run(*words, "--opened", "2026-11-20T16:40")
    assert code == 0
    blocks = out.split("\n\n")
    due = next(block for block in blocks if "(due)" in block)
    assert due.splitlines() == [
        "办结时限 / Result (due)  2026-11-26 14:25 Asia/Shanghai  3.75 个工作日 / 3.75 working days",
        "  自派单起 / from dispatch",
        "  国家级默认政策·一般投诉·办结时限；金卡客户 ×0.75",
        "    周五 2026-11-20 16:40 开始（Asia/Shanghai）",
        "    11月21日至22日（周六至周日）跳过：周末",
        "    11月23日至25日（周一至周三）：第 1 至 3 个工作日",
        "    不足一天的部分再计 405 个工作分钟",
        "    周四 2026-11-26 14:25 到期",
        "  National default policy, general complaint: result; gold customers × 0.75",
        "    opened Fri 2026-11-20 16:40 (Asia/Shanghai)",
        "    Sat 21–Sun 22 Nov skipped: weekend",
        "    Mon 23–Wed 25 Nov: working days 1 to 3",
        "    for the part of a day 405 working minutes more",
        "    due Thu 2026-11-26 14:25",
    ]
    assert len(blocks) == 28, "the head and every limit of the class"
    _, out, _ = run(*words, "--opened", "2026-11-20T08:40:00Z", "--kind", "due", "--json")
    assert [one["due_at"] for one in json.loads(out)] == ["2026-11-26T06:25:00+00:00"]


def test_freeze_prints_what_is_stored(tmp_path: Path) -> None:
    code, out, _ = run("policy", "freeze", str(FILE))
    assert code == 0
    assert out == (PROJECT / "store" / "documents" / "policy.json").read_text(encoding="utf-8")
    path = tmp_path / "frozen.json"
    assert run("policy", "freeze", str(FILE), "--out", str(path))[0] == 0
    assert path.read_text(encoding="utf-8") == out
    assert run("policy", "check", str(path))[0] == 0, "what is frozen can be read again"
    assert "changes: 0" in run("policy", "diff", str(FILE), str(path))[1]


def test_diff_of_two_files_is_told_in_both_languages(own: Path) -> None:
    code, out, _ = run("policy", "diff", "national", str(own))
    assert code == 0
    assert "国家级默认政策·一般投诉·办结时限: 5 个工作日 → 3 个工作日" in out
    assert "National default policy, general complaint: result: 5 working days → 3 working days" in out
    _, out, _ = run("policy", "diff", "national", str(own), "--json")
    assert {change["path"]: change["after"] for change in json.loads(out)} == {
        "version": '"2026.4-own"',
        "classes.general.limits.due": '"3wd"',
    }


def test_holidays_and_calendar_files_come_as_yaml_to_paste(tmp_path: Path) -> None:
    code, out, _ = run("policy", "holidays", "CN", "2026-2027")
    assert code == 0
    assert '    - {days: 2026-10-01..2026-10-03, zh: "国庆节", en: "National Day"}' in out
    assert '    - {days: 2026-10-10, zh: "调休上班", en: "make-up working day"}' in out
    feed = tmp_path / "feed.ics"
    events = (
        ("DTSTART;VALUE=DATE:20261001", "SUMMARY:National Day", "UID:1"),
        ("DTSTART:20261002T090000Z", "SUMMARY:Meeting", "UID:2"),
    )
    lines = [line for event in events for line in ("BEGIN:VEVENT", *event, "END:VEVENT")]
    head = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:test"]
    feed.write_text("\r\n".join([*head, *lines, "END:VCALENDAR", ""]), encoding="utf-8")
    code, out, _ = run("policy", "ics", str(feed))
    assert code == 0
    assert '    - {days: 2026-10-01, zh: "National Day", en: "National Day"}' in out
    assert "# left out: 2026-10-02T09:00:00+00:00 Meeting: has a time of day" in out


UNCHECKED = "units are checked when it is published"


def test_what_a_file_cannot_know_of_units_is_said(tmp_path: Path) -> None:
    path = tmp_path / "units.yaml"
    path.write_text(TEXT.replace("units: {}\n", "units: {GD.nte: {limits: {}}}\n"), encoding="utf-8")
    code, out, _ = run("policy", "check", str(path))
    assert code == 0
    assert UNCHECKED in out
    code, out, err = run("policy", "check", str(path), "--json")
    assert json.loads(out)["ok"]
    assert UNCHECKED in err
    assert UNCHECKED not in "".join(run("policy", "check", str(FILE))[1:])
    words = ("policy", "due", "national", "--opened", "2026-11-20T16:40", "--kind", "sign", "--json")
    assert UNCHECKED in run(*words, "--unit", "GD.nte")[2]
    assert UNCHECKED not in run(*words)[2]


def test_a_fixed_time_that_has_passed_is_told_by_check(tmp_path: Path) -> None:
    path = tmp_path / "past.yaml"
    path.write_text(TEXT.replace("      due: 5wd\n", "      due: at 2026-01-05T09:00\n"), encoding="utf-8")
    code, out, _ = run("policy", "check", str(path))
    assert code == 0
    assert "is over before it is in force: due at once" in out


def test_remedies_name_commands() -> None:
    assert by_command("GET /v1/policies lists the versions.") == "whistle policy versions"
    assert by_command("GET /v1/units?kind=province lists them.") == "whistle directory units --kind province"
    assert by_command("Ask an administrator.") == "Ask an administrator."


async def test_a_policy_is_published_listed_and_compared_over_the_api(whistle: Whistle, own: Path) -> None:
    version = rulebook.national().document["version"]
    code, out, _ = await whistle("policy", "show")
    assert (code, out.split()[0]) == (0, version), "without a name it is the one in force"
    code, out, _ = await whistle("policy", "publish", str(own))
    assert code == 0
    assert "2026.4-own 已发布, 对新工单生效 / is published and now in force for new orders" in out
    assert f"此前生效的是 / in force before: {version}" in out
    code, out, _ = await whistle("policy", "publish", str(own))
    assert code == 0
    assert "此前已发布" in out
    code, out, _ = await whistle("policy", "versions", "--json")
    assert [(one["version"], one["published_by"]) for one in json.loads(out)] == [
        ("2026.4-own", "hq-admin"),
        (version, ""),
    ]
    code, out, _ = await whistle("policy", "versions")
    assert "现行 in force" in out
    code, out, _ = await whistle("policy", "diff", version, "2026.4-own", "--json")
    assert [change["path"] for change in json.loads(out)] == ["version", "classes.general.limits.due"]
    words = ("--class", "general", "--opened", "2026-11-20T16:40", "--kind", "due", "--json")
    for named, due in (("2026.4-own", "2026-11-25"), (version, "2026-11-27"), ("", "2026-11-25")):
        code, out, _ = await whistle("policy", "due", *([named] if named else []), *words)
        assert json.loads(out)[0]["due_at"].startswith(due)
    code, _, err = await whistle("policy", "show", "1999.1")
    assert code == 1
    assert "There is no policy 1999.1" in err
    assert "→ whistle policy versions" in err
    assert "GET " not in err


async def test_a_policy_that_the_directory_does_not_know_is_refused_with_all_its_faults(
    whistle: Whistle, tmp_path: Path
) -> None:
    path = tmp_path / "units.yaml"
    units = "units: {GD.nett: {limits: {}}, GD.bil: {limits: {}}}\n"
    path.write_text(TEXT.replace('"2026.3"', '"2026.5"', 1).replace("units: {}\n", units), encoding="utf-8")
    code, _, err = await whistle("policy", "publish", str(path))
    assert code == 1
    assert "there is no unit GD.nett" in err
    assert "did you mean GD.bill?" in err
    code, _, err = await whistle("policy", "publish", str(FILE), "--as", "gd-agent-1")
    assert code == 1
    assert "Not yours to see or to do" in err


async def test_an_older_number_that_replaces_a_newer_one_is_said_to(whistle: Whistle, tmp_path: Path) -> None:
    for version in ("2027.1", "2026.9"):
        path = tmp_path / f"{version}.yaml"
        path.write_text(TEXT.replace('"2026.3"', f'"{version}"', 1), encoding="utf-8")
        code, out, err = await whistle("policy", "publish", str(path))
        assert code == 0, err
    assert "2026.9 已发布" in out
    assert "in force before: 2027.1" in out
    code, out, _ = await whistle("policy", "publish", str(tmp_path / "2027.1.yaml"))
    assert code == 0
    assert "still in force is: 2026.9" in out

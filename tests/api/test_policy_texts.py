"""Policies as people write them: a version's YAML, and what a text comes to, with faults at their lines."""

from __future__ import annotations

import rulebook
from rulebook.reading import read
from tests.api.conftest import CUSTOMER, Caller

ADMIN = "hq-admin"


def test_the_yaml_of_a_document_reads_back_to_the_very_document() -> None:
    document = rulebook.national().demanded()
    found = read(rulebook.yaml_of(document))
    assert found.faults == ()
    assert found.data == document
    odd = {"a": ["no", "1e5", "0x10", "09:30", "2026-01-01", "1.5", "007", "null", "~", "", " x", "a: b", "{", "#"]}
    assert read(rulebook.yaml_of(odd)).data == odd


async def test_a_versions_text_freezes_to_its_document_and_differs_in_nothing(api: Caller) -> None:
    current = (await api.get("/policies/current", ADMIN)).json()
    text = await api.get(f"/policies/{current['version']}/text", ADMIN)
    assert text.status_code == 200, text.text
    found = (await api.post("/policies/read", {"text": text.json()["text"]}, ADMIN)).json()
    assert (found["ok"], found["against"], found["changes"]) == (True, current["version"], [])
    assert found["document"] == current["document"]
    assert (await api.get("/policies/1066.1/text", ADMIN)).json()["code"] == "not_found"


async def test_a_text_is_told_its_changes_in_words_and_its_faults_by_line(api: Caller) -> None:
    current = (await api.get("/policies/current", ADMIN)).json()
    text = (await api.get(f"/policies/{current['version']}/text", ADMIN)).json()["text"]
    changed = text.replace(f"version: '{current['version']}'", "version: '2026.77'")
    assert changed != text
    found = (await api.post("/policies/read", {"text": changed}, ADMIN)).json()
    assert found["ok"]
    assert [one["path"] for one in found["changes"]] == ["version"]
    assert "2026.77" in found["changes"][0]["zh"]
    wrong = (await api.post("/policies/read", {"text": "\n\nversion: 7\n" + changed.partition("\n")[2]}, ADMIN)).json()
    assert not wrong["ok"]
    assert wrong["changes"] == []
    (fault,) = [one for one in wrong["faults"] if one["path"] == "version"]
    assert fault["line"] == 3
    assert fault["reason_zh"]
    assert fault["remedy_en"]
    broken = (await api.post("/policies/read", {"text": "version: '1'\n  x: [\n"}, ADMIN)).json()
    assert broken["faults"][0]["line"] in (2, 3)
    assert broken["document"] == {}


async def test_no_file_of_the_servers_is_read_for_a_text(api: Caller) -> None:
    text = "calendars:\n  x:\n    always: true\n    holidays:\n      - {ics: /etc/passwd, years: [2026]}\n"
    found = (await api.post("/policies/read", {"text": text}, ADMIN)).json()
    assert any(one["path"].endswith("ics") and "cannot be read" in one["reason_en"] for one in found["faults"])


async def test_a_customer_tries_no_policies(api: Caller) -> None:
    assert (await api.post("/policies/read", {"text": "version: '1'"}, CUSTOMER)).status_code == 403

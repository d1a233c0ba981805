"""The offline proof over HTTP: when it is there, for whom, and that it is whole as it comes."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import httpx

from audit import single
from audit.bundle_check import Fault, Trust, check
from notary import keys
from notary.note import Kind, Signer
from runtime.settings import Settings
from tests.api.conftest import AGENT, CUSTOMER, MANAGER, NET, PHONE, Caller
from tests.support.notary import round_of

INSPECTOR = "hq-auditor-1"


async def exported(api: Caller, settings: Settings, number: str) -> httpx.Response:
    """The bundle: not there before the notary's round, there after it."""
    waiting = await api.get(f"/orders/{number}/proof/bundle", INSPECTOR)
    assert (waiting.status_code, waiting.json()["code"]) == (503, "not_yet_notarised")
    assert int(waiting.headers["retry-after"]) > 0
    await asyncio.to_thread(round_of, settings)
    return await api.get(f"/orders/{number}/proof/bundle", INSPECTOR)


async def test_a_bundle_is_whole_as_it_comes_and_shows_nobody(api: Caller, settings: Settings, tmp_path: Path) -> None:
    number = await api.opened()
    await api.act(number, "sign", NET)
    await api.act(number, "contact", NET, spoke_to="陈女士", summary="她说周一起断网")
    answer = await exported(api, settings, number)
    assert answer.status_code == 200, answer.text
    assert number in answer.headers["content-disposition"]
    for word in (PHONE, "陈女士", "断网"):
        assert word not in answer.text
    verifiers = keys.log_verifiers(settings)
    verdict = check(answer.content, Trust(verifiers))
    assert verdict.faults == []
    assert verdict.order_id == number
    events = (await api.get(f"/orders/{number}/events", INSPECTOR)).json()["items"]
    assert len(verdict.hashes) == len(events)
    assert single.check(answer.content, [one.vkey for one in verifiers])["faults"] == []
    stranger = check(answer.content, Trust((Signer.generate(verifiers[0].name, Kind.LOG).verifier,)))
    assert [found.fault for found in stranger.faults] == [Fault.UNSIGNED]

    script = await api.get("/audit/verifier", INSPECTOR)
    assert script.status_code == 200
    (tmp_path / "verify.py").write_bytes(script.content)
    (tmp_path / "bundle.json").write_bytes(answer.content)
    command = [sys.executable, "-I", "verify.py", "bundle.json", "--key", verifiers[0].vkey]
    ran = await asyncio.to_thread(subprocess.run, command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{number}, {len(events)} events" in ran.stdout


async def test_the_next_event_waits_for_the_log_again(api: Caller, settings: Settings) -> None:
    number = await api.opened()
    before = (await exported(api, settings, number)).json()
    await api.act(number, "sign", NET)
    after = (await exported(api, settings, number)).json()
    count = len(before["order"]["events"])
    assert after["order"]["events"][:count] == before["order"]["events"]
    assert after["order"]["head"]["seq"] > count
    uncosigned = await api.get(f"/orders/{number}/proof/bundle", INSPECTOR, cosigned="false")
    assert uncosigned.status_code == 200


async def test_it_is_for_auditors(api: Caller) -> None:
    number = await api.opened()
    for who in (AGENT, MANAGER, CUSTOMER):
        assert (await api.get(f"/orders/{number}/proof/bundle", who)).status_code == 403
        assert (await api.get("/audit/verifier", who)).status_code == 403
    missing = await api.get("/orders/WH20260302-NOWHERE0/proof/bundle", INSPECTOR)
    assert missing.status_code == 404


async def test_it_is_on_record(api: Caller, settings: Settings) -> None:
    number = await api.opened()
    await exported(api, settings, number)
    looked = (await api.get(f"/orders/{number}/accesses", INSPECTOR)).json()["items"]
    assert any(line["operation"] == "get_proof_bundle" for line in looked)

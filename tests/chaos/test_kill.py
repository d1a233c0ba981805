"""Every part is killed in the middle of running orders, and nothing is lost, doubled or out of order."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from runtime.keyring import Keyring
from store.session import sessions
from tests.chaos import proof, rounds, system
from tests.chaos.mailbox import Mailbox, receiving
from tests.chaos.rounds import Result


@pytest.mark.timeout(400)
async def test_nothing_is_lost_when_every_part_is_killed_in_turn(tmp_path: Path) -> None:
    with receiving() as (box, port), system.running(system.free_settings(tmp_path / "data", port)) as running:
        engine = running.engine()
        made = sessions(engine)
        kills = [(part,) for part in system.PARTS]
        result = await rounds.run(running, engine, kills, seed=7, first=0, count=12, callers=12, warm=2, sample=60)
        letters = proof.mail(made, box)
        seen = _would_see(made, running.keyring(), result, box)
        engine.dispose()
    assert [*result.findings.wrong, *letters.wrong] == []
    assert [kill.running for kill in result.kills] == [12] * 4
    assert result.findings.counts["orders"] == 12
    assert result.findings.counts["by time"] > 0
    assert letters.counts["mail received"] > 0
    assert all(seen.values()), seen


def _would_see(made: sessionmaker[Session], keys: Keyring, result: Result, box: Mailbox) -> dict[str, bool]:
    """Whether the proof notices what has not happened here: forged answers, lost keys, lost orders, doubled mail."""
    ids, told = result.order_ids, result.told
    index = next(number for number, one in enumerate(told) if one.status == 200)
    one = told[index]

    def noticed(changed: bytes | None = None, key: str = one.key, others: tuple[str, ...] = ()) -> bool:
        forged = replace(one, key=key, answer=changed or one.answer)
        return bool(proof.examine(made, keys, [*ids, *others], [*told[:index], forged, *told[index + 1 :]]).wrong)

    seen = {
        "a letter of the answer": noticed(one.answer.replace(b'"seq":', b'"seq":1', 1)),
        "an answer whose key is not kept": noticed(key="never-sent"),
        "an order that is not there": noticed(others=("WH20260101-NOWHERE2",)),
    }
    doubled = Mailbox()
    doubled.messages, doubled.notices = box.messages + box.messages, box.notices + box.notices
    seen["mail that came twice"] = bool(proof.mail(made, doubled).wrong)
    seen["mail that is sent and never came"] = bool(proof.mail(made, Mailbox()).wrong)
    return seen

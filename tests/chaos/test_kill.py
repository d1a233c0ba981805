"""Every part is killed in the middle of running orders, and nothing is lost, doubled or out of order."""

from pathlib import Path

import pytest

from store.session import sessions
from tests.chaos import proof, rounds, system
from tests.chaos.mailbox import receiving


@pytest.mark.timeout(240)
async def test_nothing_is_lost_when_every_part_is_killed_in_turn(tmp_path: Path) -> None:
    with receiving() as (box, port), system.running(system.free_settings(tmp_path / "data", port)) as running:
        engine = running.engine()
        kills = [(part,) for part in system.PARTS]
        result = await rounds.run(running, engine, kills, seed=7, first=0, count=12, callers=12, warm=2, sample=60)
        letters = proof.mail(sessions(engine), box)
        engine.dispose()
    assert [*result.findings.wrong, *letters.wrong] == []
    assert [kill.running for kill in result.kills] == [12] * 4
    assert result.findings.counts["orders"] == 12
    assert result.findings.counts["by time"] > 0
    assert letters.counts["mail received"] > 0

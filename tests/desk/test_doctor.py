import asyncio

from desk.doctor import CHECKS, Finding, Mark, examine
from runtime.settings import Settings


def found(settings: Settings, api: str) -> dict[str, Finding]:
    return {one.name: one for one in examine(settings, api, "gd-agent-1")}


async def test_a_healthy_system_has_nothing_broken(settings: Settings, address: str) -> None:
    findings = await asyncio.to_thread(found, settings, address)
    assert list(findings) == list(CHECKS)
    assert {name: one for name, one in findings.items() if one.mark is Mark.BAD} == {}
    assert findings["postgresql"].found.startswith("18.")
    assert findings["engine"].mark is Mark.GOOD


async def test_what_is_broken_is_named_with_its_remedy(settings: Settings, address: str) -> None:
    broken = settings.model_copy(
        update={"app_database_url": "postgresql+psycopg2://nobody:x@127.0.0.1:1/none", "database_url": None}
    )
    findings = await asyncio.to_thread(found, broken, "http://127.0.0.1:1")
    for name in ("postgresql", "api"):
        assert findings[name].mark is Mark.BAD
        assert "whistle up" in findings[name].found + findings[name].remedy
    assert all("\n" not in one.found for one in findings.values())

"""What tests of the call-back share: an accepted reply at a chosen local time, and looks at the call that follows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from domain import commands as c
from domain import errors
from domain.model import Callback, Clock, Customer, Satisfaction
from tests.domain.lives import Life, replied

SHANGHAI, NEW_YORK = "Asia/Shanghai", "America/New_York"
MISS = c.RecordCallback("no_answer")
HAPPY = c.RecordCallback("reached", True, True, Satisfaction.SATISFIED)


def local(text: str, zone: str = SHANGHAI) -> datetime:
    """That local time as an instant."""
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)


def called(life: Life) -> Callback:
    """The present call-back."""
    assert life.at.callback is not None
    return life.at.callback


def clock(life: Life, kind: str) -> Clock:
    """The first clock of that kind."""
    return next(one for one in life.at.clocks.values() if one.kind == kind)


def with_rules(life: Life, **rules: Any) -> Life:
    """The same life under other rules for calling."""
    life.terms = replace(life.terms, calling=replace(life.terms.calling, **rules))
    return life


def audited(at: str, zone: str = SHANGHAI, **rules: Any) -> Life:
    """An order whose reply is accepted at that local time of Shanghai, for a customer in the zone."""
    accepted = local(at)
    life = replied(now=accepted - timedelta(minutes=20), customer=Customer("Li", "13800000000", zone=zone))
    with_rules(life, **rules).until(accepted)
    life.do("audit", c.AuditReply(accepted=True))
    return life


def refused(life: Life, kind: type[errors.Refusal], body: c.RecordCallback = MISS) -> datetime:
    """The instant that the refusal names."""
    with pytest.raises(kind) as answer:
        life.do("caller", body)
    return datetime.fromisoformat(answer.value.remedy.removeprefix("call at "))

"""When a customer may be called, how often, and whose call-back a sample draws: pure arithmetic over the policy.

A call falls into the policy's hours and the carriers' hard hours of the customer's own day, and not on a day off of
the order's calendar; a weekend without a name is a day like others. Attempts keep their gap and spread over the
policy's days. One number is called so many times in 24 hours and in five minutes at most, whatever the calls are about.
A message keeps the hours alone. Instants are aware and UTC.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.calendar import at_local, local_day, span
from domain.policy import CallingRules, Terms

LONGEST_HOLIDAY = 60
"""Days off in a row after which the customer is called all the same: no calendar silences a call-back for good."""
DAY, FIVE_MINUTES = timedelta(hours=24), timedelta(minutes=5)
_CHINA = "86"
_MOBILE = r"1[3-9]\d{9}"
_CHINESE = re.compile(
    # mobile, Beijing, other cities of eight digits, the rest of the country, 400 and 800, hotlines; no area begins 86
    rf"{_MOBILE}|10\d{{8}}|2\d{{9}}|(?!86)[3-9]\d{{9,10}}|[19]\d{{4}}"
)
_IP_CALLS = ("17900", "17901", "17908", "17909", "17910", "17911", "17931", "17950", "17951", "17960", "17961", "17968",
    "17969", "17990", "17991", "10193", "11808", "12593", "193")  # fmt: skip
"""What callers dial before a Chinese number to have it carried over the internet."""
_ABROAD = re.compile(r"^(?>(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|\d{3}))0+(?=\d{7})")
"""A country code (ITU-T E.164) with the trunk zero that is not dialled after it."""


@dataclass(frozen=True, slots=True)
class Window:
    """The hours of one day of the customer in which he may be called: `opens` is in it, `closes` is not."""

    opens: datetime
    closes: datetime


def window(at: datetime, zone: str, terms: Terms) -> Window:
    """The first calling window that is not over at that instant; it may be open already."""
    found = None
    for day, hours in _days(at, zone, terms.calling):
        found = hours
        if not _off(day, terms):
            break
    assert found is not None, "there is always another day"
    return found


def first_call(at: datetime, zone: str, terms: Terms) -> datetime:
    """The earliest instant from `at` on at which the customer may be called."""
    return max(at, window(at, zone, terms).opens)


def first_message(at: datetime, zone: str, terms: Terms) -> datetime:
    """The earliest instant from `at` on at which a message may be sent to him: any day, but not at night."""
    _, hours = next(_days(at, zone, terms.calling))
    return max(at, hours.opens)


def next_attempt(attempts: tuple[datetime, ...], zone: str, terms: Terms) -> datetime:
    """The earliest instant for the attempt after these unanswered ones: gap, days, hours and days off considered.

    As soon as only so many attempts are left as days are still wanted, each of them needs a day of its own.
    """
    rules = terms.calling
    earliest = terms.calendar.add(attempts[-1], span(rules.gap))
    used = len({local_day(at, zone) for at in attempts})
    if min(rules.days, rules.attempts) - used >= rules.attempts - len(attempts):
        earliest = max(earliest, at_local(local_day(attempts[-1], zone) + timedelta(days=1), 0, zone))
    return first_call(earliest, zone, terms)


def next_to_number(recent: Iterable[datetime], at: datetime, rules: CallingRules) -> datetime:
    """The earliest instant from `at` on at which a number with these earlier calls may be called again."""
    calls = sorted(recent)
    earliest = at
    for most, length in ((rules.per_day, DAY), (rules.per_five_minutes, FIVE_MINUTES)):
        # Machines' clocks differ: a call that seems to lie ahead was made all the same.
        counted = [call for call in calls if call > at - length]
        if len(counted) >= max(1, most):
            earliest = max(earliest, counted[-max(1, most)] + length)
    return earliest


def draw(seed: str, order_id: str) -> int:
    """The order's lot, 0 to 99: it is called when the lot lies below the policy's `sample_percent`.

    The first 32 bits of SHA-256 over `<seed>/<order id>`, as a big-endian number, modulo 100; so anybody who knows the
    seed can draw it again.
    """
    return int.from_bytes(hashlib.sha256(f"{seed}/{order_id}".encode()).digest()[:4], "big") % 100


def same_number(phone: str) -> str:
    """The number in digits with its country code, by which two spellings are compared; '' when there is no digit.

    A number without a code is a Chinese one: `138 0013 8000`, `+86 013800138000`, `17951 13800138000` and
    `008613800138000` are the same. After `00` what can be a Chinese mobile is one: in doubt two spellings are one
    number, so that a call is put off rather than made once too often.
    """
    digits = "".join(letter for letter in phone if letter in "0123456789")
    bare = digits.lstrip("0")
    if not bare:
        return digits[:1]
    zeros, plus = len(digits) - len(bare), "+" in phone
    chinese = _chinese(bare)
    said = not bare.startswith(_CHINA) and (plus or zeros > 1)
    if said and (not zeros or not chinese.startswith("1")):
        return _ABROAD.sub(r"\1", bare)
    if not chinese and plus and bare.startswith(_CHINA):
        chinese = bare.removeprefix(_CHINA).lstrip("0")
    return _CHINA + (chinese or bare)


def _chinese(digits: str) -> str:
    """The national number that is left without zeros, country code and IP-call prefix; '' when none is left.

    Whatever is dialled before or after a whole mobile number rings the same telephone.
    """
    bare = digits.lstrip("0")
    if _CHINESE.fullmatch(bare):
        return bare
    for prefix in (_CHINA, *_IP_CALLS):
        found = _chinese(bare.removeprefix(prefix)) if bare.startswith(prefix) else ""
        if found:
            return found
    mobile = re.match(_MOBILE, bare) or re.search(_MOBILE + "$", bare)
    return mobile[0] if mobile else ""


def _days(at: datetime, zone: str, rules: CallingRules) -> Iterator[tuple[date, Window]]:
    """The days whose hours are not over at that instant, at most `LONGEST_HOLIDAY` and one."""
    opens, closes = max(rules.opens, rules.hard_opens), min(rules.closes, rules.hard_closes)
    if opens >= closes:
        opens, closes = rules.hard_opens, rules.hard_closes
    day, given = local_day(at, zone), 0
    while given <= LONGEST_HOLIDAY:
        hours = Window(at_local(day, opens, zone), at_local(day, closes, zone))
        # A zone that changes its side of the date line leaves out a day.
        if at < hours.closes and local_day(hours.opens, zone) == day:
            given += 1
            yield day, hours
        day += timedelta(days=1)


def _off(day: date, terms: Terms) -> bool:
    special = terms.calendar.special_on(day)
    return not terms.calling.holidays and special is not None and not special.shifts

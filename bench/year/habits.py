"""How people behave in the simulated year: shares and lengths of time, all in one place and none of them a rule.

They do not depend on the policy: whoever tries another policy sees what its limits make of the same people. Where a
number is a median of hours, the draw is log-normal around it: many are quicker, a few take many times as long.
"""

from __future__ import annotations

from domain.model import OrderClass

HOURS = (3, 2, 1, 1, 1, 2, 5, 15, 45, 80, 95, 85, 55, 55, 75, 85, 80, 70, 65, 75, 80, 60, 30, 12)
"""Complaints by the hour of the day, relative to one another."""

WEEKDAYS = (125, 110, 105, 100, 105, 75, 70)
"""By the day of the week, Monday first."""

DAY_OFF = 0.6
"""By how much fewer come on a holiday."""

PROVINCES = {
    "GD": 10, "JS": 8, "SD": 7, "HA": 7, "SC": 6, "HE": 5, "ZJ": 6, "HN": 5, "AH": 5, "HB": 5, "GX": 4, "YN": 4,
    "JX": 4, "LN": 4, "FJ": 4, "SN": 4, "HL": 3, "GZ": 3, "SX": 3, "CQ": 3, "JL": 2, "GS": 2, "NM": 2, "XJ": 2,
    "SH": 3, "BJ": 3, "TJ": 2, "HI": 1, "NX": 1, "QH": 1, "XZ": 1,
}  # fmt: skip
CATEGORIES = {
    "network.fault": 12, "broadband.fault": 16, "network.slow": 8, "network.coverage": 5, "network.outage": 2,
    "broadband.install": 7, "broadband.relocate": 3, "billing.dispute": 10, "billing.overcharge": 5,
    "billing.refund": 4, "billing.unordered": 5, "marketing.misleading": 5, "marketing.contract": 3,
    "marketing.nuisance": 3, "service.attitude": 3, "service.wait": 2, "service.enquiry": 10, "number.portability": 2,
    "number.cancel": 3, "roaming": 1, "privacy.leak": 1, "it.app": 4, "unknown": 2,
}  # fmt: skip
"""Complaints by their category, relative to one another; one that the catalogue has and this has not counts as 1."""
ZONES = {"XJ": "Asia/Urumqi"}
"""Where the customer's own clock is not Beijing's."""

CHANNELS = {"10010": 70, "app": 20, "12345": 3, "regulator": 3, "headquarters": 1, "media": 1}
TIERS = {"normal": 80, "silver": 10, "gold": 7, "diamond": 3}
RURAL = 0.3

BY_CATALOGUE = 0.88
"""The share that the catalogue dispatches with the registration."""
ANSWERED_AT_ONCE = {OrderClass.CONSULT: 0.5, OrderClass.GENERAL: 0.05}
DECLINED = 0.02

OFFICE = (9 * 60, 18 * 60)
"""When desks and units work, on working days: minutes after midnight in Beijing."""
SIGN = 0.15
CONTACT = 0.8
AUDIT, DECIDE = 0.35, 0.5
"""Median hours of whoever audits a reply, and of whoever decides on what a unit asks for."""
WORK = {
    OrderClass.URGENT: 7.0,
    OrderClass.FAULT: 16.0,
    OrderClass.GENERAL: 26.0,
    OrderClass.CONSULT: 5.0,
    OrderClass.COMPLEX: 110.0,
}
"""Median hours that a unit needs from its signature to its reply."""
CO_WORK = 0.5
"""A co unit's, as a share of the lead's."""
SPREAD = 0.7
"""The sigma of the logarithm of a length of time."""
DAYTIME = (8 * 60, 21 * 60)
"""When units speak to customers, on every day of the week: minutes after midnight in Beijing."""
ROUND_THE_CLOCK = (OrderClass.URGENT, OrderClass.FAULT)
"""Classes that units work on at night and on days off too; the others wait for office hours."""

NEVER_SIGNS, NEVER_CALLS, NEVER_REPLIES, NEVER_HANDS_IN = 0.02, 0.03, 0.01, 0.03
"""The shares of units that forget a duty until somebody makes them do it."""
HEEDS_LADDER = 0.45
"""How often a step of a ladder makes the one who owes do it."""
HEEDS_ALARM = 0.97
"""How often a dead-end alarm does; the rest of the orders stay open with the alarm on record."""

RETURNS, RETURN_UPHELD = 0.04, 0.55
ASKS_CUSTOMER, CUSTOMER_ANSWERS = 0.06, 0.7
EXTENDS, EXTENSION_GRANTED = 0.05, 0.75
LEDGERS, LEDGER_APPROVED = 0.01, 0.8
TERMINATES, TERMINATION_APPROVED = 0.008, 0.6
TELLS_EVERY = {
    OrderClass.URGENT: 1.6,
    OrderClass.FAULT: 18.0,
    OrderClass.GENERAL: 38.0,
    OrderClass.CONSULT: 38.0,
    OrderClass.COMPLEX: 38.0,
}
"""Hours after which a unit that has spoken to the customer does so again, give or take some."""
FORGETS_TO_TELL = 0.05
SENT_BACK = 0.06
SUPERVISED = 0.004
RETIMED = 0.008
"""The share of orders whose priority, class, tier or category turns out to be another."""

WITHDRAWS = 0.01
URGES = 0.12
"""How often a customer presses, again after each time."""

REACHED, REFUSES = 0.62, 0.02
SOLVED, SATISFIED = 0.9, 0.82
RATES_BY_SMS = 0.3
REWORKED = 0.55
REOPENED = 0.035

WHISTLED = {OrderClass.URGENT: 0.25, OrderClass.FAULT: 0.02, OrderClass.GENERAL: 0.01, OrderClass.COMPLEX: 0.06}
REFUSED_WHISTLE = 0.08
COMES, COMES_AFTER = 0.9, 1.2
"""The share of summoned departments that come by themselves, and the median share of their limit that they take."""
BLOWN_AGAIN, APPEALS = 0.05, 0.05

LOOKS_AT_THE_CLOCK = 0.97
"""How often whoever calls back keeps to the customer's hours by himself."""

WAKES_LATE, LATE_HOURS = 0.002, 3.0
"""How often an order's timer fires late, as after an outage, and the longest that takes."""

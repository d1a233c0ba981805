"""One example each of what is asked of policies, as the OpenAPI document shows it; a test proves that each is valid."""

from __future__ import annotations

from typing import Any

DOCUMENT: dict[str, Any] = {
    "version": "2026.4-example",
    "title": {"zh": "示例政策", "en": "Example policy"},
    "calendar": "office",
    "calendars": {
        "office": {
            "zh": "办公时间",
            "en": "Office hours",
            "zone": "Asia/Shanghai",
            "week": [*[[[540, 720], [810, 1080]]] * 5, [], []],
            "specials": [{"first": "2026-10-01", "last": "2026-10-07", "zh": "国庆节", "en": "National Day"}],
        }
    },
    "classes": {
        "*": {
            "limits": {
                "dispatch": "2wh",
                "sign": "2wh",
                "contact": "1wd",
                "due": "5wd",
                "statutory": "15d",
                "reply_audit": "4wh",
                "info": "2d",
                "callback": "1wd",
                "callback_review": "1wd",
                "reopen": "15d",
            }
        },
        "urgent": {"limits": {"sign": "15min", "contact": "30min", "due": "24h"}},
        "fault": {"limits": {"due": "48h"}},
        "general": {"limits": {}},
        "consult": {"limits": {"due": "1wd"}},
        "complex": {"limits": {"due": "10wd"}},
    },
    "ladders": {
        "due": [
            {"after": "0min", "level": 1, "target": "unit", "colour": "red"},
            {"after": "1wd", "level": 2, "target": "unit_head", "colour": "red"},
            {"after": "1wd", "level": 3, "target": "province_manager", "colour": "red", "criticised": True},
        ]
    },
    "chains": {
        **dict.fromkeys(("dispatch", "sign", "contact", "due", "statutory"), "due"),
        **dict.fromkeys(("reply_audit", "callback", "callback_review"), "due"),
    },
    "tiers": {"normal": {}, "gold": {"factor": 0.75}},
    "priorities": {"low": 1, "normal": 1, "high": 0.75, "critical": 0.5},
    "exempt": ["statutory", "info", "reopen"],
    "warnings": {"due": [{"colour": "yellow", "percent": 80}]},
    "grace": "1wd",
    "calling": {
        "attempts": 3,
        "days": 2,
        "gap": "2h",
        "opens": 9,
        "closes": 20,
        "rating_window": "2d",
        "sample_percent": 5,
    },
    "caps": {
        "returns_per_unit": 1,
        "returns_per_order": 2,
        "reopen_rounds": 2,
        "urges_to_yellow": 2,
        "contacts_to_rise": 2,
        "extensions": 1,
        "info_requests": 2,
        "whistles_open": 2,
        "whistle_units": 5,
    },
    "skip_levels": {},
    "decline_grounds": ["not_telecom"],
    "whistle_matters": ["network_outage"],
}
"""The smallest whole policy that may be published; the shipped one says more."""

DUE_TIMES: dict[str, Any] = {
    "order_class": "general",
    "province": "GD",
    "tier": "gold",
    "category": "network.fault",
    "opened_at": "2026-11-20T08:40:00Z",
}

MIGRATION_PREVIEW: dict[str, Any] = {"province": "GD", "order_class": "fault", "from_version": "2026.3", "limit": 100}

MIGRATION: dict[str, Any] = {
    "at": "2026-11-20T08:40:00Z",
    "reason": "Decided for all faults of Guangdong.",
    "orders": [{"order_id": "WH20261118-ABCDEFGH", "expected": "0f6c1e2d3b4a59687786950413223140"}],
}

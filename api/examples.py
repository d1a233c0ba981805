"""One example a command, as the OpenAPI document shows it; a test proves that each is valid and none is missing."""

from __future__ import annotations

from typing import Any

WHISTLE = "w1"

REGISTER: dict[str, Any] = {
    "title": "宽带三天不通 / No broadband for three days",
    "text": "The line has been dead since Monday; two appointments were missed.",
    "category": "broadband.fault",
    "province": "GD",
    "channel": "hotline",
    "customer": {"name": "陈女士", "phone": "13800000001", "zone": "Asia/Shanghai", "tier": "normal"},
    "source": "10010",
    "area": "Tianhe",
}

EXAMPLES: dict[str, dict[str, Any]] = {
    "register": REGISTER,
    "answer_at_once": {"answer": "The bill of October was explained line by line; the customer agrees."},
    "decline": {
        "ground": "not_telecom",
        "other_route": "Water utility, 12345",
        "reason": "The matter is a water bill.",
    },
    "request_info": {
        "question": "Which of the two lines is dead?",
        "asked_by": "call 2026-03-02/0113",
        "reason": "Two lines at one address.",
    },
    "supply_info": {"text": "The line that ends in 0021."},
    "triage": {"reason": "Network and installation both say it is the other's."},
    "dispatch": {"lead": "GD.net", "co": ["GD.inst"], "copy": ["GD.svc"]},
    "sign": {},
    "contact": {
        "spoke_to": "Ms Chen",
        "summary": "Visit agreed for tomorrow, 10:00.",
        "record": "call 2026-03-02/0117",
    },
    "request_return": {
        "clause": "GD-5",
        "suggested_unit": "GD.inst",
        "reason": "The fibre inside the flat was never connected.",
    },
    "decide_return": {"upheld": False, "reason": "The clause names the network department."},
    "extend": {"until": "2026-03-06T10:00:00Z", "reason": "A cable joint must be dug up; permit expected on Thursday."},
    "decide_extension": {"granted": True, "reason": "The permit is on file."},
    "ledger": {
        "plan": "New splitter in the May build programme.",
        "until": "2026-05-20T10:00:00Z",
        "reason": "No free port in the building.",
    },
    "decide_ledger": {"approved": True, "reason": "The programme is funded."},
    "settle": {"result": "The splitter is in; a port is free."},
    "report_progress": {"text": "The joint has been found; repair tonight."},
    "submit_part": {"done": "Indoor fibre renewed and measured."},
    "explain_part": {"unit": "GD.inst", "reason": "Its visit is not needed any more."},
    "reply": {
        "received_at": "2026-03-02T01:13:00Z",
        "spoke_to": "Ms Chen",
        "done": "Cable joint repaired, line measured at 500 Mbit/s.",
        "done_by": "2026-03-03T09:30:00Z",
    },
    "audit_reply": {"accepted": True},
    "record_callback": {"result": "reached", "contacted": True, "solved": True, "satisfaction": "satisfied"},
    "rate_by_sms": {"solved": True, "satisfaction": "basically", "why": "It took long."},
    "review_callback": {
        "rework": True,
        "explanation": "The line drops every evening.",
        "reason": "The complaint is reasonable.",
    },
    "request_termination": {"ground": "The customer moved away.", "reason": "Nothing is left to repair."},
    "terminate": {"approved": True, "reason": "Confirmed by letter."},
    "withdraw": {"proof": "recording 2026-03-02/0142", "reason": "The line works again."},
    "reopen": {"conference": False, "reason": "The same fault is back."},
    "urge": {"text": "Nobody has called yet."},
    "supervise": {"colour": "yellow", "instruction": "Report every day by 17:00.", "reason": "Two urges."},
    "escalate": {"level": 3, "reason": "Three departments are involved."},
    "note": {"text": "The customer prefers calls after six."},
    "attach": {
        "name": "line-test.pdf",
        "media_type": "application/pdf",
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    },
    "retier": {"tier": "gold", "reason": "He has been a gold customer since May."},
    "migrate_policy": {"version": "2026.3", "reason": "Decided on 2 March for all open orders of Guangdong."},
    "relabel": {"category": "billing.dispute", "reason": "It turned out to be a billing matter."},
    "reprioritise": {"priority": "high", "reason": "A clinic depends on the line."},
    "request_whistle": {
        "kind": "routine",
        "matter": "cross_department",
        "units": ["GD.net", "GD.inst"],
        "lead": "GD.net",
        "reason": "Neither finds the fault alone.",
    },
    "decide_whistle": {"whistle": WHISTLE, "blow": True, "reason": "The matter is on the list."},
    "review_whistle": {"whistle": WHISTLE, "valid": True, "reason": "A hospital was without telephone."},
    "answer_whistle": {"whistle": WHISTLE},
    "contact_whistle": {"whistle": WHISTLE, "spoke_to": "agent Li"},
    "report_in": {"whistle": WHISTLE, "who": "Engineer Wu with a splice team"},
    "finish_part": {"whistle": WHISTLE, "done": "Fibre spliced."},
    "excuse": {
        "whistle": WHISTLE,
        "unit": "GD.inst",
        "substitute": "GD.svc",
        "reason": "Typhoon duty.",
    },
    "dispose": {"whistle": WHISTLE, "result": "Line restored."},
    "verify_whistle": {"whistle": WHISTLE, "solved": True},
    "rate_attendance": {
        "whistle": WHISTLE,
        "unit": "GD.net",
        "rating": {"report_in": 5, "cooperation": 4, "quality": 5, "result": 5, "comment": "Quick."},
    },
    "appeal_rating": {"whistle": WHISTLE, "ground": "We were there within the hour.", "reason": "See the gate log."},
    "decide_appeal": {
        "whistle": WHISTLE,
        "unit": "GD.net",
        "rating": {"report_in": 5, "cooperation": 5, "quality": 5, "result": 5},
        "reason": "The gate log shows 09:40.",
    },
}

"""Forgeries of one order by whoever owns the database, and the field in which the replay by the rules finds each."""

from __future__ import annotations

BY_OWNER: dict[str, tuple[tuple[str, ...], str]] = {
    "who": (
        ("UPDATE events SET actor_id = 'gd-x' WHERE order_id = :id AND type = 'CustomerContacted'",),
        "actor_id",
    ),
    "in which role": (
        ("UPDATE events SET role = 'headquarters' WHERE order_id = :id AND type = 'WhistleVerified'",),
        "role",
    ),
    "for whom": (
        ("UPDATE events SET acting_for = 'x' WHERE order_id = :id AND type = 'WhistleVerified'",),
        "acting_for",
    ),
    "why": (
        ("UPDATE events SET reason = 'x' WHERE order_id = :id AND type = 'CustomerContacted'",),
        "reason",
    ),
    "when time fired": (
        (("UPDATE events SET at = at - interval '1 hour' WHERE order_id = :id AND type = 'DepartmentAbsent'"),),
        "type",
    ),
    "when somebody acted": (
        (("UPDATE events SET at = at - interval '2 hours' WHERE order_id = :id AND type = 'CustomerContacted'"),),
        "at",
    ),
    "a limit": (
        (
            (
                "UPDATE events SET clocks = jsonb_set(clocks, '{0,clock,due_at}', '\"2026-05-01T00:00:00Z\"')"
                " WHERE order_id = :id AND seq = 1"
            ),
        ),
        "clocks.0.clock.due_at",
    ),
    "a word": (
        (
            (
                "UPDATE events SET data = jsonb_set(data, '{summary}', '\"x\"') WHERE order_id = :id AND type ="
                " 'CustomerContacted'"
            ),
        ),
        "data.summary",
    ),
    "a member that nobody writes": (
        (("UPDATE events SET data = data || '{\"x\": 1}' WHERE order_id = :id AND type = 'CustomerContacted'"),),
        "data.x",
    ),
    "the policy": (
        ("UPDATE events SET policy_version = 'x' WHERE order_id = :id AND seq = 3",),
        "policy_version",
    ),
    "a breach taken out": (
        (
            "DELETE FROM events WHERE order_id = :id AND type = 'DepartmentAbsent'",
            (
                "UPDATE events SET seq = seq - 1 WHERE order_id = :id AND seq > (SELECT min(g.seq) FROM events"
                " g WHERE g.order_id = :id AND NOT EXISTS (SELECT 1 FROM events n WHERE n.order_id = :id AND"
                " n.seq = g.seq + 1))"
            ),
        ),
        "type",
    ),
    "a deed put in, with nobody's command": (
        (
            (
                "INSERT INTO events SELECT order_id, seq + 1, 'NoteAdded', at, actor_id, role, unit, reason,"
                " policy_version, 'forged', '{\"text\": \"x\"}', '[]', recorded_at, '', '' FROM events WHERE"
                " order_id = :id ORDER BY seq DESC LIMIT 1"
            ),
        ),
        "command",
    ),
    "a mark that time never fired": (
        (
            (
                "INSERT INTO events SELECT order_id, seq + 1, 'NoteAdded', at + interval '1 hour', 'system',"
                " 'system', '', '', policy_version, '', '{\"text\": \"x\"}', '[]', recorded_at, '', '' FROM events"
                " WHERE order_id = :id ORDER BY seq DESC LIMIT 1"
            ),
        ),
        "type",
    ),
    "the tail": (
        (
            (
                "DELETE FROM events WHERE order_id = :id AND command_id = (SELECT command_id FROM events WHERE"
                " order_id = :id AND type = 'CallbackRecorded' LIMIT 1)"
            ),
            (
                "DELETE FROM events WHERE order_id = :id AND seq > (SELECT max(seq) FROM events WHERE order_id"
                " = :id AND type = 'ReplyAccepted')"
            ),
        ),
        "command",
    ),
    "the terms": (
        ("UPDATE terms SET document = replace(document, chr(58) || '2,', chr(58) || '3,')",),
        "terms",
    ),
}
"""Statements about the order `:id`."""

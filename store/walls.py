"""The second wall: PostgreSQL's row-level security, on for the application's role and failing closed.

A session says where its person stands, in two settings that last as long as its transaction (`store.session` sends
them with the first statement): `whistle.places`, the places (see `store.access_tables.sights`) from which he sees
orders, apart by commas, `*` for all; and `whistle.person`, his id. Without them no row of any order is seen or written.

An order is seen by whoever stands at one of its sights; `order:<id>` among the places opens that order alone. Every
table keyed by an order follows its order. What belongs to nobody's orders (accounts, sessions, keys …) is for sessions
of the system itself, whose place and person are `*`; the program decides there, by the first wall, what a person is
told of it. Headquarters and auditors, who see all orders, see no more of it than others. What is common (the
organisation, its rules) is read by whoever is somebody and written by the system.

The database's owner, who migrates, is not bound by these policies; API and workers never log in as him. Three functions
look past them. They name every table with its schema, find operators and functions in PostgreSQL's own schema alone,
whatever a session has made, and belong to a role that can do nothing but read the three tables (`store.migrate`).
"""

from __future__ import annotations

SEES = """
CREATE FUNCTION public.whistle_sees(wanted text) RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    places text[] := string_to_array(current_setting('whistle.places', true), ',');
BEGIN
    RETURN 'order:' || wanted = ANY (places)
        OR EXISTS (SELECT 1 FROM public.sights s WHERE s.order_id = wanted AND s.place = ANY (places));
END
$$
"""

ABOVE = """
CREATE FUNCTION public.whistle_above(place text) RETURNS SETOF text
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    WITH RECURSIVE up (id) AS (
        SELECT place
        UNION
        SELECT units.parent FROM up JOIN public.units ON units.id = up.id WHERE units.parent NOT IN ('', 'HQ')
    )
    SELECT id FROM up
$$
"""

FOUND = """
CREATE FUNCTION public.whistle_found(wanted bigint[]) RETURNS SETOF text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    places text[] := string_to_array(current_setting('whistle.places', true), ',');
BEGIN
    IF current_setting('whistle.places', true) = '*' THEN
        RETURN QUERY SELECT t.order_id FROM public.order_texts t WHERE t.marks @> wanted;
        RETURN;
    END IF;
    RETURN QUERY SELECT t.order_id FROM public.order_texts t
        WHERE t.marks @> wanted AND t.order_id IN (
            SELECT s.order_id FROM public.sights s WHERE s.place = ANY (places)
            UNION ALL
            SELECT substr(place, 7) FROM unnest(places) place WHERE starts_with(place, 'order:')
        );
END
$$
"""
"""Search must use the index before the policy is asked, which the planner does not do for `@>` by itself.

What is common to many texts is compared with the orders of the person's places at once, not order by order.
"""

CALLED = """
CREATE FUNCTION public.whistle_called(callees text[], since timestamptz) RETURNS TABLE (callee text, at timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN QUERY SELECT c.callee, c.at FROM public.calls c
        WHERE c.callee = ANY (callees) AND NOT c.rehearsal AND c.at > since ORDER BY c.at;
END
$$
"""
"""A number may not be called too often, whatever orders the calls were for; it says of none of them which."""

_EVERYWHERE = "current_setting('whistle.places', true) = '*'"
THE_SYSTEM = f"{_EVERYWHERE} AND current_setting('whistle.person', true) = '*'"
"""True in a session of the system itself."""
_BY_ORDER = f"{_EVERYWHERE} OR public.whistle_sees(order_id)"
_SOMEBODY = "current_setting('whistle.person', true) <> ''"

PAST = {
    "public.whistle_sees(text)": "sights",
    "public.whistle_found(bigint[])": "order_texts, sights",
    "public.whistle_called(text[], timestamptz)": "calls",
}
"""The functions that look past the policies, and at which tables."""

OF_ORDERS = (
    "orders", "events", "order_texts", "assignments", "whistles", "attendances", "deadlines", "firings", "criticisms",
    "calls", "sweeps", "refusals", "files", "callbacks", "leaves",
)  # fmt: skip
"""Tables of which every row belongs to one order."""

OF_THE_SYSTEM = (
    "commands", "customers", "accounts", "federated", "sessions", "tokens", "challenges", "actings", "accesses",
    "saved_views", "unsequenced", "order_spans", "assignment_spans", "attendance_spans", "deadline_spans",
    "callback_spans", "span_progress", "lab_runs", "lab_orders", "lab_shadows", "lab_shadow_orders",
    "histories", "archive_marks", "replay_reports", "replay_findings",
)  # fmt: skip
"""Tables that no person's session reads or writes."""

OF_ALL = (
    "units", "people", "absences", "catalogue", "policies", "terms", "pulses", "notice_templates", "tiles",
    "checkpoints", "cosignatures", "stamps",
)  # fmt: skip
"""Tables that say nothing of any order: whoever is somebody reads them, the system writes them.

Who is shown them is for the first wall to decide.
"""

RULES: dict[str, str] = {
    **dict.fromkeys(OF_ORDERS, _BY_ORDER),
    **dict.fromkeys(OF_ALL, THE_SYSTEM),
    **dict.fromkeys(OF_THE_SYSTEM, THE_SYSTEM),
    "notices": f"{_BY_ORDER} OR current_setting('whistle.person', true) = ANY (holders)",
    "sights": f"{_EVERYWHERE} OR place = ANY (string_to_array(current_setting('whistle.places', true), ','))",
}
"""What a row must fulfil to be seen, added or changed, by table; those of `OF_ALL` are seen by others too."""

LATER = (
    "saved_views", "callbacks", "notice_templates", "unsequenced", "leaves", "tiles", "checkpoints", "cosignatures",
    "order_spans", "assignment_spans", "attendance_spans", "deadline_spans", "callback_spans", "span_progress",
    "lab_runs", "lab_orders", "lab_shadows", "lab_shadow_orders",
    "histories", "archive_marks", "replay_reports", "replay_findings", "stamps",
)  # fmt: skip
"""Of these, tables that a later migration makes; it puts their wall up with `around`."""

KEPT = """
CREATE POLICY files_kept ON files AS RESTRICTIVE FOR DELETE USING (NOT EXISTS (
    SELECT 1 FROM events WHERE events.order_id = files.order_id AND events.type = 'DocumentAttached'
        AND events.data ->> 'sha256' = files.sha256))
"""
"""A document that an event speaks of cannot be let go."""


def around(*tables: str) -> tuple[str, ...]:
    """The statements that put the wall up around these tables."""
    walls = (
        statement
        for table in tables
        for statement in (
            f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
            f"CREATE POLICY {table}_wall ON {table} USING ({RULES[table]}) WITH CHECK ({RULES[table]})",
        )
    )
    reading = (
        f"CREATE POLICY {table}_read ON {table} FOR SELECT USING ({_SOMEBODY})" for table in tables if table in OF_ALL
    )
    return (*walls, *reading)


STATEMENTS: tuple[str, ...] = (
    SEES,
    ABOVE,
    FOUND,
    CALLED,
    *around(*(table for table in RULES if table not in LATER)),
    *(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC" for function in PAST),
    KEPT,
)
"""What the first migration of the walls runs."""

"""`whistle notices`: what whoever asks was told, in both languages, the latest first."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.padding import Padding
from rich.text import Text

from desk import render
from desk.options import DEFAULT_PERSON, Api, As, Machine, Zone, desk


def notices(
    unread: Annotated[bool, typer.Option("--unread", help="未读 / only those not read yet.")] = False,
    read: Annotated[bool, typer.Option("--read", help="标为已读 / mark those that are shown as read.")] = False,
    rehearsal: Annotated[bool, typer.Option(help="演练 / of rehearsals instead of real orders.")] = False,
    limit: Annotated[int, typer.Option(help="至多 / at most so many; 0 = all.", min=0)] = 20,
    zone: Zone = render.DEFAULT_ZONE,
    api: Api = "",
    person: As = DEFAULT_PERSON,
    machine: Machine = False,
) -> None:
    """通知 / what I, my unit or my post was told; ● marks what is not read yet."""
    found: list[dict[str, Any]] = []
    more = False
    with desk(api, person) as connection:
        for one in connection.pages("/notices", unread=unread, rehearsal=rehearsal):
            if limit and len(found) == limit:
                more = True
                break
            found.append(one)
        for one in found if read else ():
            if one["read_at"] is None:
                connection.post(f"/notices/{quote(one['id'], safe='/')}/read", {})
    if machine:
        render.as_json(found)
        return
    fresh = sum(one["read_at"] is None for one in found)
    render.out.print(f"通知 notices: {len(found)} · 未读 unread: {fresh} · {render.times()}", markup=False)
    for one in found:
        _show(one)
    if more:
        render.out.print(f"… 还有更多, 用 --limit / there are more; see --limit (now {limit})", markup=False)


def _show(one: dict[str, Any]) -> None:
    mark = "●" if one["read_at"] is None else " "
    head = Text.assemble(
        (f"{mark} ", "yellow"),
        (render.when(one["created_at"], "%Y-%m-%d %H:%M"), "cyan"),
        f"  {one['order_id']}  ",
        (f"{one['title_zh']} / {one['title_en']}", "bold" if one["read_at"] is None else ""),
        (f"  → {one['audience']}", "dim"),
    )
    render.out.print(head, soft_wrap=True)
    for body in (one["body_zh"], one["body_en"]):
        render.out.print(Padding(Text(body), (0, 0, 0, 4), expand=False))

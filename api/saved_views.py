"""One's own views of lists: filters and columns under a name, kept for oneself and shown to nobody else."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Response
from pydantic import BaseModel, Field

from api.deps import AskerDep, PartsDep
from api.errors import Problem, declared
from api.schemas import Code, Plain
from api.schemas import Request as Body
from api.views import JSON
from contracts.messages import decode, encode
from domain.model import State
from store import saved_views
from store.orders import Sort
from store.saved_views import SavedView, TooMany

router = APIRouter(prefix="/views", tags=["views"])

ViewId = Annotated[str, Path(pattern=r"^[A-Za-z0-9-]{1,64}$", description="Chosen by the caller, such as a UUID.")]
Column = Annotated[str, Field(pattern=r"^[a-z_]{1,40}$")]


class ViewFilters(Body):
    """What a list is asked by, as `GET /v1/orders` takes it, but for `text`: a view outlives who is named in it."""

    state: Annotated[tuple[State, ...], Field(max_length=20)] = ()
    unit: Annotated[Code, Field(max_length=50)] = ""
    province: Annotated[Code, Field(max_length=20)] = ""
    category: Annotated[Code, Field(max_length=100)] = ""
    level: Annotated[int, Field(ge=0, le=5)] = 0
    overdue: bool | None = None
    following: bool = False
    sort: Sort = Sort.NEWEST


class ViewRequest(Body):
    """A view to keep: of which room's list, its name, filters and columns, and its place among the others."""

    room: Annotated[str, Field(pattern=r"^[a-z]{1,20}$")] = "desk"
    name: Annotated[Plain, Field(min_length=1, max_length=60)]
    filters: ViewFilters = Field(default_factory=ViewFilters)
    columns: Annotated[tuple[Column, ...], Field(max_length=30)] = ()
    place: Annotated[int, Field(ge=0, le=1000)] = 0


class KeptView(BaseModel):
    """A view that is kept."""

    id: str
    room: str
    name: str
    filters: ViewFilters
    columns: list[str]
    place: int
    saved_at: datetime


class KeptViews(BaseModel):
    """All of one's own, as they stand among each other."""

    items: list[KeptView]


@router.get(
    "", response_model=KeptViews, responses=declared("unauthenticated", "unavailable"), summary="My views of lists"
)
async def list_views(who: AskerDep, parts: PartsDep) -> Response:
    """One's own alone; whoever acts for a colleague keeps his own."""
    found = await parts.system(saved_views.views, who.id)
    return Response(encode({"items": [_told(view) for view in found]}), media_type=JSON)


@router.put(
    "/{view_id}",
    response_model=KeptView,
    responses=declared("unauthenticated", "invalid_request", "unavailable"),
    summary="Keep a view of a list",
)
async def put_view(view_id: ViewId, asked: ViewRequest, who: AskerDep, parts: PartsDep) -> Response:
    """In place of one's own of that id, if there is one; at most fifty."""
    content = encode({"filters": asked.filters.model_dump(mode="json"), "columns": asked.columns}).decode()
    try:
        kept = await parts.write(saved_views.put, who.id, view_id, asked.room, asked.name, content, asked.place)
    except TooMany:
        raise Problem(
            "invalid_request",
            f"You keep {saved_views.MOST} views already.",
            field="view_id",
            remedy="Delete one of them first.",
        ) from None
    return Response(encode(_told(kept)), media_type=JSON)


@router.delete(
    "/{view_id}",
    response_model=KeptViews,
    responses=declared("unauthenticated", "unavailable"),
    summary="Let a view of a list go",
)
async def delete_view(view_id: ViewId, who: AskerDep, parts: PartsDep) -> Response:
    """Answers with those that are left; of a view that is not there nothing changes."""
    await parts.write(saved_views.remove, who.id, view_id)
    return await list_views(who, parts)


def _told(view: SavedView) -> dict[str, Any]:
    content = decode(view.content, dict[str, Any])
    return {
        "id": view.id,
        "room": view.room,
        "name": view.name,
        **content,
        "place": view.place,
        "saved_at": view.saved_at,
    }

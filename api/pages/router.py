"""The pages put together, with what they load."""

from __future__ import annotations

from fastapi import APIRouter, Response

from api.pages import deeds, entrance, mine
from api.pages.dress import FILES, FOR_GOOD, SCRIPT, STYLE

router = APIRouter(include_in_schema=False)


@router.get(STYLE)
async def page_style() -> Response:
    """The style sheet."""
    return _file(STYLE)


@router.get(SCRIPT)
async def page_script() -> Response:
    """The script, which nothing depends on."""
    return _file(SCRIPT)


def _file(path: str) -> Response:
    content, media_type = FILES[path]
    return Response(content, media_type=media_type, headers={"Cache-Control": FOR_GOOD})


for _part in (entrance, mine, deeds):
    router.include_router(_part.router)

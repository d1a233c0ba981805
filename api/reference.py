"""/docs: every operation on one plain page, made from the OpenAPI document; no script, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse, Response

STYLE_PATH = "/docs/style.css"
STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2330; }
code { font: 0.92em ui-monospace, monospace; } h2 { margin-top: 2.5rem; border-bottom: 1px solid #c9d1dc; }
details { border-left: 3px solid #c9d1dc; margin: 0.4rem 0; padding: 0.2rem 0.8rem; } summary { cursor: pointer; }
table { border-collapse: collapse; } th, td { text-align: left; vertical-align: top; padding: 0.15rem 1rem 0.15rem 0; }
.method { display: inline-block; width: 4.5rem; font-weight: 600; } .quiet { color: #56606f; }
@media (prefers-color-scheme: dark) { body { background: #14181f; color: #dfe5ee; } .quiet { color: #9aa5b5; } }
"""


def install(app: FastAPI) -> None:
    """Serve the page and its style sheet; both to anybody, for they say nothing of anybody."""

    @cache
    def page() -> str:
        return _page(app)

    @app.get("/docs", include_in_schema=False, operation_id="docs")
    async def docs() -> Response:
        return HTMLResponse(page())

    @app.get(STYLE_PATH, include_in_schema=False, operation_id="docs_style")
    async def docs_style() -> Response:
        return Response(STYLE, media_type="text/css")


def _page(app: FastAPI) -> str:
    document = app.openapi()
    by_tag: dict[str, list[str]] = {}
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            by_tag.setdefault((operation.get("tags") or ["other"])[0], []).append(_operation(path, method, operation))
    sections = "".join(f"<h2>{escape(tag)}</h2>{''.join(found)}" for tag, found in by_tag.items())
    schemas = "".join(_schema(name, schema) for name, schema in sorted(document["components"]["schemas"].items()))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Whistle · API</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body><h1>{escape(document["info"]["title"])}</h1>'
        f'<p>{_prose(document["info"]["description"])}</p><p><a href="/openapi.json">OpenAPI</a></p>'
        f"{sections}<h2>schemas</h2>{schemas}</body></html>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    rows = [
        (item["name"], item["in"] + (" · required" if item.get("required") else ""), item.get("description", ""))
        for item in operation.get("parameters", [])
    ]
    body = operation.get("requestBody", {})
    rows += [("body", names, "") for names in _named(body)]
    rows += [(status, "", answer.get("description", "")) for status, answer in operation["responses"].items()]
    return (
        f'<details><summary><code class="method">{method.upper()}</code> <code>{escape(path)}</code> '
        f'<span class="quiet">{escape(operation.get("summary", ""))}</span></summary>'
        f"<p>{_prose(operation.get('description', ''))}</p>{_table(rows)}{''.join(_examples(body))}</details>"
    )


def _examples(body: dict[str, Any]) -> Iterator[str]:
    """The examples of a body, each as it is sent."""
    for content in body.get("content", {}).values():
        for example in content.get("examples", {}).values():
            sent = json.dumps(example["value"], ensure_ascii=False, indent=2)
            yield f"<pre><code>{escape(sent)}</code></pre>"


def _schema(name: str, schema: dict[str, Any]) -> str:
    needed = schema.get("required", [])
    rows = [
        (field, " ".join(_kind(found)) + (" · required" if field in needed else ""), found.get("description", ""))
        for field, found in schema.get("properties", {}).items()
    ]
    return (
        f'<details id="{escape(name)}"><summary><code>{escape(name)}</code></summary>'
        f"<p>{_prose(schema.get('description', ''))}</p>{_table(rows)}</details>"
    )


def _table(rows: list[tuple[str, str, str]]) -> str:
    cells = "".join(
        f"<tr><th><code>{escape(str(name))}</code></th><td>{escape(what)}</td><td>{_prose(why)}</td></tr>"
        for name, what, why in rows
    )
    return f"<table>{cells}</table>"


def _prose(text: str) -> str:
    """Text with its `code` shown as such and its paragraphs apart."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text.strip()))
    return "</p><p>".join(marked.split("\n\n"))


def _named(found: Any) -> Iterator[str]:
    """The names of all schemas that something refers to."""
    if isinstance(found, dict):
        for name, value in found.items():
            if name == "$ref":
                yield str(value).rpartition("/")[2]
            else:
                yield from _named(value)
    elif isinstance(found, list):
        for value in found:
            yield from _named(value)


def _kind(schema: dict[str, Any]) -> Iterator[str]:
    """The types and names of a field, each once."""
    types = [schema, *schema.get("anyOf", []), *schema.get("allOf", [])]
    plain = [str(one["type"]) for one in types if one.get("type") not in (None, "null")]
    yield from dict.fromkeys([*plain, *_named(schema), *(map(str, schema.get("enum", [])))])

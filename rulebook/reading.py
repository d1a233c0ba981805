"""A document's text, such as a policy's, as plain data, with the line of every key: YAML as people write it, or JSON.

YAML is read node by node, so nothing is ever built from a tag. Plain scalars are null, true, false, numbers or text as
YAML 1.2 has them: 09:30, no and 2026-10-01 are texts.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from rulebook.faults import Fault, Faults, under

MOST_BYTES = 1_000_000
"""A longer text is no policy."""
_MOST_NODES = 100_000
_DEEPEST = 40
_WORDS = {"": None, "~": None, "null": None, "true": True, "false": False}
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})", re.ASCII)
_NUMBER = re.compile(r"[-+]?[0-9]{1,17}\.[0-9]{1,17}", re.ASCII)
_PLAIN = "tag:yaml.org,2002:"
_SHORTEN = ("改短", "shorten it")


@dataclass(frozen=True, slots=True)
class Source:
    """What a text holds.

    Attributes:
        data: its content; `{}` when it cannot be read.
        lines: the line of each path, counted from 1; empty for JSON.
        faults: what kept it from being read.
    """

    data: dict[str, Any]
    lines: dict[str, int]
    faults: tuple[Fault, ...]


def read(text: str, *, most_json: int = MOST_BYTES, begins: str = "version: '2026.4'") -> Source:
    """The content of a text; whatever begins with a brace is JSON, and may have `most_json` characters.

    `begins` is how such a document may begin, for whoever has written something else.
    """
    faults = Faults()
    is_json = text.lstrip().startswith("{")
    most = most_json if is_json else MOST_BYTES
    if len(text) > most:
        better = ("改短, 或写成 JSON", "shorten it, or write it as JSON") if most < most_json else _SHORTEN
        faults.add("", (f"超过 {most} 个字符", f"it is longer than {most} characters"), better)
        return Source({}, {}, tuple(faults))
    data, lines = _json(text, faults) if is_json else _yaml(text, faults)
    if not len(faults) and not isinstance(data, dict):
        remedy = (f"以 键: 值 开头, 如 {begins}", f"begin with key: value, such as {begins}")
        faults.add("", ("不是这样的文件", "it is no such document"), remedy, line=1)
    return Source(data if isinstance(data, dict) else {}, lines, tuple(faults))


def _json(text: str, faults: Faults) -> tuple[Any, dict[str, int]]:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: dict[str, Any] = {}
        for key, value in pairs:
            if key in seen:
                faults.add(key, (f"键 {key} 出现两次", f"the key {key} stands twice"), _ONLY_ONCE)
            seen[key] = value
        return seen

    try:
        return json.loads(text, object_pairs_hook=once, parse_constant=str), {}
    except json.JSONDecodeError as error:
        reason = ("JSON 无法解析", f"the JSON cannot be read: {error.msg}, column {error.colno}")
        faults.add("", reason, ("改正此处", "correct this place"), line=error.lineno)
    except RecursionError:
        faults.add("", ("嵌套过深", "it is nested too deeply"), _SHORTEN)
    except ValueError:  # whole numbers of more digits than are ever read
        faults.add("", ("数字过长", "a number in it has too many digits"), _SHORTEN)
    return {}, {}


_ONLY_ONCE = ("只保留一处", "keep one of them")


def _yaml(text: str, faults: Faults) -> tuple[Any, dict[str, int]]:
    try:
        nodes = list(yaml.compose_all(text, Loader=yaml.SafeLoader))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        reason = ("YAML 无法解析", f"the YAML cannot be read: {error.problem or error.context}")
        faults.add("", reason, ("改正此行", "correct this line"), line=line)
        return {}, {}
    except (yaml.YAMLError, RecursionError) as error:
        faults.add("", ("YAML 无法解析", f"the YAML cannot be read: {type(error).__name__}"), _SHORTEN)
        return {}, {}
    if len(nodes) != 1:
        line = nodes[1].start_mark.line + 1 if len(nodes) > 1 else 1
        reason = ("应恰为一份文档", f"it holds {len(nodes)} documents")
        faults.add("", reason, ("只写一份", "write exactly one"), line=line)
        return {}, {}
    plain = _Plain(faults)
    return plain.value(nodes[0], "", 0), plain.lines


class _Plain:
    """Turns nodes into plain data, notes their lines and what they may not be."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults
        self._left = _MOST_NODES
        self._full = False
        self.lines: dict[str, int] = {}

    def value(self, node: yaml.Node, path: str, depth: int) -> Any:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        self._left -= 1
        if self._left < 0 or depth > _DEEPEST:
            if not self._full:
                self._full = True
                reason = ("内容过多或嵌套过深", "it holds too much, or is nested too deeply")
                self._faults.add(path, reason, _SHORTEN, line=line)
            return None
        kind = node.tag.removeprefix(_PLAIN)
        if isinstance(node, yaml.MappingNode) and kind == "map":
            return self._mapping(node, path, depth)
        if isinstance(node, yaml.SequenceNode) and kind == "seq":
            return [self.value(item, under(path, place), depth + 1) for place, item in enumerate(node.value)]
        if isinstance(node, yaml.ScalarNode) and kind in _OF_SCALARS:
            return node.value if node.style is not None else _scalar(node.value)
        reason = (f"不允许标签 {node.tag}", f"the tag {node.tag} is not allowed")
        self._faults.add(path, reason, ("去掉标签", "leave the tag out"), line=line)
        return None

    def _mapping(self, node: yaml.MappingNode, path: str, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        pairs: Sequence[tuple[yaml.Node, yaml.Node]] = node.value
        for key_node, value_node in pairs:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, yaml.ScalarNode):
                self._faults.add(
                    path, ("键应为文字", "a key is no text"), ("写成 键: 值", "write it as key: value"), line=line
                )
                continue
            key = str(key_node.value)
            inner = under(path, key)
            if key in found:
                first = self.lines.get(inner, 0)
                reason = (f"键 {key} 重复, 首见于第 {first} 行", f"the key {key} stands twice, first in line {first}")
                self._faults.add(inner, reason, _ONLY_ONCE, line=line)
                continue
            self.lines[inner] = line
            found[key] = self.value(value_node, inner, depth + 1)
        return found


_OF_SCALARS = ("null", "bool", "int", "float", "str", "timestamp", "value", "merge")
"""What the parser calls a scalar by its own rules, which are older than ours."""


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text

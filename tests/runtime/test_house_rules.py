"""The pure packages stay pure: no clock, chance, environment or set order, and a core on the standard library alone.

Workflow code runs again from its history, so whatever differs from run to run may not be asked there.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runtime.settings import PROJECT

_PURE = ("domain", "contracts", "workflows")
_FILES = sorted(path for package in _PURE for path in (PROJECT / package).rglob("*.py"))

_BANNED_MODULES = {"time", "random", "secrets", "uuid", "os", "threading", "multiprocessing", "subprocess", "socket"}
_BANNED_CALLS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("asyncio", "sleep"),  # in a workflow: workflow.sleep, which is a timer of the engine
}


def _faults(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    set_names = _names_of_sets(tree)
    for node in ast.walk(tree):
        line = getattr(node, "lineno", 0)
        match node:
            case ast.Import(names=names):
                yield from (f"{line}: imports {n.name}" for n in names if n.name.split(".")[0] in _BANNED_MODULES)
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in _BANNED_MODULES:
                yield f"{line}: imports from {module}"
            case ast.Call(func=ast.Attribute(value=owner, attr=attr)) if (_last(owner), attr) in _BANNED_CALLS:
                yield f"{line}: calls {_last(owner)}.{attr}()"
            case ast.For(iter=over) | ast.AsyncFor(iter=over) | ast.comprehension(iter=over) if _is_set(
                over, set_names
            ):
                yield f"{getattr(over, 'lineno', 0)}: iterates over a set"
            case ast.Call(func=ast.Name(id="list" | "tuple" | "enumerate" | "iter" | "next"), args=[first, *_]) if (
                _is_set(first, set_names)
            ):
                yield f"{line}: takes the order of a set"
            case ast.Call(func=ast.Attribute(attr="join"), args=[first]) if _is_set(first, set_names):
                yield f"{line}: joins a set"
            case ast.Starred(value=value) if _is_set(value, set_names):
                yield f"{line}: unpacks a set"


def _last(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _is_set(node: ast.expr, names: frozenset[str] = frozenset()) -> bool:
    match node:
        case ast.Set() | ast.SetComp() | ast.Call(func=ast.Name(id="set" | "frozenset")):
            return True
        case ast.Name(id=name):
            return name in names
        case ast.BinOp(left=left, right=right, op=ast.BitOr() | ast.BitAnd() | ast.Sub()):
            return _is_set(left, names) or _is_set(right, names)
    return False


def _names_of_sets(tree: ast.Module) -> frozenset[str]:
    found = set()
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value) if _is_set(value):
                found.add(name)
            case ast.AnnAssign(target=ast.Name(id=name), annotation=kind):
                if ast.unparse(kind).split("[")[0] in ("set", "frozenset"):
                    found.add(name)
    return frozenset(found)


@pytest.mark.parametrize("path", _FILES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_pure_packages_ask_nothing_of_clock_chance_environment_or_set_order(path: Path) -> None:
    assert list(_faults(path.read_text())) == []


@pytest.mark.parametrize(
    "path", [path for path in _FILES if path.is_relative_to(PROJECT / "domain")], ids=lambda p: p.name
)
def test_the_rules_import_the_standard_library_alone(path: Path) -> None:
    allowed = {*sys.stdlib_module_names, "domain"}
    imported = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            imported |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            imported.add(node.module.split(".")[0])
    assert imported <= allowed


def test_nobody_imports_what_puts_things_together() -> None:
    rooms = ("activities", "store", "api", "desk", "rulebook", "runtime", "watch", "identity", "vault", "audit")
    program = PROJECT / "api" / "document.py"
    for path in (path for room in (*_PURE, *rooms) for path in (PROJECT / room).rglob("*.py") if path != program):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or "", *(f"{node.module}.{n.name}" for n in node.names)]
            assert not {"worker", "cli", "api.app", "api.document"} & set(names), path


@pytest.mark.parametrize(
    "source",
    [
        "import uuid",
        "from os import environ",
        "import random as r",
        "from time import monotonic",
        "from datetime import datetime\ndatetime.now()",
        "import datetime\ndatetime.datetime.utcnow()",
        "for x in {1, 2}: pass",
        "a = {1, 2}\nb = [x for x in a]",
        "a: set[int] = f()\nlist(a)",
        "','.join({'a', 'b'})",
        "b = [*{1, 2}]",
        "KNOWN = frozenset(['a'])\nfor x in KNOWN | other: pass",
    ],
)
def test_each_breach_is_noticed(source: str) -> None:
    assert list(_faults(source))


@pytest.mark.parametrize(
    "source",
    ["for x in sorted({1, 2}): pass", "x in {1, 2}", "workflow.now()", "len({1})", "from datetime import timedelta"],
)
def test_what_is_harmless_passes(source: str) -> None:
    assert not list(_faults(source))

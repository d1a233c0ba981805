"""Rows of a table file, as text: CSV (also gzipped; UTF-8, with or without BOM, or GB 18030) and XLSX.

A row that cannot be read is handed on as `Unreadable`, with its place and the reason; only a file that cannot be read
at all is an error.
"""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import IO, Any, cast

from desk.client import Usage

ENCODINGS = ("utf-8", "gb18030")
"""Tried in this order; the first that fits the whole file is used."""
_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_CHUNK = 1 << 20
_DAMAGED = (gzip.BadGzipFile, EOFError, zlib.error)


@dataclass(frozen=True, slots=True)
class Row:
    """One row: `number` as a spreadsheet counts (the heading is 1), `line` where it begins in the file (0 = none)."""

    number: int
    line: int
    cells: dict[str, str]


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that cannot be read as one."""

    number: int
    line: int
    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Table:
    """A file that has been looked at: what it is, its columns, and how many rows it has.

    `rows` reads it again from the beginning each time.
    """

    path: Path
    kind: str
    columns: tuple[str, ...]
    total: int
    delimiter: str = ","
    sheet: str = ""

    def rows(self) -> Iterator[Row | Unreadable]:
        """Every row that is not blank, in order."""
        records = _sheet(self.path, self.sheet) if self.kind == "xlsx" else _csv(self.path, self.kind, self.delimiter)
        next(records)
        for number, line, cells in records:
            if isinstance(cells, str):
                yield Unreadable(number, line, cells, "在表格软件中修正引号后另存 / mend the quotes in the file")
            elif len(cells) != len(self.columns):
                reason = f"{len(cells)} 列, 应为 {len(self.columns)} / {len(cells)} columns, not {len(self.columns)}"
                yield Unreadable(number, line, reason, "检查分隔符与引号 / look for a stray separator or quote")
            else:
                yield Row(number, line, dict(zip(self.columns, cells, strict=True)))


def look(path: Path, delimiter: str = ",", sheet: str = "") -> Table:
    """Look a file through: kind, encoding, columns, number of rows.

    Raises:
        Usage: it is not there, damaged, in no known encoding, or has no usable heading.
    """
    if not path.is_file():
        raise Usage(f"{path}: 没有此文件 / no such file")
    try:
        kind = _kind(path)
        records = _sheet(path, sheet) if kind == "xlsx" else _csv(path, kind, delimiter)
        _, _, heading = next(records, (0, 0, []))
        if isinstance(heading, str) or not any(heading):
            raise Usage(f"{path}: 首行不是表头 / the first row is no heading · → 写上列名 / let it name the columns")
        columns = tuple(name.strip() for name in heading)
        doubled = sorted({name or "(empty)" for name in columns if columns.count(name) > 1 or not name})
        if doubled:
            raise Usage(f"{path}: 列名重复或为空 / columns named twice or not at all: {', '.join(doubled)}")
        total = sum(1 for _ in records)
    except OSError as error:
        if isinstance(error, _DAMAGED):
            raise _damaged(path, error) from error
        raise Usage(f"{path}: {error.strerror or error}") from error
    except (*_DAMAGED, zipfile.BadZipFile, KeyError) as error:
        raise _damaged(path, error) from error
    return Table(path, kind, columns, total, delimiter, sheet)


def _damaged(path: Path, error: Exception) -> Usage:
    return Usage(f"{path}: 文件损坏 / the file is damaged: {error} · → 重新取得文件 / fetch it anew")


def _opened(path: Path) -> IO[bytes]:
    with path.open("rb") as file:
        head = file.read(2)
    if head == _GZIP:
        return cast("IO[bytes]", gzip.open(path, "rb"))
    return path.open("rb")


def _kind(path: Path) -> str:
    """'xlsx', or the encoding of a text file."""
    with _opened(path) as file:
        head = file.read(4)
        if head.startswith(_ZIP):
            return "xlsx"
        file.seek(0)
        fitting = {name: codecs.getincrementaldecoder(name)() for name in ENCODINGS}
        failed: dict[str, UnicodeDecodeError] = {}
        while fitting:
            chunk = file.read(_CHUNK)
            for name, decoder in list(fitting.items()):
                try:
                    decoder.decode(chunk, final=not chunk)
                except UnicodeDecodeError as error:
                    failed[name] = error
                    del fitting[name]
            if not chunk:
                break
    if not fitting:
        raise Usage(
            f"{path}: 既非 UTF-8 亦非 GB 18030 / neither UTF-8 nor GB 18030 ({failed['utf-8'].reason}) · "
            "→ 另存为 UTF-8 / save it as UTF-8"
        )
    name = next(iter(fitting))
    return "utf-8-sig" if name == "utf-8" and head.startswith(codecs.BOM_UTF8) else name


Record = tuple[int, int, "list[str] | str"]
"""Number, line, and the cells; or the reason why it cannot be read."""


def _csv(path: Path, encoding: str, delimiter: str) -> Iterator[Record]:
    csv.field_size_limit(1 << 26)
    with _opened(path) as binary, io.TextIOWrapper(binary, encoding=encoding, newline="") as text:
        reader = csv.reader(text, delimiter=delimiter, strict=True)
        number = 0
        while True:
            line = reader.line_num + 1
            try:
                cells: list[str] | str = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                cells = f"引号有误 / quotes do not match: {error}"
            number += 1
            if cells and (isinstance(cells, str) or any(cell.strip() for cell in cells)):
                yield number, line, cells


def _sheet(path: Path, sheet: str) -> Iterator[Record]:
    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with path.open("rb") as file:
            book = load_workbook(io.BytesIO(file.read()), read_only=True, data_only=True)
    except (InvalidFileException, ValueError) as error:
        raise _damaged(path, error) from error
    try:
        if sheet and sheet not in book.sheetnames:
            raise Usage(f"{path}: 没有工作表 / no sheet {sheet!r} · → 可用 one of: {', '.join(book.sheetnames)}")
        width = 0
        for number, values in enumerate((book[sheet] if sheet else book.worksheets[0]).values, start=1):
            cells = [_text(value) for value in values]
            if number == 1:
                while cells and not cells[-1].strip():
                    cells.pop()
                width = len(cells)
            # A sheet's rows are as wide as its widest; empty cells beyond the heading are not there.
            while len(cells) > width and not cells[-1]:
                cells.pop()
            cells += [""] * (width - len(cells))
            if any(cell.strip() for cell in cells):
                yield number, 0, cells
    finally:
        book.close()


def _text(value: Any) -> str:
    """A cell as it would stand in a CSV: whole numbers without a point, dates in ISO form."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    return str(value)

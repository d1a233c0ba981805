"""The formats of an export: each a writer, a media type and a file's ending."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from audit.exports.ocel import Ocel
from audit.exports.tables import Csv, Parquet
from audit.exports.writing import Writer
from audit.exports.xes import Xes


class Format(StrEnum):
    """What an export may be written as."""

    OCEL = "ocel"
    XES = "xes"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Kind:
    """How a format is written and sent; `objects` where it has customers of their own."""

    made: Callable[[], Writer]
    media_type: str
    ending: str
    objects: bool = False


KINDS: dict[Format, Kind] = {
    Format.OCEL: Kind(Ocel, "application/json", "ocel.json", objects=True),
    Format.XES: Kind(Xes, "application/xml", "xes"),
    Format.CSV: Kind(Csv, "text/csv; charset=utf-8", "csv"),
    Format.PARQUET: Kind(Parquet, "application/vnd.apache.parquet", "parquet"),
}

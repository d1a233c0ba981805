"""What stands against an Office file, a ZIP archive: bombs, odd paths, locks, macros, and files within files."""

from __future__ import annotations

import io
import re
import zipfile
import zlib

MAX_ENTRIES = 2_000
MAX_UNPACKED = 100 * 1024 * 1024
"""Bytes of all entries unpacked."""
MAX_RATIO = 100
"""How much larger than packed all entries together may be, once they are more than `RATIO_FROM`."""
RATIO_FROM = 1024 * 1024

_CHUNK = 256 * 1024
_ODD_PATH = re.compile(r"^[/\\]|^[A-Za-z]:|(?:^|[/\\])\.\.(?:[/\\]|$)|\\|[\x00-\x1f]")
_WITHIN = (
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"Rar!",
    b"7z\xbc\xaf\x27\x1c",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"MSCF",
    b"MZ",
)
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MACROS = re.compile(r"(?:^|/)(?:vba[^/]*\.(?:bin|xml)|macrosheets/.*|activeX/.*)$", re.IGNORECASE)
_ELSEWHERE = re.compile(
    rb"<Relationship\b(?=[^>]*\bTargetMode\s*=\s*[\"']External)"
    rb"(?=[^>]*/(?:attachedTemplate|oleObject|frame|subDocument|externalLinkPath|image)[\"'])",
    re.IGNORECASE,
)


def word(content: bytes) -> str:
    """What stands against a Word file, '' if nothing."""
    return _objection(content, "word/document.xml")


def sheet(content: bytes) -> str:
    """What stands against an Excel file, '' if nothing."""
    return _objection(content, "xl/workbook.xml")


def _objection(content: bytes, main: str) -> str:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return _of_list(archive.infolist(), main) or _of_entries(archive)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError):
        return "The archive is damaged."


def _of_list(entries: list[zipfile.ZipInfo], main: str) -> str:
    """What the list of entries alone tells; nothing is unpacked yet."""
    names = [entry.filename for entry in entries]
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries)
    if len(entries) > MAX_ENTRIES:
        return f"The archive has {len(entries)} entries; {MAX_ENTRIES} are taken."
    if unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * packed):
        return "The archive grows too large when it is unpacked."
    if len({name.lower() for name in names}) != len(names):
        return "The archive has two entries of one name."
    if any(_ODD_PATH.search(entry.orig_filename) for entry in entries):
        return "The archive has an entry that lies outside it."
    if any(entry.flag_bits & 0x41 for entry in entries):
        return "The archive is encrypted."
    if any(_MACROS.search(name) for name in names):
        return "The document holds macros."
    if main not in names or "[Content_Types].xml" not in names or min(entry.header_offset for entry in entries):
        return "The archive is not an Office document."
    return ""


def _of_entries(archive: zipfile.ZipFile) -> str:
    """What the entries tell; all are unpacked, piece by piece, and held against their checksums."""
    for entry in archive.infolist():
        with archive.open(entry) as stream:
            first = stream.read(_CHUNK)
            if first.startswith(_WITHIN):
                return "The document holds another archive or a program."
            if first.startswith(_OLE):
                return "The document holds an object of another program."
            name = entry.filename.lower()
            text = first
            while piece := stream.read(_CHUNK):
                if name.endswith((".rels", "[content_types].xml")):
                    text += piece
        if name == "[content_types].xml" and b"macroenabled" in text.lower():
            return "The document holds macros."
        if name.endswith(".rels") and _ELSEWHERE.search(text):
            return "The document loads parts from elsewhere."
    return ""

"""What stands against a PDF: that it acts by itself, brings other files along, or cannot be looked into.

A PDF's structure can be written in so many ways that two readers differ over it. So it is not parsed: every stream that
can be unpacked is, wherever one might begin, and the names that matter are looked for in all there is, however they are
escaped.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

MAX_UNPACKED = 256 * 1024 * 1024
"""Bytes of all streams unpacked; that takes about two seconds."""
MAX_STREAMS = 10_000
"""Each that turns out not to be packed that way may have cost the unpacking of some 64 KB."""

ACTIVE: dict[bytes, str] = {
    b"/JavaScript": "The PDF holds a script.",
    b"/Launch": "The PDF starts a program.",
    b"/EmbeddedFile": "The PDF holds other files.",
    b"/RichMedia": "The PDF holds active media.",
    b"/ImportData": "The PDF takes in data from elsewhere.",
    b"/Encrypt": "The PDF is encrypted.",
}
"""Names that do not go through, or what begins with them; all too long to come up by chance in a picture's data."""

_FIRST, _CHUNK = 1024, 64 * 1024
"""Bytes that are fed at first, and then: most of what is no packed stream is found out at once."""
_LONGEST = 3 * max(map(len, ACTIVE))
"""Bytes of a name of which every letter is escaped."""
_INCOMPLETE = "The PDF is not complete."
_PACKED = "The PDF cannot be looked into: it is packed in an unusual way, or grows too large."


def _escaped(name: bytes) -> bytes:
    """A pattern for a name without its slash, any letter of which may be `#` and two hexadecimal digits."""
    return b"".join(b"(?:%c|#(?i:%02x))" % (letter, letter) for letter in name[1:])


_ACTIVE = re.compile(b"/(?:%s)" % b"|".join(b"(%s)" % _escaped(name) for name in ACTIVE))
_OBJECTS = re.compile(b"/" + _escaped(b"/ObjStm"))
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_NUMBERS = re.compile(rb"[\t\n\r ]*\d+[\t\n\r ]+\d+\s")
"""How a stream of objects begins, unless it was packed in more than one way."""


def objection(content: bytes) -> str:
    """What stands against a PDF, '' if nothing."""
    if b"%%EOF" not in content[-2048:]:
        return _INCOMPLETE
    found = _found(content)
    if found:
        return found
    budget = MAX_UNPACKED
    openings: dict[int, bytes] = {}
    for number, stream in enumerate(_STREAM.finditer(content)):
        if number >= MAX_STREAMS:
            return _PACKED
        tail = b""
        for piece in _unpacked(content, stream.end()):
            openings.setdefault(stream.end(), piece[:100])
            budget -= len(piece)
            found = _found(tail + piece)
            if found:
                return found
            if budget < 0:
                return _PACKED
            tail = piece[-_LONGEST:]
    for objects in _OBJECTS.finditer(content):
        following = _STREAM.search(content, objects.end())
        if following is None or not _NUMBERS.match(openings.get(following.end(), b"")):
            return _PACKED
    return ""


def _unpacked(content: bytes, start: int) -> Iterator[bytes]:
    """What can be unpacked from there on, in pieces; nothing where it is not packed that way."""
    unpacking = zlib.decompressobj()
    at, size = start, _FIRST
    try:
        while not unpacking.eof:
            fed = unpacking.unconsumed_tail
            if not fed:
                fed = content[at : at + size]
                at, size = at + len(fed), _CHUNK
            if not fed:
                return
            piece = unpacking.decompress(fed, _CHUNK)
            if piece:
                yield piece
    except zlib.error:
        return


def _found(content: bytes) -> str:
    match = _ACTIVE.search(content)
    return tuple(ACTIVE.values())[(match.lastindex or 1) - 1] if match else ""

"""How large a picture says it is, read from its head alone; nothing is decoded."""

from __future__ import annotations

MAX_SIDE = 20_000
"""Pixels."""
MAX_PIXELS = 100_000_000
"""Of width times height: what a viewer needs to open it is four bytes each."""

_UNKNOWN = "The picture does not say how large it is."
_FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""The JPEG markers that begin a frame and give its size."""


def jpeg(content: bytes) -> str:
    """What stands against a JPEG, '' if nothing."""
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:
            return _UNKNOWN
        marker = content[at + 1]
        if marker == 0xFF:  # padding
            at += 1
            continue
        if marker in _FRAMES:
            return _size(int.from_bytes(content[at + 7 : at + 9]), int.from_bytes(content[at + 5 : at + 7]))
        length = int.from_bytes(content[at + 2 : at + 4])
        if marker == 0xDA or length < 2:  # the picture itself has begun
            return _UNKNOWN
        at += 2 + length
    return _UNKNOWN


def png(content: bytes) -> str:
    """What stands against a PNG, '' if nothing."""
    if len(content) < 24 or content[12:16] != b"IHDR":
        return _UNKNOWN
    return _size(int.from_bytes(content[16:20]), int.from_bytes(content[20:24]))


def webp(content: bytes) -> str:
    """What stands against a WebP, '' if nothing."""
    form, body = content[12:16], content[20:30]
    if len(body) < 10:
        return _UNKNOWN
    if form == b"VP8X":
        return _size(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    if form == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        sides = (int.from_bytes(body[at : at + 2], "little") & 0x3FFF for at in (6, 8))
        return _size(*sides)
    if form == b"VP8L" and body[0] == 0x2F:
        bits = int.from_bytes(body[1:5], "little")
        return _size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    return _UNKNOWN


def _size(width: int, height: int) -> str:
    if not width or not height:
        return _UNKNOWN
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        return f"The picture has {width} × {height} pixels; {MAX_SIDE} a side and {MAX_PIXELS} in all are taken."
    return ""

"""Small real documents of every kind that is taken, made by hand where no library is at hand."""

import io
import struct
import wave
import zipfile
import zlib
from collections.abc import Mapping

from openpyxl import Workbook

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def png(width: int = 2, height: int = 2) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + b"\x7f" * 3 * min(width, 4) for _ in range(min(height, 4)))
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def jpeg(width: int = 16, height: int = 16) -> bytes:
    app0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    frame = b"\xff\xc0\x00\x11\x08" + struct.pack(">HH", height, width) + b"\x03\x01\x22\x00\x02\x11\x01\x03\x11\x01"
    return b"\xff\xd8" + app0 + frame + b"\xff\xda\x00\x0c\x03\x01\x00\x02\x11\x03\x11\x00\x3f\x00\x00\xff\xd9"


def webp(width: int = 16, height: int = 16) -> bytes:
    body = b"VP8X" + struct.pack("<I", 10) + b"\0\0\0\0" + (width - 1).to_bytes(3, "little")
    body += (height - 1).to_bytes(3, "little")
    return b"RIFF" + struct.pack("<I", 4 + len(body)) + b"WEBP" + body


def pdf(inside: bytes = b"1 0 obj\n<< /Type /Catalog /Pages 2 0 R >>\nendobj\n", version: bytes = b"1.7") -> bytes:
    return b"%PDF-" + version + b"\n" + inside + b"trailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"


def packed_stream(data: bytes, about: bytes = b"/Type /ObjStm /N 1 /First 4") -> bytes:
    packed = zlib.compress(data)
    head = b"5 0 obj\n<< %s /Filter /FlateDecode /Length %d >>\nstream\n" % (about, len(packed))
    return head + packed + b"\nendstream\nendobj\n"


def archive(entries: Mapping[str, bytes], pack: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", pack) as made:
        for name, content in entries.items():
            made.writestr(name, content)
    return file.getvalue()


DOCX_PARTS: dict[str, bytes] = {
    "[Content_Types].xml": b'<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    b'<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
    b'wordprocessingml.document.main+xml"/></Types>',
    "_rels/.rels": b'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" '
    b'Target="word/document.xml"/></Relationships>',
    "word/document.xml": b"<w:document><w:body/></w:document>",
}


def docx(**more: bytes) -> bytes:
    """A Word file; `more` maps entries, `__` for a slash and `_d_` for a dot, to their content."""
    extra = {name.replace("__", "/").replace("_d_", "."): content for name, content in more.items()}
    return archive({**DOCX_PARTS, **extra})


def xlsx() -> bytes:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet["A1"] = "断网 outage"
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def wav() -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\0\0" * 800)
    return file.getvalue()


def mp3() -> bytes:
    return b"ID3\x03\x00\x00\x00\x00\x00\x00" + (b"\xff\xfb\x90\x00" + b"\0" * 413) * 3


def mp4() -> bytes:
    return struct.pack(">I", 24) + b"ftypisom\x00\x00\x02\x00isomiso2" + struct.pack(">I", 8) + b"mdat"


SAMPLES: dict[str, tuple[str, bytes]] = {
    "灯.jpg": ("image/jpeg", jpeg()),
    "screen.png": ("image/png", png()),
    "screen.webp": ("image/webp", webp()),
    "bill.pdf": ("application/pdf", pdf()),
    "letter.docx": (WORD, docx()),
    "calls.xlsx": (SHEET, xlsx()),
    "说明.txt": ("text/plain", "周一起断网\n".encode()),
    "calls.csv": ("text/csv", b"\xef\xbb\xbfa,b\r\n1,2\r\n"),
    "call.amr": ("audio/amr", b"#!AMR\n" + b"\x3c" + b"\0" * 31),
    "call.mp3": ("audio/mpeg", mp3()),
    "call.wav": ("audio/wav", wav()),
    "router.mp4": ("video/mp4", mp4()),
}
"""A document of each kind, by a name."""

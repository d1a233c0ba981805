"""Whether a document may be taken: its name, its declared type and its content must tell the same story.

One table of kinds. A kind knows its type, its extensions, how its content begins, and what of it is not taken: images
too large to open, PDFs that act by themselves, Office files with macros or other files inside.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

import puremagic

from api import archives, pdfs, pictures
from vault.seal import MARK

MAX_NAME = 120
"""Characters of a document's name."""


class Unfit(Exception):  # noqa: N818 - it names the document
    """A document that is not taken; `detail` says why, `remedy` what to do."""

    def __init__(self, detail: str, remedy: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of document. `begins` knows it by its content; `objection` says what stands against it, '' if nothing.

    With `guessed` a general library must take it for one of these extensions, too; it does not know all that MPEG has.
    """

    media_type: str
    extensions: tuple[str, ...]
    begins: Callable[[bytes], bool]
    objection: Callable[[bytes], str] = lambda content: ""
    also: tuple[str, ...] = ()
    guessed: tuple[str, ...] = ()


def _starting(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda content: content.startswith(magics)


def _riff(form: bytes) -> Callable[[bytes], bool]:
    return lambda content: content[:4] == b"RIFF" and content[8:12] == form


_RATES = (44100, 48000, 32000)
_KBITS = (
    (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
)
"""Of layer III: what MPEG 2 has, and MPEG 1."""


def _mpeg_audio(content: bytes) -> bool:
    """Two frames of layer III in a row, after the tag if there is one."""
    at = 0
    if content[:3] == b"ID3" and len(content) > 10:
        at = 10 + sum((byte & 0x7F) << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
    length = _frame(content[at : at + 4])
    return length > 0 and _frame(content[at + length : at + length + 4]) > 0


def _frame(head: bytes) -> int:
    """The length of the frame that begins so, in bytes; 0 for what is none."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:
        return 0
    version, kbits, rate = head[1] >> 3 & 3, head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or kbits in (0, 15) or rate == 3:
        return 0
    first = version == 3
    hertz = _RATES[rate] // {3: 1, 2: 2, 0: 4}[version]
    return (144 if first else 72) * 1000 * _KBITS[first][kbits - 1] // hertz + (head[2] >> 1 & 1)


_MP4_BRANDS = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"M4A ",
    b"3gp4",
    b"3gp5",
)


def _mp4(content: bytes) -> bool:
    return content[4:8] == b"ftyp" and content[8:12] in _MP4_BRANDS and int.from_bytes(content[:4]) <= 256


_UNWRITTEN = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f\x80-\x9f]")


def _text(content: bytes) -> bool:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return False
    return _UNWRITTEN.search(text) is None


_OFFICE = "application/vnd.openxmlformats-officedocument."

KINDS: tuple[Kind, ...] = (
    Kind("image/jpeg", ("jpg", "jpeg"), _starting(b"\xff\xd8\xff"), pictures.jpeg, guessed=("jpg", "jpeg", "jfif")),
    Kind("image/png", ("png",), _starting(b"\x89PNG\r\n\x1a\n"), pictures.png, guessed=("png", "apng")),
    Kind("image/webp", ("webp",), _riff(b"WEBP"), pictures.webp, guessed=("webp",)),
    Kind("application/pdf", ("pdf",), _starting(b"%PDF-1.", b"%PDF-2."), pdfs.objection, guessed=("pdf",)),
    Kind(_OFFICE + "wordprocessingml.document", ("docx",), _starting(b"PK\x03\x04"), archives.word, guessed=("docx",)),
    Kind(_OFFICE + "spreadsheetml.sheet", ("xlsx",), _starting(b"PK\x03\x04"), archives.sheet, guessed=("xlsx",)),
    Kind("text/plain", ("txt", "log"), _text),
    Kind("text/csv", ("csv",), _text),
    Kind("audio/amr", ("amr",), _starting(b"#!AMR\n", b"#!AMR-WB\n"), also=("audio/amr-wb",), guessed=("amr",)),
    Kind("audio/mpeg", ("mp3",), _mpeg_audio, also=("audio/mp3",)),
    Kind("audio/wav", ("wav",), _riff(b"WAVE"), also=("audio/x-wav", "audio/wave"), guessed=("wav",)),
    Kind("video/mp4", ("mp4",), _mp4),
)
"""What is taken: photographs, papers, tables, recordings."""

TAKEN = ", ".join(extension for kind in KINDS for extension in kind.extensions[:1])


def clean_name(header: str) -> str:
    """The document's name from its percent-encoded header: without path, control and direction characters.

    Raises:
        Unfit: it is no UTF-8, nothing is left of it, or a sealed text stands in it.
    """
    try:
        sent = unquote_to_bytes(header).decode()
    except UnicodeDecodeError:
        raise Unfit("The name is not UTF-8.", "Percent-encode the name's UTF-8 bytes in X-File-Name.") from None
    name = re.split(r"[/\\]", unicodedata.normalize("NFC", sent))[-1]
    name = "".join(letter for letter in name if unicodedata.category(letter) not in ("Cc", "Cf", "Cs", "Co", "Cn"))
    name = re.sub(r'[<>:"|?*]', "_", " ".join(name.split())).strip(" .")
    if MARK in name.encode():
        raise Unfit("The name contains the mark of a sealed text.", "Name the document otherwise.")
    stem, dot, extension = name.rpartition(".")
    if not stem or not dot or not extension:
        raise Unfit("The name has no extension.", "Name it in X-File-Name, such as photo.jpg, percent-encoded.")
    return stem[: MAX_NAME - 1 - len(extension)].rstrip(" .") + "." + extension


def judge(name: str, declared: str, content: bytes) -> str:
    """The media type of a document that may be taken.

    Raises:
        Unfit: name, declared type and content disagree, or the content is not one to pass on.
    """
    extension, declared = name.rpartition(".")[2].lower(), declared.partition(";")[0].strip().lower()
    kind = next((kind for kind in KINDS if extension in kind.extensions), None)
    if kind is None:
        raise Unfit(f"Documents named .{extension[:20]} are not taken.", f"Send one of: {TAKEN}.")
    if declared not in (kind.media_type, *kind.also):
        raise Unfit(
            f"It is named .{extension}, but declared as {declared[:100] or 'nothing'}.",
            f"Send it with Content-Type: {kind.media_type}.",
        )
    if not content:
        raise Unfit("The document is empty.", "Send its content as the body.")
    if not kind.begins(content) or not _guessed(kind, content) or _more_than_text(kind, content):
        raise Unfit(
            f"Its content is not that of a .{extension} document.",
            "Save text as UTF-8." if kind.media_type.startswith("text/") else "Send the document as it was saved.",
        )
    objection = kind.objection(content)
    if objection:
        raise Unfit(objection, "Send it without that, for instance printed to a plain PDF.")
    return kind.media_type


def _guessed(kind: Kind, content: bytes) -> bool:
    """Whether a general library, asked for a second opinion, agrees."""
    if not kind.guessed:
        return True
    try:
        found = puremagic.magic_string(content)
    except (puremagic.PureError, ValueError):
        return False
    return any(guess.extension.lstrip(".").lower() in kind.guessed for guess in found)


def _more_than_text(kind: Kind, content: bytes) -> bool:
    """Whether what is sent as a text is another kind that happens to be readable."""
    texts = [one for one in KINDS if one.begins is _text]
    return kind in texts and any(one.begins(content) for one in KINDS if one not in texts)

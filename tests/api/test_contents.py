"""A document is taken when its name, its type and its content tell one story, and it does nothing by itself."""

import io
import os
import struct
import time
import zipfile
import zlib
from collections.abc import Callable

import pytest

from api import archives, pdfs
from api.contents import KINDS, MAX_NAME, Unfit, clean_name, judge
from tests.api import documents as d


def test_every_kind_is_taken_and_has_a_sample() -> None:
    for name, (media_type, content) in d.SAMPLES.items():
        assert judge(name, media_type, content) == media_type
    assert {kind.media_type for kind in KINDS} == {media_type for media_type, _ in d.SAMPLES.values()}


def test_no_kind_passes_for_another() -> None:
    for name, (media_type, _) in d.SAMPLES.items():
        for other, (other_type, content) in d.SAMPLES.items():
            if other_type == media_type or {other_type, media_type} == {"text/plain", "text/csv"}:
                continue
            with pytest.raises(Unfit):
                judge(name, media_type, content)
            with pytest.raises(Unfit, match="declared as"):
                judge(other, media_type, content)


@pytest.mark.parametrize(
    ("name", "media_type", "content", "said"),
    [
        ("virus.exe", "application/octet-stream", b"MZ", r"\.exe are not taken"),
        ("page.html", "text/html", b"<script>", r"\.html are not taken"),
        ("drawing.svg", "image/svg+xml", b"<svg/>", r"\.svg are not taken"),
        ("photo.jpg.exe", "image/jpeg", d.jpeg(), r"\.exe are not taken"),
        ("photo.jpg", "image/png", d.jpeg(), "declared as image/png"),
        ("photo.jpg", "", d.jpeg(), "declared as nothing"),
        ("photo.jpg", "image/jpeg", b"", "is empty"),
        ("photo.jpg", "image/jpeg", b"\xff\xd8\xff", "not that of|how large"),
        ("photo.png", "image/png", b"<html>" + d.png(), "not that of"),
        ("photo.png", "image/png", d.png()[:20], "not that of|how large"),
        ("paper.pdf", "application/pdf", b"<script>" + d.pdf(), "not that of"),
        ("notes.txt", "text/plain", "断网".encode("gb18030"), "not that of"),
        ("notes.txt", "text/plain", b"a\0b", "not that of"),
        ("notes.txt", "text/plain", b"\x1b[2J", "not that of"),
        ("sheet.xlsx", d.SHEET, d.docx(), "not that of|not an Office document"),
        ("letter.docx", d.WORD, d.archive({"a.txt": b"a"}), "not that of|not an Office document"),
    ],
)
def test_what_does_not_agree_is_refused(name: str, media_type: str, content: bytes, said: str) -> None:
    with pytest.raises(Unfit, match=said) as refused:
        judge(name, media_type, content)
    assert refused.value.remedy


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("photo.jpg", "photo.jpg"),
        ("%E5%85%89%E7%8C%AB%20%E7%85%A7%E7%89%87.jpg", "光猫 照片.jpg"),
        ("..%2F..%2Fetc%2Fpasswd.txt", "passwd.txt"),
        ("C:%5CUsers%5Cme%5Cphoto.jpg", "photo.jpg"),
        ("a%00b%0d%0aX-Evil: 1.txt", "abX-Evil_ 1.txt"),
        ("invoice%E2%80%AEfdp.exe.txt", "invoicefdp.exe.txt"),
        ("%E2%80%8Bzero%EF%BB%BF.txt", "zero.txt"),
        ("cafe%CC%81.txt", "café.txt"),
        (".hidden.txt", "hidden.txt"),
        ("a<b>|?*.txt", "a_b____.txt"),
        ("x" * 300 + ".txt", "x" * (MAX_NAME - 4) + ".txt"),
    ],
)
def test_a_name_is_cleaned(sent: str, kept: str) -> None:
    found = clean_name(sent)
    assert found == kept
    assert len(found) <= MAX_NAME


@pytest.mark.parametrize("sent", ["", "photo", ".jpg", "%FF%FE.jpg", "..", "%E2%80%AE.jpg", "a/", "name."])
def test_a_name_of_which_nothing_is_left_is_refused(sent: str) -> None:
    with pytest.raises(Unfit):
        clean_name(sent)


@pytest.mark.parametrize(("kind", "picture"), [("jpeg", d.jpeg), ("png", d.png), ("webp", d.webp)])
def test_a_picture_too_large_to_open_is_refused_by_its_head_alone(
    kind: str, picture: Callable[[int, int], bytes]
) -> None:
    assert judge(f"a.{kind}", f"image/{kind}", picture(10_000, 9_000)) == f"image/{kind}"
    for width, height in ((10_001, 10_000), (12_000, 12_000)):
        with pytest.raises(Unfit, match="pixels"):
            judge(f"a.{kind}", f"image/{kind}", picture(width, height))


# --- PDF --------------------------------------------------------------------------------------------------------------

SCRIPT = b"<< /S /JavaScript /JS (app.alert(1)) >>"


@pytest.mark.parametrize(
    ("inside", "said"),
    [
        (b"1 0 obj\n<< /OpenAction " + SCRIPT + b" >>\nendobj\n", "a script"),
        (b"1 0 obj\n<< /S /J#61v#61Script >>\nendobj\n", "a script"),
        (b"1 0 obj\n<< /S /#4aavaScrip#74 >>\nendobj\n", "a script"),
        (b"1 0 obj\n<< /S /Launch /F (cmd.exe) >>\nendobj\n", "starts a program"),
        (b"1 0 obj\n<< /Names << /EmbeddedFiles 3 0 R >> >>\nendobj\n", "other files"),
        (b"1 0 obj\n<< /Subtype /RichMedia >>\nendobj\n", "active media"),
        (b"trailer << /Encrypt 9 0 R >>\n", "encrypted"),
        (d.packed_stream(b"1 0 " + SCRIPT), "a script"),
        (d.packed_stream(b"1 0 << /S /L#61unch >>"), "starts a program"),
        (d.packed_stream(b"1 0 " + SCRIPT, b"/Hidden (endobj) /Type /Obj#53tm"), "a script"),
        (d.packed_stream(b"1 0 " + b" " * 65_530 + SCRIPT), "a script"),
        (b"5 0 obj << /Type /ObjStm /Filter /ASCIIHexDecode >>\nstream\n31203020>\nendstream endobj\n", "looked into"),
        (d.packed_stream(zlib.compress(b"1 0 " + SCRIPT), b"/Type /ObjStm"), "looked into"),
        (d.packed_stream(bytes(pdfs.MAX_UNPACKED + 1), b"/Length 1"), "looked into"),
    ],
)
def test_a_pdf_that_acts_by_itself_is_refused_however_it_hides_that(inside: bytes, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        judge("a.pdf", "application/pdf", d.pdf(inside))


def test_a_pdf_with_packed_pages_pictures_and_links_is_taken() -> None:
    inside = (
        d.packed_stream(b"1 0 << /Type /Catalog >>")
        + d.packed_stream(b"BT (words about /JS) Tj ET", b"")
        + d.packed_stream(os.urandom(300_000), b"/Subtype /Image")
        + b"7 0 obj << /Subtype /Image /Filter /DCTDecode >>\nstream\n" + os.urandom(300_000) + b"\nendstream endobj\n"
        + b"8 0 obj << /S /URI /URI (https://example.net/) >> endobj\n"
    )  # fmt: skip
    assert judge("a.pdf", "application/pdf", d.pdf(inside)) == "application/pdf"


@pytest.mark.parametrize(
    "inside",
    [
        b"stream\n" * 2_000_000,
        (b"stream\n" + zlib.compress(bytes(1_000_000), 9)[:200]) * 60_000,
        b"/ObjStm" * 1_000_000,
        b"/#4a" * 4_000_000,
    ],
)
def test_no_pdf_keeps_us_busy_for_long(inside: bytes) -> None:
    begun = time.thread_time()
    pdfs.objection(d.pdf(inside))
    assert time.thread_time() - begun < 10, "of a processor, for others may be at work"


# --- Office -----------------------------------------------------------------------------------------------------------


def word(content: bytes) -> str:
    return archives.word(content)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (d.docx(word__vbaProject_d_bin=b"x"), "macros"),
        (d.docx(word__VbaData_d_xml=b"x"), "macros"),
        (d.docx(word__activeX__activeX1_d_bin=b"x"), "macros"),
        (d.docx(word__embeddings__a_d_bin=d.archive({"a": b"a"})), "another archive"),
        (d.docx(word__media__image1_d_png=b"MZ\x90\x00"), "another archive or a program"),
        (d.docx(word__embeddings__ole_d_bin=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 99), "object of another"),
        (d.archive({**d.DOCX_PARTS, "../../evil": b"x"}), "outside"),
        (d.archive({**d.DOCX_PARTS, "/etc/passwd": b"x"}), "outside"),
        (d.archive({**d.DOCX_PARTS, "word\\..\\x": b"x"}), "outside"),
        (d.archive({**d.DOCX_PARTS, "C:/x": b"x"}), "outside"),
        (d.archive({**d.DOCX_PARTS, "WORD/document.xml": b"x"}), "two entries of one name"),
        (d.archive({f"a{number}": b"" for number in range(archives.MAX_ENTRIES)} | d.DOCX_PARTS), "entries"),
        (d.docx(word__big_d_xml=bytes(5_000_000)), "too large"),
        (d.archive({**d.DOCX_PARTS, "b": bytes(archives.MAX_UNPACKED)}, zipfile.ZIP_STORED), "too large"),
        (b"MZ" + d.docx(), "not an Office document"),
        (d.docx()[:-30], "damaged"),
        (
            d.docx(word___rels__settings_d_xml_d_rels=b'<Relationships><Relationship Id="r" Type="http://schemas.open'
                   b'xmlformats.org/officeDocument/2006/relationships/attachedTemplate" Target="http://evil/x.dotm" '
                   b'TargetMode="External"/></Relationships>'),
            "from elsewhere",
        ),
    ],
)  # fmt: skip
def test_an_office_file_with_more_than_words_in_it_is_refused(content: bytes, said: str) -> None:
    assert said in word(content)


def test_links_in_an_office_file_are_taken() -> None:
    rels = (
        b'<Relationships><Relationship Id="r" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/hyperlink" Target="https://example.net/" TargetMode="External"/></Relationships>'
    )
    assert word(d.docx(word___rels__document_d_xml_d_rels=rels)) == ""


def test_a_macro_type_without_its_usual_name_is_found() -> None:
    parts = {**d.DOCX_PARTS}
    parts["[Content_Types].xml"] = parts["[Content_Types].xml"].replace(
        b"officedocument.wordprocessingml.document.main", b"ms-word.document.macroEnabled.main"
    )
    assert "macros" in word(d.archive(parts))


def test_an_encrypted_entry_is_refused() -> None:
    content = bytearray(d.docx())
    at = content.find(b"PK\x01\x02")
    content[at + 8] |= 1
    assert "encrypted" in word(bytes(content))


def test_an_archive_that_lies_about_its_sizes_is_found_out() -> None:
    content = bytearray(d.docx(word__media__a_d_bin=b"a" * 50_000))
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as archive:
        told = struct.pack("<I", archive.getinfo("word/media/a.bin").file_size)
    central = content.rfind(b"PK\x01\x02", 0, content.rfind(b"word/media/a.bin"))
    assert content[central + 24 : central + 28] == told
    content[central + 24 : central + 28] = struct.pack("<I", 10)
    assert "damaged" in word(bytes(content))

import gzip
from pathlib import Path

import pytest
from openpyxl import Workbook

from desk import reading
from desk.client import Usage
from desk.reading import Row, Unreadable

TABLE = 'id,what,when\n1,"two\nlines, and ""quotes""",2026-03-02\n\n2,网速慢,2026-03-03\n'


def rows(path: Path, **options: str) -> list[Row | Unreadable]:
    return list(reading.look(path, **options).rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("zipped", [False, True])
def test_a_table_reads_the_same_in_every_encoding_zipped_or_not(tmp_path: Path, encoding: str, zipped: bool) -> None:
    path = tmp_path / "table"
    path.write_bytes(gzip.compress(TABLE.encode(encoding)) if zipped else TABLE.encode(encoding))
    assert reading.look(path).kind == encoding
    first, second = rows(path)
    assert first == Row(2, 2, {"id": "1", "what": 'two\nlines, and "quotes"', "when": "2026-03-02"})
    assert second == Row(4, 5, {"id": "2", "what": "网速慢", "when": "2026-03-03"})


def test_a_rare_character_of_gb18030_survives(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_bytes("id,what\n1,𠮷野家　断网！\n".encode("gb18030"))
    assert rows(path) == [Row(2, 2, {"id": "1", "what": "𠮷野家　断网！"})]


def test_a_bad_row_is_handed_on_with_its_place_and_the_rest_is_read(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text('id,what\n1,a,b\n2,"x"y\n3,good\n4\n5,"never ends\n', encoding="utf-8")
    found = rows(path)
    assert [(row.number, row.line, type(row)) for row in found] == [
        (2, 2, Unreadable),
        (3, 3, Unreadable),
        (4, 4, Row),
        (5, 5, Unreadable),
        (6, 6, Unreadable),
    ]


def test_a_sheet_reads_as_its_csv_would(tmp_path: Path) -> None:
    from datetime import datetime

    path = tmp_path / "table.xlsx"
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "what", "when", None])
    sheet.append([250635, "网速慢", datetime(2026, 3, 2, 9, 30), None])  # noqa: DTZ001
    sheet.append([None, None, None])
    sheet.append([2.5, None, "3 March"])
    book.create_sheet("other").append(["x"])
    book.save(path)
    assert rows(path) == [
        Row(2, 0, {"id": "250635", "what": "网速慢", "when": "2026-03-02T09:30:00"}),
        Row(4, 0, {"id": "2.5", "what": "", "when": "3 March"}),
    ]
    assert reading.look(path, sheet="other").columns == ("x",)
    with pytest.raises(Usage, match="no sheet 'third'"):
        reading.look(path, sheet="third")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no heading"),
        (b"id,id\n1,2\n", "named twice"),
        (b"id,\n1,2\n", "named twice or not at all"),
        (gzip.compress(b"id\n" + b"1\n" * 5000, mtime=0)[:40], "damaged"),
        (b"PK\x03\x04 no zip", "damaged"),
        (b"id\n\xff\xff\n", "neither UTF-8 nor GB 18030"),
    ],
)
def test_a_file_that_is_no_table_is_refused_in_one_line(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(Usage, match=said) as refused:
        reading.look(path)
    assert "\n" not in str(refused.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="no such file"):
        reading.look(tmp_path / "none.csv")

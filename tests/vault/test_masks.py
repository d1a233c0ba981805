"""What is struck out of a text for those who may not read it whole, and what stays."""

import pytest

from vault.masks import struck


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("自2026-03-02起断网, 电话13900000001", "自2026-03-02起断网, 电话***"),
        ("since 2026-03-02T15:53:50-04:00, 10 2026.3.2", "since 2026-03-02T15:53:50-04:00, 10 2026.3.2"),
        ("13900000001 2026-03-02", "*** 2026-03-02"),
        ("139-0000-0001, (020) 8300 1234, +86 139 0000 0001", "***, ***, ***"),
        ("身份证440106199003071234", "身份证***"),
        ("2026-03-0213900000001", "***"),
        ("1990-03-07-1234567", "***"),
        ("WH20261122-ABCDEFGH", "WH20261122-ABCDEFGH"),
        ("tel-139 7531 8642, wx13975318642, 139—7531—8642", "tel-***, wx***, ***"),
        ("tel-020-87315964, ID44010619870314283X", "tel-***, ID***"),
        (
            "rec-20261122-0117, 500/300 Mbit/s, R20261122-12345678",
            "rec-20261122-0117, 500/300 Mbit/s, R20261122-12345678",
        ),
    ],
)
def test_numbers_are_struck_out_and_dates_are_not(text: str, shown: str) -> None:
    assert struck(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("欧阳楚莘来电, 欧阳 楚莘, 欧阳女士", "***来电, ***, ***"),
        ("QIAOLAN FOTHERWICK; Fotherwick, Qiaolan; Ms. Fotherwick", "***; ***; ***"),
        ("李先生与 李 伟, 李家村", "***与 ***, 李家村"),
        ("Mr Li, Li Wei, Wei Li; a light in Lisbon", "***, ***, ***; a light in Lisbon"),
    ],
)
def test_a_customer_is_struck_out_however_his_name_is_written(text: str, shown: str) -> None:
    assert struck(text, ("欧阳楚莘 Qiaolan Fotherwick", "李伟", "Li Wei")) == shown

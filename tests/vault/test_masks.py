"""What is struck out of a text for those who may not read it whole, and what stays."""

import time

import pytest

from vault.masks import struck

NAMES = ("欧阳楚莘 Qiaolan Fotherwick", "李伟", "Li Wei", "陈女士 Ms Chen")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("自2026-03-02起断网, 电话13900000001", "自2026-03-02起断网, 电话***"),
        ("since 2026-03-02T15:53:50-04:00, 10 2026.3.2", "since 2026-03-02T15:53:50-04:00, 10 2026.3.2"),
        ("13900000001 2026-03-02", "*** 2026-03-02"),
        ("139-0000-0001 or (020) 8300 1234 or +86 139 0000 0001", "*** or *** or ***"),
        ("身份证440106199003071234", "身份证***"),
        ("2026-03-0213900000001", "***"),
        ("1990-03-07-1234567", "***"),
        ("440101 19900101 1234; 440101 2026-03-02 1234", "***"),
        ("tel-139 7531 8642; wx13975318642", "tel-***; wx***"),
        ("tel-020-87315964, ID44010619870314283X", "tel-***, ID***"),
        ("WH13900000-22334455, WH2026112-12345678", "WH***, WH***"),
        ("￥13900000009, 13900000009元", "￥***元"),
        ("00000000-1390-0000-0009-000000000000", "***"),
    ],
)
def test_numbers_are_struck_out(text: str, shown: str) -> None:
    assert struck(text) == shown


@pytest.mark.parametrize(
    "number",
    [
        *(
            f"139{between}0000{between}0009"
            for between in " -—–−－_./,，:：·・、;；|*\n\t\u00a0\u2009\u3000\u200b\u2060\u00ad"
        ),
        *(
            f"139{between}0000{between}0009"
            for between in (" - ", "   ", "\r\n", " / ", ")(", "\u200b\u200b\u200b\u200b\u200b")
        ),
        "1 3 9 0 0 0 0 0 0 0 9",
        "１３９００００００００９",
        "１３９－００００－０００９",
        "①③⑨⓪⓪⓪⓪⓪⓪⓪⑨",
        "𝟏𝟑𝟗𝟎𝟎𝟎𝟎𝟎𝟎𝟎𝟗",
        "١٣٩٠٠٠٠٠٠٠٩",
        "1️⃣3️⃣9️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣0️⃣9️⃣",
        "一三九零零零零零零零九",
        "幺三九〇〇〇〇〇〇〇九",
        "壹叁玖零零零零零零零玖",
        "一三九-零零零零-零零零九",
        "1三9零000零零09",
        "139000O0001",
        "139OO00O0O1",
        "139 O000 OOO1",
        "13gOOO".replace("g", "9") + "оо0οο1",
        "(+86)139 0000 0009",
    ],
)
@pytest.mark.parametrize("around", ["{}", "tel{}", "电话-{}", "wx{}", "ID{}.", "打{}找我", "a {} b"])
def test_a_number_is_struck_out_however_it_is_written(number: str, around: str) -> None:
    assert struck(around.format(number)) == around.format("***")


@pytest.mark.parametrize(
    "text",
    [
        "WH20261122-ABCDEFGH",
        "wh20261122-23456724 and R20261122-BMOSWM6Z",
        "rec-20261122-0117",
        "500/300 Mbit/s, 断网三天",
        "2026-11-22T09:00:00.123456+08:00 – 2026-11-23T10:00Z",
        "2026年3月2日上午10点30分到12点",
        "二〇二六年三月二日, 一百二十元",
        "22.11.2026, 3/2/2026, 2026/11/22",
        "on March 2nd, 2026, on 12 Nov 2026 and at 10:30 am",
        "每天 09:00-18:00, 22:30",
        "550e8400-e29b-41d4-a716-446655440000",
        "9f86d081" * 8,
        "¥1,280,000.50, ￥128000, $ 1,000,000, 1,280,000.00元",
        "3号来装机, 10号晚上, 二号线路, 知道3天了",
        "2 days on the road, 3 times at this place, 500 Mbit/s",
        "meet @ 5.30, a@b",
    ],
)
def test_dates_times_money_and_our_own_numbers_stay(text: str) -> None:
    assert struck(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("write to a.b+c@mail.example.com.", "write to ***."),
        ("a＠c.com, a @ c.com, a@c。com, li\u200b@\u200bexample.cn", "***, ***, ***, ***"),
        ("用户@例子.中国", "***"),
        ("12 Baker Street, 12 baker street apt 4b, 350 5th Avenue", "***, ***, ***"),
        ("天河北233号501", "***"),
        ("住天河路 233 号 502室, 修好了", "***, 修好了"),
        ("中山大道西十二号三栋二单元501", "***"),
        ("３栋５０２室没信号", "***没信号"),
    ],
)
def test_addresses_are_struck_out(text: str, shown: str) -> None:
    assert struck(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("欧阳楚莘来电, 欧阳 楚莘, 欧阳女士", "***来电, ***, ***"),
        ("QIAOLAN FOTHERWICK; Fotherwick, Qiaolan; Ms. Fotherwick", "***; ***; ***"),
        ("李先生与 李 伟, 李家村", "***与 ***, 李家村"),
        ("Mr Li, Li Wei, Wei Li; a light in Lisbon", "***, ***, ***; a light in Lisbon"),
        ("陈 女士, 陈　女\u200b士, 陈·女士", "***, ***, ***"),
        ("ms chen, MS CHEN, Ms.Chen, MsChen, ｍｓ　ｃｈｅｎ, ms\n chen", ", ".join(["***"] * 6)),
        ("Chen女士, 找Chen, Chén", "***, 找***, ***"),
        ("a kitchen, 小陈皮, 李", "a kitchen, 小陈皮, 李"),
    ],
)
def test_a_customer_is_struck_out_however_his_name_is_written(text: str, shown: str) -> None:
    assert struck(text, NAMES) == shown


def test_the_first_of_hundreds_of_names_is_struck_out_as_the_last() -> None:
    names = ("李雷", *(f"王{chr(0x4E00 + n)}{chr(0x5E00 + n)}" for n in range(300)), "Qiaolan Fotherwick")
    assert struck(f"李雷, {names[150]}, fotherwick; 王府井", names) == "***, ***, ***; 王府井"


def test_the_rest_of_a_text_stays_as_it_was() -> None:
    assert struck("ﬁrst　½\u200b 电话１３９００００００００９，Ａ\u200bB") == "ﬁrst　½\u200b 电话***，Ａ\u200bB"


MANY = (
    *NAMES,
    *(f"陈{chr(0x4E00 + n)}" for n in range(200)),
    *(f"Anna{'abcdefghij'[n % 10]} {'x' * n}" for n in range(90)),
)
LENGTH = 8_000
SHAPES = (
    *"a1一@o 路号陈.-x½十\0\x01\u200b",
    *(
        "1 ",
        "1o",
        "1\x01",
        "1\u200b",
        "%1",
        "1" + " " * 99,
        "1" * 6 + "ab",
        "123456    ",
        "123456 a",
        "lio",
        "1l1i1o a",
    ),
    *("2026-03-02 ", "1 2026-03-02", "20261122-", "10:30 ", "10:", "¥1,000", "1,000,", "march 2 ", "0123456789abcdef"),
    *("wh20261122-", "a@", "@a", "@1.", "a.", "a" * 63 + "@", "a@" + "b" * 99 + "."),
    *("路1", "路a", "1号", "1号 ", "路1号", "1栋2", "路街道", "知道", "1 a ", "1 a a a a ", "12 ab", "100 st "),
    *(
        "陈 ",
        "陈女",
        "陈陈一",
        "陈" + " " * 50,
        "ms ",
        "ms chen ",
        "ms" + "." * 50,
        "anna",
        "annax ",
        "a b ",
        "e\u0301",
    ),
)
"""What is repeated in the hostile texts."""


MOST = 10
"""Times an ordinary text of the same length; a mask that grows with the square of it takes a hundred times as long."""


def least(text: str, names: tuple[str, ...]) -> float:
    """The least seconds of processor that it takes to strike a text."""
    took = []
    for _ in range(5):
        began = time.thread_time()
        struck(text, names)
        took.append(time.thread_time() - began)
    return min(took)


@pytest.mark.parametrize("names", [(), NAMES, MANY], ids=["nobody", "a few names", "hundreds of names"])
def test_no_text_takes_long(names: tuple[str, ...]) -> None:
    ordinary = ("Since Monday the line is down. 自周一起断网, 请回电 139 0000 0009。" * LENGTH)[:LENGTH]
    usual = least(ordinary, names)
    slow = {}
    for shape in SHAPES:
        for text in (shape * LENGTH, "x" + shape * LENGTH, (shape * LENGTH)[: LENGTH - 5][::-1] + " @.1号"):
            took = least(text[:LENGTH], names)
            if took > MOST * usual:
                slow[shape] = (took, usual)
    assert not slow


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_takes_about_twice_as_long(shape: str) -> None:
    once, four_times = (least((shape * LENGTH)[: LENGTH * n] + " @.1号", MANY) for n in (1, 4))
    assert four_times < 8 * once + 0.001

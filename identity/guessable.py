"""Passwords that are guessed first: the usual words, their disguises, and what fingers do on a keyboard.

A list of leaked passwords is long for its variants. Here the variants are rules and the list is short: a password falls
when little is left of it once usual words, the person's own names, runs and repetitions are taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

LEAST_LEFT = 6
"""Letters that must remain when everything guessable is taken out; of digits and signs three count for one."""
LEAST_DIFFERENT = 5
"""Different characters that a password has at least."""

_LEET = str.maketrans("01345678@$!|+", "oieasbtbasiit")
"""Digits and signs that stand for letters; what they stand for is what a guesser tries."""

WORDS = frozenset(
    """
    abc123 access account admin administrator amazon andrew angel apple arsenal asdf ashley august autumn azerty baby
    bailey banana baseball basketball batman beautiful beijing benjamin biteme blink182 buster butterfly buzhidao
    caonima changeme charlie cheese chelsea chengdu china chinamobile chinatelecom chinaunicom chocolate cisco coffee
    complaint computer cookie corvette customer daniel december default demo dragon dubsmash easy enter escalation
    february ferrari flower football forever freedom friday fuckyou ginger google guangdong guest hannah harley hello
    hotline hunter iloveyou internet isabella iwantu january jasmine jennifer jessica jiangsu jordan joshua july june
    justin killer letmein liverpool login london lovely manager march master matrix matthew melissa merlin michael
    michelle microsoft mobile monday monkey monster mustang mynoob naruto network nicole november october office
    operator orange p@ssw0rd pass passw passwd password passwort pepper pokemon princess private public qazwsx
    qwer qwert qwerty root samsung saturday secret security september server service shadow shanghai shenzhen soccer
    starwars summer sunday sunshine superman support sysadmin system taobao telecom telekom temp temppass temporary
    tencent test testing thomas thursday tigger trustno1 tuesday unicom user wednesday weixin welcome whatever whistle
    william winter woaini woaiwojia wodemima xiaoming yellow yellowpages zaqwsx zhang zhongguo zxcvbn zxcvbnm
    """.split()  # noqa: SIM905 - a list to be read
)
"""Words that many people take, in the Latin alphabet; capitals and disguises do not count."""

CHINESE = ("密码", "口令", "管理员", "中国", "电信", "移动", "联通", "我爱你", "投诉", "客服", "哨子", "测试", "你好")
"""The same in Chinese."""

RUNS = (
    "01234567890",
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiop[]",
    "asdfghjkl;'",
    "zxcvbnm,./",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik,9ol.0p;/",
    "!@#$%^&*()_+",
    "qazwsxedcrfvtgbyhnujmikolp",  # pragma: allowlist secret
    "azertyuiop",
)
"""Characters that lie beside each other, on keyboards or in the alphabet."""

_RUN_LENGTH = 4
_REPEATED = re.compile(r"(.{1,6}?)\1{2,}", re.DOTALL)
"""The same up to six characters three times or more."""
_YEAR = re.compile(r"(?:19|20)\d\d")


def guessable(password: str, names: Iterable[str] = ()) -> str:
    """Why a password would soon be guessed, '' when none of the usual ways leads to it."""
    folded = password.casefold()
    if len(set(folded)) < LEAST_DIFFERENT:
        return f"it has fewer than {LEAST_DIFFERENT} different characters"
    own = [part for name in names for part in _parts(name)]
    if any(folded in (part, part + part) for part in own):
        return "it is the person's own name"
    disguised = any(character.isalpha() for character in folded)
    for text in (folded, folded.translate(_LEET)) if disguised else (folded,):
        if _left(text, own) < LEAST_LEFT:
            return "it is made of names, usual words, neighbouring keys or repetitions"
    return ""


def _parts(name: str) -> list[str]:
    """A name, written together and backwards too, and the words in it that are long enough to tell anything."""
    folded = name.casefold()
    words = re.split(r"[\W_]+", folded)
    found = {folded, "".join(words), *(word for word in words if len(word) >= 3)} - {""}
    return sorted(found | {one[::-1] for one in found}, key=len, reverse=True)


def _left(text: str, own: Iterable[str]) -> int:
    """How much remains of a folded password when everything that is guessed first is taken out."""
    for word in (*own, *_LONGEST_FIRST):
        text = text.replace(word, "\0")
    text = _REPEATED.sub("\0", text)
    text = _YEAR.sub("\0", text)
    for length in range(max(map(len, RUNS)), _RUN_LENGTH - 1, -1):
        for start in range(len(text) - length, -1, -1):
            if text[start : start + length] in _PIECES:
                text = f"{text[:start]}\0{text[start + length :]}"
    if "\0" not in text:
        return len(text)
    rest = text.replace("\0", "")
    letters = sum(character.isalpha() for character in rest)
    return letters + (len(rest) - letters) // 3


_LONGEST_FIRST = tuple(sorted((*WORDS, *CHINESE), key=len, reverse=True))
_PIECES = frozenset(
    piece[start : start + length]
    for run in RUNS
    for piece in (run, run[::-1])
    for length in range(_RUN_LENGTH, len(run) + 1)
    for start in range(len(run) - length + 1)
)

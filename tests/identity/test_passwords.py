"""Which passwords nobody may have, and how the others are kept."""

import asyncio
import re

import argon2
import pytest

from identity import guessable, passwords

NAMES = ("gd-agent-1", "李明", "Li Ming")
GOOD = (
    "correct horse battery staple",
    "我家的小猫每天早上六点叫我起床",
    "xK9#mQ2$vL7!",
    "three blue kettles sing",
    "ключ лежит под ковриком",
    "🐟🐠🐡🦈🐬🐳🐋🦭🐙🦑🦐🦞",
)


async def matches(kept: str, password: str) -> bool:
    """Whether it matches, as a log-in asks."""
    with passwords.place() as place:
        return await place.matches(kept, password)


@pytest.mark.parametrize("password", GOOD)
def test_every_character_is_allowed(password: str) -> None:
    passwords.demand_fit(password, *NAMES)


@pytest.mark.parametrize(("length", "fits"), [(11, False), (12, True), (128, True), (129, False)])
def test_twelve_to_one_hundred_and_twenty_eight_characters(length: int, fits: bool) -> None:
    password = ("Vk7 wq-Zu3 hb.Lx9 mf_Tj2 ry" * 5)[:length]
    assert len(password) == length
    if fits:
        passwords.demand_fit(password)
        return
    with pytest.raises(passwords.Unfit, match="12 to 128 characters"):
        passwords.demand_fit(password)


@pytest.mark.parametrize(
    "password",
    [
        "Password1234!",
        "P@ssw0rd2026",
        "qwertyuiop12",
        "1qaz2wsx3edc",
        "abcabcabcabc",
        "aaaaaaaaaaaa",
        "123456789012",
        "987654321098",
        "Whistle-2026!",
        "TelecomTelecom",
        "administrator1",
        "letmein!letmein",
        "密码密码密码密码密码密码1",
        "woaini1314woaini",
        "Summer2026Summer",
        "gd-agent-1gd-agent-1",
        "GD-Agent-1 2026!!",
        "1-tnega-dg-2026",
        "liming-LIMING-12",
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(passwords.Unfit) as refused:
        passwords.demand_fit(password, *NAMES)
    assert str(refused.value)
    assert refused.value.remedy


def test_the_list_is_as_long_as_it_must_be_and_folded() -> None:
    assert len(guessable.WORDS) >= 100
    assert all(word == word.casefold() for word in guessable.WORDS)


def test_passwords_that_we_make_are_never_guessable() -> None:
    made = [passwords.one_time() for _ in range(500)]
    assert len(set(made)) == 500
    for password in made:
        passwords.demand_fit(password, *NAMES)


async def test_what_is_kept_is_argon2id_at_the_stated_cost_with_a_salt_of_its_own() -> None:
    first, second = await passwords.hashed(GOOD[0]), await passwords.hashed(GOOD[0])
    assert first != second
    found = argon2.extract_parameters(first)
    assert (found.type, found.memory_cost, found.time_cost, found.parallelism) == (argon2.Type.ID, 47_104, 1, 1)
    assert (found.salt_len, found.hash_len) == (16, 32)
    assert re.match(r"\$argon2id\$v=19\$", first)


async def test_a_password_matches_in_whichever_form_it_was_typed_and_no_other_does() -> None:
    composed, decomposed = "caf\u00e9 am Wasserturm", "cafe\u0301 am Wasserturm"
    kept = await passwords.hashed(composed)
    assert await matches(kept, decomposed)
    assert not await matches(kept, "cafe am Wasserturm")
    assert not await matches(kept, composed.upper())
    assert not await matches("", composed)
    assert not await matches("no hash", composed)


def test_another_cost_is_noticed() -> None:
    old = argon2.PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1).hash(GOOD[0])
    assert passwords.outdated(old)
    assert not passwords.outdated(passwords.hash_now(GOOD[0]))


async def test_hashing_leaves_the_event_loop_free_and_has_an_end_to_its_queue() -> None:
    kept = await passwords.hashed(GOOD[0])
    begun = [asyncio.create_task(matches(kept, GOOD[0])) for _ in range(passwords.MOST_WAITING)]
    turns = 0
    await asyncio.sleep(0)
    with pytest.raises(passwords.Overrun):
        await matches(kept, GOOD[0])
    while not all(task.done() for task in begun):
        await asyncio.sleep(0.005)
        turns += 1
    assert all(task.result() for task in begun)
    assert turns > 3, "others had their turn while it was reckoned"
    assert await matches(kept, GOOD[0])


async def test_whoever_has_a_place_is_not_sent_away_and_gives_it_back_whatever_comes() -> None:
    with passwords.place() as mine:
        others = [asyncio.create_task(passwords.hashed(GOOD[0])) for _ in range(passwords.MOST_WAITING - 1)]
        await asyncio.sleep(0)
        with pytest.raises(passwords.Overrun), passwords.place():
            pytest.fail("there is no room")
        kept = await mine.hashed(GOOD[1])
        assert await mine.matches(kept, GOOD[1])
        for task in others:
            task.cancel()
        await asyncio.wait(others)
    for _ in range(passwords.MOST_WAITING + 1):
        with pytest.raises(ZeroDivisionError), passwords.place():
            raise ZeroDivisionError
    assert await matches(kept, GOOD[1])

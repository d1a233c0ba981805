"""What leaves the API: names stay struck out whatever a customer calls himself next, and large answers block nobody."""

from __future__ import annotations

import threading

import pytest
from fastapi import FastAPI

from api.veil import AT_ONCE
from tests.api.conftest import NET, Caller
from vault import veil

PHONE = "13712345678"
NAMES = ("欧阳楚莘", *(f"王{letter}" for letter in "甲乙丙丁戊己庚辛"))


async def test_the_first_name_stays_struck_out_when_others_follow(api: Caller) -> None:
    first = await api.opened(text="I am 欧阳 楚莘.", customer={"name": NAMES[0], "phone": PHONE})
    for name in NAMES[1:]:
        await api.opened(customer={"name": name, "phone": PHONE})
    shown = (await api.get(f"/orders/{first}/events", NET)).text
    assert "I am ***." in shown
    assert "楚莘" not in shown


async def test_a_name_given_now_is_struck_out_of_what_was_said_before(api: Caller) -> None:
    customer = {"name": "李雷", "phone": "13712345679"}
    first = await api.opened(text="it is for Qiaolan Fotherwick", customer=customer)
    assert "Qiaolan Fotherwick" in (await api.get(f"/orders/{first}/events", NET)).text
    await api.opened(customer={**customer, "name": "Qiaolan Fotherwick"})
    shown = (await api.get(f"/orders/{first}/events", NET)).text
    assert "it is for ***" in shown


@pytest.mark.parametrize("large", [False, True])
async def test_a_large_answer_is_opened_off_the_event_loop(
    api: Caller, app: FastAPI, large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "since Monday " * (600 if large else 1)
    order = await api.opened(text=text, customer={"name": "李雷", "phone": "13712345680"})
    threads: list[threading.Thread] = []
    opens = veil.unveiled

    def seen(*given: object) -> bytes:
        threads.append(threading.current_thread())
        return opens(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(veil, "unveiled", seen)
    answer = await api.get(f"/orders/{order}/events", NET)
    assert text.strip() in answer.text
    assert (len(answer.content) > AT_ONCE) is large
    assert [thread is threading.main_thread() for thread in threads] == [not large]

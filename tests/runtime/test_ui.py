"""Temporal's own web UI knows where payloads are decrypted, and offers nothing that an order could not read."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runtime import engine, ports
from runtime.console import Console
from runtime.folder import DataFolder
from runtime.stack import EmbeddedStack
from runtime.temporal import EmbeddedUi


@pytest.fixture(scope="module")
def shown(stack: EmbeddedStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the running UI tells its pages."""
    program = engine.find_ui(stack.settings, Console())
    if program is None:
        pytest.fail("Temporal's UI cannot be had here")
    folder: Path = tmp_path_factory.mktemp("ui")
    settings = stack.settings.model_copy(update={"data_dir": folder, "ui_port": ports.free_run(1), "api_port": 8123})
    ui = EmbeddedUi(settings, program, DataFolder(folder))
    ui.start()
    try:
        with urllib.request.urlopen(f"{ui.url}/api/v1/settings", timeout=10) as answer:
            found: dict[str, Any] = json.load(answer)
        yield found
    finally:
        ui.stop()


def test_payloads_are_decrypted_by_the_api_for_whoever_is_logged_in(shown: dict[str, Any]) -> None:
    codec = shown["Codec"]
    assert codec["Endpoint"] == "http://127.0.0.1:8123/v1/codec"
    assert (codec["IncludeCredentials"], codec["PassAccessToken"]) == (True, False)
    assert "log in to Whistle" in codec["DefaultErrorMessage"]


def test_nothing_is_sent_to_an_order_from_there(shown: dict[str, Any]) -> None:
    closed = ("StartWorkflow", "WorkflowSignal", "WorkflowUpdate", "BatchActions", "ActivityCommands")
    assert {name: shown[f"{name}Disabled"] for name in closed} == dict.fromkeys(closed, True)
    assert shown["WorkflowTerminateDisabled"] is False, "an operator may end what does not end by itself"

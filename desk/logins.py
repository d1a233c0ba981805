"""Log-ins that the command line keeps, one for each address of an API, in a file that only its owner can read."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from runtime.folder import write_private

_OWN_PAGE = {"Sec-Fetch-Site": "same-origin"}
"""What a session demands of browsers: nobody else's page had this asked. Unlike Origin it holds at any address."""


class BadFile(ValueError):  # noqa: N818  # what it is
    """The file cannot be used; the text says why, and the remedy."""


@dataclass(frozen=True, slots=True)
class LogIn:
    """A session of the API's: whose it is, the cookie as it is sent, and the token that proves who sends it.

    Without a cookie it is nobody's yet, and good for logging in.
    """

    person: str
    cookie: str = field(default="", repr=False)
    csrf: str = field(default="", repr=False)

    @property
    def headers(self) -> dict[str, str]:
        """What each request sends along."""
        return {**_OWN_PAGE, **({"Cookie": self.cookie, "X-CSRF-Token": self.csrf} if self.cookie else {})}


def place() -> Path:
    """Where the file lies: in the person's own folder of settings."""
    named = os.environ.get("XDG_CONFIG_HOME", "")
    root = Path(named) if os.path.isabs(named) else Path.home() / ".config"
    return root / "whistle" / "log-ins.json"


def find(url: str) -> LogIn | None:
    """The log-in at that address; None when there is none.

    Raises:
        BadFile: the file is damaged, or others can read it.
    """
    found = _read().get(_named(url))
    try:
        return None if found is None else LogIn(**found)
    except TypeError:
        raise _damaged() from None


def keep(url: str, login: LogIn) -> None:
    """Keep a log-in in the place of the one before; raises BadFile also where the file cannot be written."""
    _write({**_read(), _named(url): asdict(login)})


def forget(url: str) -> None:
    """Keep the log-in at that address no longer; raises as `keep`."""
    _write({name: one for name, one in _read().items() if name != _named(url)})


def _named(url: str) -> str:
    return url.rstrip("/").lower()


def _read() -> dict[str, Any]:
    path = place()
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise BadFile(
                    f"{path} 可被他人读取 / can be read by others (mode {mode:04o}) · → chmod 600 {path}, 并重新登录 / "
                    "and log in anew if somebody may have read it"
                )
            found = json.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise BadFile(f"{path}: {error.strerror} · → 改正权限 / correct its permissions") from None
    except ValueError as error:
        raise error if isinstance(error, BadFile) else _damaged() from None
    if not isinstance(found, dict):
        raise _damaged()
    return found


def _write(logins: dict[str, Any]) -> None:
    path = place()
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(path, json.dumps(logins, indent=1))
    except OSError as error:
        raise BadFile(
            f"{path}: {error.strerror} · → 改正权限, 或以 XDG_CONFIG_HOME 另选 / correct its permissions, or choose "
            "another folder with XDG_CONFIG_HOME"
        ) from None


def _damaged() -> BadFile:
    return BadFile(f"{place()} 已损坏 / is damaged · → 删除后重新登录 / delete it, and log in anew")

"""The API as the command line sees it: one call a method, retries with the same key, and errors that fit one line."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any
from urllib.parse import quote

import httpx

from desk import render
from desk.logins import LogIn
from desk.spoken import in_commands

PAGE = 200
"""How many lines of a list are fetched at once."""

PATIENCE_SECONDS = 60.0
"""How long a command is asked again, with the same key, while the API cannot carry it out."""
CALL_SECONDS = 30.0
"""How long one call may take; a little more than the API itself waits for the engine."""
FORWARD_SECONDS = 180.0
"""How long moving a rehearsal's clock may take: about a second for each limit that passes on the way."""
REBUILD_SECONDS = 120.0
"""How long one page of a rebuild may take: each order that is started fires at once what fell due meanwhile."""
REPLAYED = "Idempotent-Replayed"
"""The header of an answer that was given before under this key."""
_ASK_AGAIN = (429, 503)
_PERHAPS_DONE = ("outcome_unknown", "command_pending", "not_yet_recorded")


class DeskError(Exception):
    """What ends a command: one line that names what is wrong and what to do, and the exit code.

    Attributes:
        code: the exit code of the command line.
    """

    code = 1


class Refused(DeskError):  # noqa: N818  # an answer, not a fault
    """The API said no.

    Attributes:
        problem: the problem details (RFC 9457) as the API sent them.
    """

    code = 1

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        super().__init__(explain(problem))

    @property
    def reason(self) -> str:
        """The stable code of the problem, such as `not_allowed_now`."""
        return str(self.problem.get("code", "refused"))


class Usage(DeskError):  # noqa: N818
    """The command was not given what it needs."""

    code = 2


class Unreachable(DeskError):  # noqa: N818
    """Nobody answers at the API's address, or not in time."""

    code = 3


def explain(problem: dict[str, Any]) -> str:
    """A problem in one line: title in both languages, field, reason, state, remedy; times in the zone that is shown."""
    parts = [" / ".join(str(problem[name]) for name in ("title_zh", "title") if problem.get(name)) or "refused"]
    for name, label in (("field", "field"), ("detail", ""), ("state", "state"), ("remedy", "→")):
        if problem.get(name):
            said = in_commands(problem[name]) if name == "remedy" else problem[name]
            parts.append(f"{label} {said}".strip())
    if problem.get("allowed"):
        parts.append("此角色此时可提 this role may ask for: " + ", ".join(problem["allowed"]))
    return _INSTANT.sub(lambda found: render.offset(found[0]), " · ".join(parts))


_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)")
"""An instant within a sentence of the API's."""


@dataclass(frozen=True, slots=True)
class Done:
    """A command that was carried out: the view that came back, and whether it had been answered before this call.

    An answer under a key that this very call had asked for before, in vain, is this call's own.
    """

    view: dict[str, Any]
    replayed: bool = False

    @property
    def order_id(self) -> str:
        """The order's number."""
        return str(self.view["order"]["id"])


def new_key() -> str:
    """A key for a new command."""
    return str(uuid.uuid4())


@dataclass(slots=True)
class Desk:
    """A connection to the API as one person: by service token, by a log-in, or by demo log-in (`dev:<id>`).

    May be shared by threads. A context manager.

    Where nobody has ever answered, the first call fails at once; an API that was there and is gone is waited for.

    Attributes:
        url: where the API is, such as http://127.0.0.1:8010.
        person: the development log-in; '' sends none.
        patience: seconds to go on asking while the API is not available.
        token: a service token, which says who asks in the place of `person`.
        login: a log-in, which does so too where no call names somebody itself.
        acting_for: the absent colleague in whose place everything is asked; '' for nobody.
    """

    url: str
    person: str = ""
    patience: float = PATIENCE_SECONDS
    connections: int = 16
    token: str = field(default="", repr=False)
    login: LogIn | None = field(default=None, repr=False)
    acting_for: str = ""
    _http: httpx.Client = field(init=False, repr=False)
    _met: bool = field(default=False, init=False, repr=False)

    def __post_init__(self) -> None:
        limits = httpx.Limits(max_connections=self.connections, max_keepalive_connections=self.connections)
        self._http = httpx.Client(base_url=self.url.rstrip("/"), timeout=CALL_SECONDS, limits=limits)

    def __enter__(self) -> Desk:
        """The connection itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._http.close()

    def log_in(self, person: str, password: str) -> dict[str, Any]:
        """Go on in a session of that person, `login`, until `log_out`; the session as the API tells of it.

        A `login` that was there before ends.

        Raises:
            Refused: person and password do not belong together, or the account is locked.
            Unreachable: nobody answered in time.
        """
        self.login = self.login or LogIn(person)
        return self._entered("/login", {"person": person, "password": password})

    def change_password(self, old: str, new: str) -> dict[str, Any]:
        """Choose another password; all sessions end but a new one, `login`. Raises as `log_in`."""
        return self._entered("/password", {"old": old, "new": new})

    def log_out(self) -> None:
        """End the session; raises as `log_in`."""
        self._ask("POST", "/logout", "", once=True)
        self.login = None

    def _entered(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        answer = self._ask("POST", path, "", body=body, once=True)
        view = dict(answer.json())
        self.login = LogIn(view["who"]["id"], answer.headers["set-cookie"].partition(";")[0], view["csrf"])
        self._http.cookies.clear()
        return view

    def get(self, path: str, person: str = "", **query: Any) -> Any:
        """What is at `/v1` + path; query values that are None or '' are left out.

        Raises:
            Refused: there is no such thing, or it is not for this person.
            Unreachable: nobody answered in time.
        """
        wanted = {name: value for name, value in query.items() if value is not None and value != ""}
        return self._ask("GET", path, person, query=wanted).json()

    def raw(self, path: str, **query: Any) -> bytes:
        """The bytes at `/v1` + path as they come; raises as `get`."""
        return self._ask("GET", path, "", query=query).content

    def pages(self, path: str, *, posted: bool = False, **query: Any) -> Iterator[dict[str, Any]]:
        """Everything in the list at `/v1` + path, fetched page by page as it is asked for; raises as `get`.

        With `posted` the query goes in the body: it has what does not belong into an address.
        """
        cursor = ""
        while True:
            asked = {**query, "cursor": cursor, "limit": PAGE}
            page = self.post(path, asked) if posted else self.get(path, **asked)
            yield from page["items"]
            cursor = page["next"]
            if not cursor:
                return

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Make what is at `/v1` + path so, asking again as often as needed; raises as `act`."""
        return self._ask("PUT", path, "", body=body).json()

    def delete(self, path: str) -> Any:
        """Take away what is at `/v1` + path, asking again as often as needed; raises as `act`."""
        return self._ask("DELETE", path, "").json()

    def post(self, path: str, body: dict[str, Any]) -> Any:
        """Ask at `/v1` + path for what may be asked again as often as needed; raises as `act`."""
        return self._ask("POST", path, "", body=body, timeout=REBUILD_SECONDS).json()

    def download(self, path: str, body: dict[str, Any]) -> Iterator[bytes]:
        """The answer at `/v1` + path, piece by piece as it comes; not asked again. Raises as `act`."""
        headers = self._proof("") | ({"Acting-For": self.acting_for} if self.acting_for else {})
        try:
            with self._http.stream("POST", f"/v1{path}", json=body, headers=headers, timeout=REBUILD_SECONDS) as answer:
                self._met = True
                if not answer.is_success:
                    answer.read()
                    raise Refused(self._meant(_problem(answer), ""))
                yield from answer.iter_bytes()
        except httpx.TransportError as error:
            raise Unreachable(self._silent(error)) from error

    def register(self, complaint: dict[str, Any], key: str = "", person: str = "") -> Done:
        """Give a complaint its number; raises as `act`."""
        return self._command("/orders", complaint, key, person)

    def act(self, order_id: str, verb: str, body: dict[str, Any], key: str = "", person: str = "") -> Done:
        """Carry out a command once, however often it has to be asked.

        Raises:
            Refused: the API said no.
            Unreachable: no answer within the patience; the same key finds out what became of it.
        """
        return self._command(f"/orders/{quote(order_id, safe='')}/{quote(verb, safe='')}", body, key, person)

    def fast_forward(self, order_id: str, seconds: int) -> bool:
        """Move a rehearsal's clock; False when the order ended on the way. Not repeated: time would pass twice."""
        path = f"/rehearsal/orders/{quote(order_id, safe='')}/fast_forward"
        answer = self._ask("POST", path, "", body={"seconds": seconds}, once=True, timeout=FORWARD_SECONDS)
        return bool(answer.json()["running"])

    def rebuild(self, after: str, limit: int) -> dict[str, Any]:
        """Start one page of open orders again where the engine does not run them; safe to repeat. Raises as `act`."""
        body = {"after": after, "limit": limit}
        answer = self._ask("POST", "/operations/rebuild", "", body=body, timeout=REBUILD_SECONDS)
        return dict(answer.json())

    def ready(self) -> dict[str, Any]:
        """What the API says about the system's parts and watchers; raises Unreachable."""
        try:
            return dict(self._http.get("/readyz", timeout=5.0).json())
        except (httpx.HTTPError, ValueError) as error:
            raise Unreachable(self._silent(error)) from error

    def _command(self, path: str, body: dict[str, Any], key: str, person: str) -> Done:
        key = key or new_key()
        asked: list[bool] = []
        answer = self._ask("POST", path, person, body=body, key=key, asked=asked)
        before = answer.headers.get(REPLAYED, "") == "true" and not any(asked)
        return Done(answer.json(), replayed=before)

    def _ask(
        self,
        method: str,
        path: str,
        person: str,
        *,
        query: dict[str, Any] | None = None,
        body: dict[str, Any] | None = None,
        key: str = "",
        once: bool = False,
        timeout: float = CALL_SECONDS,
        asked: list[bool] | None = None,
    ) -> httpx.Response:
        """Ask until there is an answer; `asked` gets for each vain time whether it may have been carried out."""
        asked = [] if asked is None else asked
        headers = {"Idempotency-Key": key} if key else {}
        headers |= self._proof(person)
        headers |= {"Acting-For": self.acting_for} if self.acting_for else {}
        until = time.monotonic() + (0.0 if once else self.patience)
        while True:
            try:
                answer = self._http.request(
                    method, f"/v1{path}", params=query, json=body, headers=headers, timeout=timeout
                )
            except httpx.TransportError as error:
                never_there = isinstance(error, httpx.ConnectError) and not self._met
                if never_there or time.monotonic() >= until:
                    raise Unreachable(self._silent(error, key)) from error
                asked.append(not isinstance(error, httpx.ConnectError))
                time.sleep(0.5)
                continue
            self._met = True
            if answer.is_success:
                return answer
            problem = _problem(answer)
            again = answer.status_code in _ASK_AGAIN or problem.get("code") == "command_pending"
            if not again:
                raise Refused(self._meant(problem, person))
            pause = float(answer.headers.get("Retry-After", "1") or 1)
            if time.monotonic() + pause > until:
                raise Unreachable(f"{explain(problem)}{_key_hint(key)}")
            asked.append(problem.get("code") in _PERHAPS_DONE)
            time.sleep(pause)

    def _proof(self, person: str) -> dict[str, str]:
        """The headers that say who asks; raises Usage where a token is to pass for several people."""
        if self.token and person:
            raise Usage(
                f"WHISTLE_TOKEN 只代表一人, 不能以 {person} 行事 / stands for one person and cannot act as {person} · "
                "→ 取消 WHISTLE_TOKEN / unset WHISTLE_TOKEN"
            )
        if self.token:
            return {"Authorization": f"Bearer {self.token}"}
        if self.login and not person:
            return self.login.headers
        who = person or self.person
        return {"Authorization": f"Bearer dev:{who}"} if who else {}

    def _meant(self, problem: dict[str, Any], person: str) -> dict[str, Any]:
        """The refusal of a demo log-in in the words of whoever never sees the token that stands for it."""
        who = person or ("" if self.token or self.login else self.person)
        if not who or problem.get("code") != "unauthenticated" or who in problem.get("detail", ""):
            return problem
        return {**problem, "detail": f"{who}: 此处不认开发登录 / development log-ins are not believed here."}

    def _silent(self, error: Exception, key: str = "") -> str:
        return (
            f"{self.url} 没有应答 / does not answer · {type(error).__name__}: {error} · "
            "→ 先运行 whistle up, 或用 --api 指定地址 / start it with `whistle up`, or name it with --api"
            f"{_key_hint(key)}"
        )


def _key_hint(key: str) -> str:
    return f" · Idempotency-Key {key}" if key else ""


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        problem = answer.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict) and "status" in problem:
        return problem
    return {
        "code": "refused",
        "status": answer.status_code,
        "title": f"HTTP {answer.status_code}",
        "detail": "the answer is not the API's; is this the right address?",
    }

"""`whistle up`: every part as a child process, in order, kept alive, and stopped in reverse order.

PostgreSQL, Temporal and its UI come from the stack; then the database is migrated, the demo organisation loaded, and
workers and API are started with the settings in their environment.
"""

import os
import shlex
import signal
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from notary import keys
from notary.witness import own_key
from runtime import instance, ports, provision
from runtime.console import Console
from runtime.faults import SetupError
from runtime.process import Child
from runtime.settings import ENV_PREFIX, PROJECT, Settings
from runtime.stack import EmbeddedStack
from runtime.watch import TICK_SECONDS, Part, Program, Watch

_READY_SECONDS = 90.0


class _Stop(BaseException):
    """Somebody asked us to end."""


def up(settings: Settings, console: Console | None = None) -> int:
    """Run the whole system until Ctrl-C or SIGTERM; return the exit code: 0 when asked to end, 1 when it cannot run."""
    console = console or Console()
    started = time.monotonic()
    stack = EmbeddedStack(settings, console)
    programs: list[Program] = []
    ran = False
    with _stoppable() as deaf:
        try:
            stack.acquire()
            for program in [*witnesses(settings), *application(settings)]:
                program.child.end_orphan()
            ports.demand(settings.api_port, "API", "WHISTLE_API_PORT", settings.api_host)
            for number in range(_own_witnesses(settings)):
                ports.demand(settings.witness_port + number, "witness", "WHISTLE_WITNESS_PORT")
            instance.note(settings)
            stack.up()
            ran = True
            provision.tables(stack.owner_url, settings.profile)
            provision.keys(stack.owner_url, settings)
            keys.log_keys(settings)
            instance.note(with_witnesses(settings))  # so that whoever checks the ledger asks them too
            provision.tell_of_locked_doors(stack.owner_url, settings, console)
            console.say("数据表、组织资料与密钥就绪", "tables, organisation and keys are in place")
            programs = witnesses(settings) + application(with_witnesses(stack.settings))
            for program in programs:
                program.restart()
            _await_api(programs, stack.settings)
            tell(stack, console, time.monotonic() - started)
            foundation: list[Part | None] = [stack.postgres, stack.temporal, stack.ui]
            watch = Watch([part for part in foundation if part is not None] + list(programs), console)
            while True:
                watch.look()
                time.sleep(TICK_SECONDS)
        except _Stop:
            ran = True
            console.say("正在停止", "stopping")
            return 0
        except SetupError as error:
            console.line(str(error))
            return 1
        finally:
            deaf()
            for program in reversed(programs):
                program.stop()
            instance.forget(settings)
            stack.down()
            if ran:  # a start that was refused has stopped nothing
                console.say("已全部停止", "everything has stopped")


@contextmanager
def _stoppable() -> Iterator["_Deafen"]:
    """Turn the first SIGINT or SIGTERM into `_Stop`; after `deaf()` further ones are ignored."""

    def ask(number: int, frame: FrameType | None) -> None:
        deafen()
        raise _Stop

    deafen = _Deafen()
    detached = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # by nohup, which we respect
    wanted = [number for number in _Deafen.NUMBERS if not (detached and number is signal.SIGHUP)]
    before = {number: signal.signal(number, ask) for number in wanted}
    try:
        yield deafen
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class _Deafen:
    NUMBERS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def __call__(self) -> None:
        for number in self.NUMBERS:
            signal.signal(number, signal.SIG_IGN)


def _environment(settings: Settings) -> dict[str, str]:
    """Return what workers and API get: these settings, but not the password of the database's owner."""
    own = settings.environment()
    own.pop(f"{ENV_PREFIX}DATABASE_URL", None)
    outer = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    return {**outer, **own, "PYTHONUNBUFFERED": "1", "TZ": "UTC"}


def application(settings: Settings) -> list[Program]:
    """Return workers and, last, the API; not yet started."""
    environment = _environment(settings)
    programs = []
    for number in range(1, settings.worker_count + 1):
        own = _environment(settings.model_copy(update={"worker_metrics_address": _metrics_address(settings, number)}))
        child = Child(
            f"worker {number}" if settings.worker_count > 1 else "worker",
            [sys.executable, "worker.py"],
            log=settings.logs / f"worker-{number}.log",
            env=own,
            cwd=PROJECT,
            stop_seconds=30.0,
        )
        programs.append(Program(child))
    command = [sys.executable, "-m", "uvicorn", "api.app:app", "--host", settings.api_host]
    command += ["--port", str(settings.api_port), "--loop", "uvloop", "--http", "api.protocol:Bounded"]
    command += ["--no-access-log", "--no-server-header", "--no-proxy-headers"]
    command += ["--workers", str(settings.api_workers), "--log-level", settings.log_level]
    command += ["--timeout-graceful-shutdown", "15"]
    api = Child("API", command, log=settings.logs / "api.log", env=environment, cwd=PROJECT, stop_seconds=25.0)
    programs.append(Program(api, lambda: _responds(f"{settings.api_url}/livez")))
    return programs


def _own_witnesses(settings: Settings) -> int:
    """How many witnesses are started here: none where others are named."""
    return 0 if settings.witnesses else settings.witness_count


def witnesses(settings: Settings) -> list[Program]:
    """Return the witnesses that run here, each with a key and a folder of its own; not yet started.

    They show little as long as whoever has this machine has them too: docs/operations.md says where they belong.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith(ENV_PREFIX)}
    programs = []
    for number in range(1, _own_witnesses(settings) + 1):
        folder, address = _witness_place(settings, number)
        command = [sys.executable, "cli.py", "witness", "--state", str(folder), "--listen", address]
        command += ["--log", str(keys.public_file(settings.log_key_file))]
        child = Child(
            f"witness {number}",
            command,
            log=settings.logs / f"witness-{number}.log",
            env={**environment, "PYTHONUNBUFFERED": "1", "TZ": "UTC"},
            cwd=PROJECT,
            stop_seconds=10.0,
        )
        programs.append(Program(child))
    return programs


def with_witnesses(settings: Settings) -> Settings:
    """Return the settings with the witnesses that run here, whose keys are made if they are not there.

    Raises:
        SetupError: a key cannot be read or made.
    """
    entries = []
    for number in range(1, _own_witnesses(settings) + 1):
        folder, address = _witness_place(settings, number)
        verifier = own_key(folder, f"{settings.log_origin}/witness-{number}").verifier
        entries.append(f"{verifier.vkey} http://{address}")
    return settings.model_copy(update={"witnesses": ", ".join(entries) or settings.witnesses})


def _witness_place(settings: Settings, number: int) -> tuple[Path, str]:
    """Folder and address of one of our own witnesses."""
    address = f"{settings.loopback}:{settings.witness_port + number - 1}"
    return settings.data_dir / "witnesses" / str(number), address


def _metrics_address(settings: Settings, number: int) -> str | None:
    """Where this worker serves its metrics: the first at the address that is set, each further one port higher."""
    host, _, port = (settings.worker_metrics_address or "").rpartition(":")
    return f"{host}:{int(port) + number - 1}" if host else None


def _await_api(programs: list[Program], settings: Settings) -> None:
    def ready() -> bool:
        for program in programs[:-1]:
            program.child.wait_until(lambda: True, 0)
        return _responds(f"{settings.api_url}/readyz")

    programs[-1].child.wait_until(ready, _READY_SECONDS)


def _responds(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:  # nosec B310  # our own API
            return bool(answer.status == 200)
    except OSError:  # refused, timed out, or an answer that is not well
        return False


def tell(stack: EmbeddedStack, console: Console, seconds: float) -> None:
    """Print who may log in, how another terminal finds this instance, and, last, where to look."""
    settings = stack.settings
    console.line()
    console.say(f"哨子已就绪 ({seconds:.1f} 秒)", f"Whistle is up after {seconds:.1f} s")
    provision.tell_of_demo(stack.owner_url, settings, console)
    if settings.demo_open:
        console.say("登录身份 (开发; 每岗一例)", "log-ins for development, one of each role")
        for identity, role, unit in _sample_logins():
            console.line(f"  {identity:<22}{role:<18}{unit}".rstrip())
        console.say("  全部", "all of them: whistle directory people")
    elif settings.oidc_issuer is None:
        console.say("首位管理员的一次性密码", "a password for one log-in of the first administrator:")
        console.line("  python -m runtime.provision --admin PERSON")
    console.say("另开终端", "in another terminal:")
    console.line(f"  . {_short(PROJECT / '.venv/bin/activate')}")
    if "data_dir" in settings.model_fields_set:
        console.line(f"  export {ENV_PREFIX}DATA_DIR={shlex.quote(str(settings.data_dir))}")
    first = "whistle tour" if settings.demo_open else "whistle login PERSON"
    console.line(f"  {first} · whistle doctor · whistle --help")
    console.say("在哪里看", "where to look:")
    rows = [("控制台", "the console", f"{settings.api_url}/")]
    if settings.shows_docs:
        rows.append(("接口文档", "API docs", f"{settings.api_url}/docs"))
    if stack.ui is not None:
        rows.append(("引擎界面", "Temporal's UI", f"{stack.ui.url}/namespaces/{settings.temporal_namespace}/workflows"))
    rows += [
        ("日志", "logs", str(settings.logs)),
        ("停止", "to stop", "Ctrl-C"),
    ]
    for zh, en, where in rows:
        console.line(f"  {zh} · {en}: {where}")
    console.line()


def _sample_logins() -> Iterator[tuple[str, str, str]]:
    """The first log-in of each role, with role and unit."""
    seen: set[str] = set()
    for identity, role, unit, _ in provision.logins():
        if role not in seen:
            seen.add(role)
            yield identity, role, unit


def _short(path: Path) -> str:
    """The path as typed from here, where that is possible."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)

"""`whistle doctor`: what this installation needs and how each thing stands, one line each, with the remedy."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

import psutil  # type: ignore[import-untyped]
import typer
from rich.text import Text

from desk import render
from desk.client import Desk, DeskError, Refused
from desk.options import DEFAULT_PERSON, Api, As, Machine, desk
from notary.cosigning import REFUSED
from runtime import engine, instance, keyring, leftovers, ports, vitals, zones
from runtime.faults import SetupError
from runtime.folder import demand_space
from runtime.settings import PROJECT, SettingError, Settings, demand_known, load
from runtime.temporal import PORT_COUNT
from runtime.vitals import Vitals

STALE_SECONDS = 30
"""A key that has been pending for longer than this is one that the reconciler should have finished."""
LATE_SECONDS = 300
"""A notice that was due so long ago and has not gone is held up."""
KEY_AGE = timedelta(days=366)
"""A secret key that is current for longer should be replaced."""
ARCHIVE_SHARE = 0.25
"""An archive that lags by this share of the engine's retention may soon lose what the engine forgets."""
REPLAY_SECONDS = 26 * 3600
"""A nightly replay that is older is missing."""
PAST_SECONDS = 120
"""How far behind the past may be written down; what was recorded since cannot be looked back at yet."""
LOG_SECONDS = 60
"""An event that has waited so long for its checkpoint says that the notary stands still."""
_PYTHON = (3, 11)


class Mark(StrEnum):
    """How a check came out."""

    GOOD = "✓"
    WARN = "!"
    BAD = "✗"
    SKIP = "–"


_STYLES = {Mark.GOOD: "green", Mark.WARN: "yellow", Mark.BAD: "red", Mark.SKIP: "dim"}


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the doctor's."""

    name: str
    mark: Mark
    found: str
    remedy: str = ""


Check = Callable[[Settings, str, str], Finding]


def doctor(api: Api = "", person: As = DEFAULT_PERSON, machine: Machine = False) -> None:
    """体检 / check what this installation needs; exit code 1 if something is broken."""
    settings = load()
    if running := instance.find(settings):
        settings = running.settings
    findings = list(examine(settings, api or settings.api_url, person))
    if machine:
        render.as_json([{"name": f.name, "mark": f.mark.name, "found": f.found, "remedy": f.remedy} for f in findings])
    else:
        for one in findings:
            render.out.print(_line(one), soft_wrap=True)
    if any(one.mark is Mark.BAD for one in findings):
        raise typer.Exit(1)


def examine(settings: Settings, api: str, person: str) -> Iterator[Finding]:
    """The findings, in the order in which the system stands on them; a check that fails itself is a bad finding."""
    for name, check in CHECKS.items():
        try:
            yield check(settings, api, person)
        except SetupError as error:
            yield Finding(name, Mark.BAD, str(error))
        except Exception as error:  # one broken check must not hide the others
            yield Finding(name, Mark.BAD, f"{type(error).__name__}: {' '.join(str(error).split())}")


def _line(one: Finding) -> Text:
    line = Text.assemble((f"{one.mark} ", _STYLES[one.mark]), (f"{one.name:<13}", "bold"), one.found)
    if one.remedy and one.mark is not Mark.GOOD:
        line.append(f"  → {one.remedy}", style=_STYLES[one.mark])
    return line


def _python(settings: Settings, api: str, person: str) -> Finding:
    version = ".".join(str(part) for part in sys.version_info[:3])
    good = sys.version_info >= _PYTHON
    remedy = "安装 Python 3.11 或更高 / install Python 3.11 or later"
    return Finding("python", Mark.GOOD if good else Mark.BAD, version, remedy)


def _zones(settings: Settings, api: str, person: str) -> Finding:
    return Finding("zones", Mark.GOOD, f"tzdata {zones.version()}")


def _settings(settings: Settings, api: str, person: str) -> Finding:
    try:
        demand_known()
    except SettingError as error:
        return Finding("settings", Mark.BAD, str(error))
    given = sorted(load().model_fields_set)
    return Finding("settings", Mark.GOOD, ", ".join(given) or "都用默认值 / all at their defaults")


def _programs(settings: Settings, api: str, person: str) -> Finding:
    """Whether Temporal's server is there or can be made."""
    if settings.temporal_address:
        return Finding("engine built", Mark.SKIP, f"用现成的 / a given server is used: {settings.temporal_address}")
    folder = engine.cache_folder(settings)
    if (folder / engine.SERVER).exists():
        return Finding("engine built", Mark.GOOD, str(folder))
    if shutil.which("temporal-server"):
        return Finding("engine built", Mark.GOOD, str(shutil.which("temporal-server")))
    if go := shutil.which("go"):
        return Finding("engine built", Mark.WARN, f"首次启动时编译 / will be built at the first start with {go}")
    remedy = "安装 Go 1.26 或更高 / install Go 1.26 or later"
    return Finding("engine built", Mark.BAD, "没有服务器也没有 Go / neither server nor Go", remedy)


def _disk(settings: Settings, api: str, person: str) -> Finding:
    demand_space(settings.data_dir, 1.0, "运行", "running")
    existing = settings.data_dir
    while not existing.exists():
        existing = existing.parent
    return Finding("disk", Mark.GOOD, f"{shutil.disk_usage(existing).free / 2**30:.1f} GiB 可用 free at {existing}")


def _folder(settings: Settings, api: str, person: str) -> Finding:
    folder = settings.data_dir
    if not folder.exists():
        return Finding("data", Mark.WARN, f"{folder} 尚无 / not there yet", "首次启动时建立 / made at the first start")
    try:
        noted = json.loads((folder / "version.json").read_text())
    except (OSError, ValueError) as error:
        remedy = "检查权限, 或以 WHISTLE_DATA_DIR 另选 / check its permissions, or choose another"
        return Finding("data", Mark.BAD, f"{folder}: {error}", remedy)
    return Finding("data", Mark.GOOD, f"{folder} ({', '.join(f'{name} {value}' for name, value in noted.items())})")


def _secrets(settings: Settings, api: str, person: str) -> Finding:
    path = settings.keyring_path
    if not path.exists() and not settings.data_dir.exists():
        return Finding(
            "secret keys", Mark.WARN, f"{path} 尚无 / not there yet", "首次启动时建立 / made at the first start"
        )
    ring = keyring.load(path)
    current = {"personal": ring.kek()[0], "engine": ring.codec()[0]}
    old = [kind for kind, one in current.items() if datetime.now(UTC) - ring.made_at(one) > KEY_AGE]
    shown = f"{path} ({len(ring.keks)} personal, {len(ring.codecs)} engine)"
    if not old:
        return Finding("secret keys", Mark.GOOD, shown)
    remedy = "; ".join(f"whistle keys rotate {kind}" for kind in old)
    return Finding("secret keys", Mark.WARN, f"{shown}: 已逾一年 / over a year old: {', '.join(old)}", remedy)


def _ports(settings: Settings, api: str, person: str) -> Finding:
    """The ports of this data folder's instance; where none runs, whether they are free for it."""
    last = settings.temporal_port + PORT_COUNT - 1
    wanted = {"WHISTLE_API_PORT": ("API", range(settings.api_port, settings.api_port + 1))}
    if settings.database_url is None:
        first = settings.postgres_port
        wanted["WHISTLE_POSTGRES_PORT"] = ("PostgreSQL", range(first, first + 1))
    if settings.temporal_address is None:
        wanted["WHISTLE_TEMPORAL_PORT"] = ("Temporal", range(settings.temporal_port, last + 1))
    if settings.ui_enabled:
        wanted["WHISTLE_UI_PORT"] = ("UI", range(settings.ui_port, settings.ui_port + 1))
    listed = " · ".join(
        f"{name} {several[0]}" + (f"–{several[-1]}" if len(several) > 1 else "") for name, several in wanted.values()
    )
    if running := instance.find(settings):
        return Finding("ports", Mark.GOOD, f"{listed}; 本实例占用 / held by this instance, pid {running.pid}")
    taken = [
        f"{port} ({ports.holder(port) or '?'}, {variable})"
        for variable, (_, several) in wanted.items()
        for port in several
        if not ports.is_free(port)
    ]
    if taken:
        remedy = "停止占用者, 或改端口 / stop the holder, or choose another port"
        return Finding("ports", Mark.BAD, f"被他人占用 / taken by others: {', '.join(taken)}", remedy)
    return Finding("ports", Mark.GOOD, f"{listed}; 空闲 / free")


def _not_ours(settings: Settings, api: str) -> bool:
    """Whether what answers at our own default addresses cannot be ours, as nothing runs on our data folder."""
    own = settings.database_url is None and settings.app_database_url is None
    return own and api == settings.api_url and instance.find(settings) is None


_ASKED_OF_THE_API = "由接口得知; 接口不应答 / asked through the API, which does not answer"
_DOWN = "本数据目录的实例未运行 / this data folder's instance does not run"


def _postgres(settings: Settings, api: str, person: str) -> Finding:
    if _not_ours(settings, api):
        return Finding("postgresql", Mark.BAD, f"{_DOWN}: {settings.data_dir}", _ELSEWHERE)
    try:
        found = vitals.ask(settings, STALE_SECONDS, LATE_SECONDS)
    except Exception as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        return Finding("postgresql", Mark.BAD, f"不应答 / does not answer: {reason}", _START)
    return Finding("postgresql", Mark.GOOD, f"{found.version}, {found.orders} 件工单 orders")


_START = "运行 whistle up; 起不来看其日志 / run `whistle up`; if it does not come up, look into the data folder's logs"

_ELSEWHERE = (
    "运行 whistle up; 若已在别的数据目录运行, 设 WHISTLE_DATA_DIR / run `whistle up`; where it runs on another data "
    "folder, set WHISTLE_DATA_DIR to that"
)


def _api(settings: Settings, api: str, person: str) -> Finding:
    not_ours = _not_ours(settings, api)
    try:
        with desk(api, person) as connection:
            connection.ready()
    except DeskError as error:
        return Finding("api", Mark.BAD, _DOWN if not_ours else str(error), _ELSEWHERE if not_ours else "")
    if not_ours:
        return Finding("api", Mark.BAD, f"{_DOWN}; {api} 是别的实例 / is another's", _ELSEWHERE)
    return Finding("api", Mark.GOOD, api)


def _engine(settings: Settings, api: str, person: str) -> Finding:
    if _not_ours(settings, api):
        return Finding("engine", Mark.SKIP, _DOWN)
    try:
        with desk(api, person) as connection:
            ready = connection.ready()
    except DeskError:
        return Finding("engine", Mark.SKIP, _ASKED_OF_THE_API)
    if not ready.get("engine"):
        remedy = f"看 {settings.logs}/temporal.log / look into that log"
        return Finding("engine", Mark.BAD, f"{settings.temporal_target} 不应答 / does not answer", remedy)
    return Finding("engine", Mark.GOOD, settings.temporal_target)


def _worker(settings: Settings, api: str, person: str) -> Finding:
    """The canary needs a worker to sing; where somebody is logged in, one answers for an order too."""
    if _not_ours(settings, api):
        return Finding("worker", Mark.SKIP, _DOWN)
    with desk(api, person, patience=0.0) as connection:
        try:
            ready = connection.ready()
        except DeskError:
            return Finding("worker", Mark.SKIP, _ASKED_OF_THE_API)
        if ready.get("canary") is None:
            return _started(settings)
        sung = f"canary {ready['canary']:.0f} s"
        remedy = f"看 {settings.logs}/worker-1.log / look into that log"
        if "canary" in ready.get("failing", ()):
            return Finding("worker", Mark.BAD, f"没有动静 / not heard lately: {sung}", remedy)
        try:
            return Finding("worker", Mark.GOOD, f"{sung}; {_answered(connection)}")
        except DeskError as error:
            return Finding("worker", Mark.BAD, f"不应答 / does not answer: {error}", remedy)


def _answered(connection: Desk) -> str:
    """For which order a worker answered, or why none was asked about; raises DeskError where it should have."""
    try:
        for state in ("in_progress", "dispatched", "awaiting_callback", "closed"):
            for line in connection.get("/orders", state=state, limit=1)["items"]:
                try:
                    connection.get(f"/orders/{line['order_id']}/live")
                except Refused:
                    continue  # that one has ended
                return f"应答 / answers for {line['order_id']}"
    except Refused as refused:
        why = _NOT_ASKED.get(refused.problem.get("status", 0))
        if why is None:
            raise
        return why
    return "尚无工单可问 / no order to ask about yet"


_NOT_ASKED = {
    401: "工单未问: 未登录 / orders not asked: no log-in",
    403: "工单未问: 非此岗位所见 / orders not asked: not for this role",
}
"""Why no order was asked about, by the status of the refusal."""


def _started(settings: Settings) -> Finding:
    """Whether a worker's process is there, before the canary has sung for the first time."""
    running = _workers(settings)
    if running:
        pids = ", ".join(str(pid) for pid in running)
        return Finding("worker", Mark.GOOD, f"运行中 / running, pid {pids}; 金丝雀未鸣 / the canary has not sung yet")
    found = "金丝雀未鸣, 本机也无此进程 / the canary has not sung, and no such process here"
    return Finding("worker", Mark.WARN, found, _START)


def _workers(settings: Settings) -> list[int]:
    """The worker processes of this data folder's instance; without one, those that were started here by hand."""
    found = instance.find(settings)
    processes = psutil.Process(found.pid).children(recursive=True) if found else psutil.process_iter()
    return [process.pid for process in processes if _is_worker(process)]


def _is_worker(process: psutil.Process) -> bool:
    try:
        return process.cwd() == str(PROJECT) and any(part.endswith("worker.py") for part in process.cmdline())
    except psutil.Error:
        return False


def _witnesses(settings: Settings, api: str, person: str) -> Finding:
    """Whether each witness has cosigned lately, and none of them says that the log's history was changed."""
    found = vitals.witnesses(settings)
    if not found:
        remedy = "设置 WHISTLE_WITNESSES / set WHISTLE_WITNESSES"
        return Finding("witnesses", Mark.WARN, "尚无见证 / none has cosigned yet", remedy)
    refused = {name: said.removeprefix(REFUSED) for name, said in found.items() if said.startswith(REFUSED)}
    if refused:
        told = "; ".join(f"{name}: {said}" for name, said in sorted(refused.items()))
        remedy = "保全数据库并查明 / keep the database as it is and find out: whistle audit verify --all"
        return Finding("witnesses", Mark.BAD, f"拒绝见证 / refused to cosign: {told}", remedy)
    odd = {name: said for name, said in found.items() if not said.isdigit()}
    shown = ", ".join(f"{name} {said}" for name, said in sorted((odd or found).items()))
    return Finding("witnesses", Mark.WARN if odd else Mark.GOOD, shown, "查看工作进程日志 / see the workers' logs")


def _watchers(settings: Settings, api: str, person: str) -> Finding:
    """Whether clocks fire, by the canary, and whether missed marks are looked for."""
    if _not_ours(settings, api):
        return Finding("clocks", Mark.SKIP, _DOWN)
    try:
        with desk(api, person) as connection:
            ready = connection.ready()
    except DeskError:
        return Finding("clocks", Mark.SKIP, _ASKED_OF_THE_API)
    ages = {name: ready.get(name) for name in ("canary", "sweeper", "reconciler", "outbox", "projection")}
    told = ", ".join(f"{name} {age:.0f} s" for name, age in ages.items() if age is not None)
    silent = [name for name in ready.get("failing", ()) if name in ages]
    if silent:
        remedy = f"看 {settings.logs}/worker-1.log / look into that log"
        found = f"没有动静 / not heard lately: {', '.join(silent)}" + (f"; {told}" if told else "")
        return Finding("clocks", Mark.BAD, found, remedy)
    return Finding("clocks", Mark.GOOD, f"多久之前 / seconds ago: {told}")


def _of_vitals(name: str, judge: Callable[[Settings, Vitals], Finding]) -> Check:
    """A check of what the database says about itself, for an instance that is this one and answers."""

    def check(settings: Settings, api: str, person: str) -> Finding:
        if _not_ours(settings, api):
            return Finding(name, Mark.SKIP, _DOWN)
        try:
            found = vitals.ask(settings, STALE_SECONDS, LATE_SECONDS)
        except Exception:
            return Finding(name, Mark.SKIP, _SILENT)
        return judge(settings, found)

    return check


def _pending(settings: Settings, found: Vitals) -> Finding:
    if found.stale_keys:
        remedy = "对账器应予完成; 看 worker 日志 / the reconciler should finish them; see the worker's log"
        return Finding("keys", Mark.WARN, f"{found.stale_keys} 个未完成 / pending since {found.stale_since}", remedy)
    return Finding("keys", Mark.GOOD, "没有滞留的幂等键 / no key is left pending")


def _notices(settings: Settings, found: Vitals) -> Finding:
    if found.held_notices:
        said = ", ".join(f"{number} {state}" for state, number in found.held_notices.items())
        remedy = "检查 WHISTLE_SMTP_HOST / check the mail server"
        return Finding("notices", Mark.WARN, f"未送达 / not delivered: {said}", remedy)
    said = "没有滞留 / none is held up"
    if found.unsent_notices:
        final = ", ".join(f"{number} {state}" for state, number in found.unsent_notices.items())
        said += f"; 只在收件箱, 未发邮件 / in the inboxes only, not mailed: {final}"
    return Finding("notices", Mark.GOOD, said)


def _organisation(settings: Settings, api: str, person: str) -> Finding:
    """Whether production runs on the demo organisation."""
    try:
        said = leftovers.demo(settings, vitals.address(settings))
    except Exception:
        return Finding("organisation", Mark.SKIP, _SILENT)
    if said is None:
        return Finding("organisation", Mark.GOOD, "没有演示组织混入生产 / no demo organisation in production")
    return Finding("organisation", Mark.WARN, " / ".join(one.removeprefix("! ") for one in said))


def _archive(settings: Settings, found: Vitals) -> Finding:
    """Whether the engine's histories are kept long before the engine forgets them."""
    if found.archive is None:
        return Finding("archive", Mark.SKIP, "尚未存档 / nothing is archived yet")
    share, lag = found.archive
    told = f"滞后 lag {lag:.0f} s, 为引擎保留期的 / of the engine's retention {share:.1%}"
    remedy = "看 worker 日志中的 archivist / see what the archivist says in the worker's log"
    return Finding("archive", Mark.BAD if share > ARCHIVE_SHARE else Mark.GOOD, told, remedy)


def _past(settings: Settings, found: Vitals) -> Finding:
    """Whether the historian keeps up, so that one can look back to a moment ago."""
    if found.past is None:
        return Finding("past", Mark.SKIP, "尚未写下 / the past is not written down yet")
    told = f"完整至 / whole until {found.past:.0f} s 前 ago"
    remedy = "看 worker 日志中的 historian / see what the historian says in the worker's log"
    return Finding("past", Mark.WARN if found.past > PAST_SECONDS else Mark.GOOD, told, remedy)


def _replay(settings: Settings, found: Vitals) -> Finding:
    """Whether the last nightly replay is there, and found nothing."""
    if not settings.replay_at:
        return Finding(
            "replay", Mark.WARN, "未开启 / no nightly replay", "设 WHISTLE_REPLAY_AT / set WHISTLE_REPLAY_AT"
        )
    if found.replay is None:
        return Finding("replay", Mark.SKIP, "尚无夜间复演 / no nightly replay yet")
    report, findings, age = found.replay
    told = f"报告 report {report}, {age / 3600:.0f} h 前 ago"
    if findings:
        return Finding("replay", Mark.BAD, f"{told}: {findings} 处不符 / findings", "whistle audit replay --report")
    if age > REPLAY_SECONDS:
        remedy = "看 worker 日志 / see the worker's log; whistle audit replay --report"
        return Finding("replay", Mark.WARN, f"{told}: 逾期未做 / overdue", remedy)
    return Finding("replay", Mark.GOOD, f"{told}: 全部相符 / everything is as it should be")


def _log(settings: Settings, api: str, person: str) -> Finding:
    """Whether what is recorded gets its place in the log, and the log is signed."""
    if _not_ours(settings, api):
        return Finding("log", Mark.SKIP, _DOWN)
    try:
        with desk(api, person) as connection:
            waits = connection.ready().get("log")
    except DeskError:
        return Finding("log", Mark.SKIP, _ASKED_OF_THE_API)
    if waits is None:
        return Finding("log", Mark.SKIP, _SILENT)
    if waits > LOG_SECONDS:
        remedy = f"看 {settings.logs}/worker-1.log, 再 whistle audit verify --all / look there, then verify the ledger"
        return Finding("log", Mark.WARN, f"最早未签事件已等 / oldest unsigned event waits {waits:.0f} s", remedy)
    return Finding("log", Mark.GOOD, f"最早未签事件已等 / oldest unsigned event waits {waits:.0f} s")


_SILENT = "数据库不应答 / the database does not answer"
CHECKS: dict[str, Check] = {
    "python": _python,
    "zones": _zones,
    "settings": _settings,
    "engine built": _programs,
    "disk": _disk,
    "data": _folder,
    "secret keys": _secrets,
    "ports": _ports,
    "postgresql": _postgres,
    "organisation": _organisation,
    "api": _api,
    "engine": _engine,
    "worker": _worker,
    "clocks": _watchers,
    "witnesses": _witnesses,
    "log": _log,
    "keys": _of_vitals("keys", _pending),
    "notices": _of_vitals("notices", _notices),
    "past": _of_vitals("past", _past),
    "archive": _of_vitals("archive", _archive),
    "replay": _of_vitals("replay", _replay),
}
"""Every check, by the name of its line."""

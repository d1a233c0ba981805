"""`whistle audit verify`: whether the whole ledger is what was once recorded, without a word of the API's."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer

from audit.ledger_books import Unreadable, books
from audit.ledger_check import PATIENCE, Fault, Finding, Held, Report, Trusted, check
from desk import audit_bundles, render
from desk.client import Usage
from desk.options import Machine
from notary import keys
from notary.keys import Witness
from notary.note import Kind, NoteError, Verifier
from runtime import instance, vitals
from runtime.faults import SetupError
from runtime.settings import Settings, load

SECONDS = 5.0
"""How long a witness has for its answer."""
LONGEST = 65_536
"""The longest answer of a witness that is read, in bytes."""

_RESTORE = (
    "从可信备份恢复该记录, 查明何人何时改动 / restore it from a trusted backup; find out who changed it, and when"
)
_LOG = (
    "事件无误则日志表被改动: 从可信备份恢复日志表 / where the events are right, the log's tables were changed: "
    "restore them from a trusted backup"
)
_STOP = (
    "立即停写并保全数据库与见证人的文件, 与见证人及持有检查点者核对 / stop writing, keep database and witnesses' files "
    "as they are, compare with the witnesses and whoever keeps a checkpoint"
)
_WORKER = "确认工作进程与日志密钥正常 (whistle doctor) / see that workers run and have the log's key (whistle doctor)"

SAID: dict[Fault, tuple[str, str]] = {
    Fault.CHANGED: (
        "事件或其前一事件被改动 / an event, or the one before it, is not what was recorded",
        _RESTORE,
    ),
    Fault.MISSING: ("事件被删除、插入或移位 / an event was removed, added or moved", _RESTORE),
    Fault.UNHEADED: ("工单头与末条事件不符 / a head row does not name the last event", _RESTORE),
    Fault.UNLOGGED: ("事件未入日志 / an event has no place in the log", _WORKER),
    Fault.RELOGGED: ("日志条目与事件不符 / a leaf is not that of its event", _LOG),
    Fault.ORPHANED: ("日志中的事件已不存在 / an event that the log has is gone", _RESTORE),
    Fault.GAP: ("日志序号不连续 / the log's positions have a gap", _LOG),
    Fault.TILE: ("哈希树与日志不符 / a tile is not that of the leaves", _LOG),
    Fault.ROOT: ("检查点与日志不符 / a checkpoint is not that of the leaves", _STOP),
    Fault.SIGNATURE: ("检查点签名无效 / a checkpoint is not signed as it must be", _STOP),
    Fault.UNSIGNED: ("日志已增长而未签名 / the log has grown and is not signed", _WORKER),
    Fault.BEHIND: ("数据库比见证人所见更旧: 旧备份被恢复或尾部被截 / older than what others hold: an old dump", _STOP),
    Fault.SPLIT: ("他人持有另一段历史: 账本被整体重算 / others hold another history: it was recomputed", _STOP),
    Fault.MISDATED: (
        "记录时刻与见证人签名的时刻不符 / a time of record is not between what witnesses signed of the time",
        "核对时钟, 否则从可信备份恢复 / see whether a clock was wrong; if none was, restore it from a trusted backup",
    ),
    Fault.UNASKED: (
        "见证人未能作证 / a witness shows nothing",
        "检查其地址与公钥后重试 / check its address and vkey, and try again",
    ),
}
"""What each fault is called, and what to do about it."""


def verify(
    files: Annotated[
        list[Path] | None, typer.Argument(help="文件 / offline proofs that `whistle audit export` wrote.")
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="整个账本 / the whole ledger, out of the database.")
    ] = False,
    witness: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VKEY@URL",
            help="见证人 / a witness to ask; may be given more than once. Default: WHISTLE_WITNESSES. "
            "For files: the VKEY alone, or a file with some.",
        ),
    ] = None,
    checkpoint: Annotated[
        list[Path] | None, typer.Option(help="自存的检查点 / a checkpoint that you have kept; more than once.")
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            metavar="VKEY",
            help="日志公钥 / the log's vkey. Default: this installation's; for files none is believed but those given, "
            "or those of a file.",
        ),
    ] = None,
    quorum: Annotated[
        int | None, typer.Option(min=0, help="至少几个见证 / for files: so many witnesses; default: more than half.")
    ] = None,
    tsa: Annotated[
        Path | None, typer.Option(help="时间戳机构证书 / for files: certificates (PEM) that time stamps go back to.")
    ] = None,
    database: Annotated[
        str, typer.Option(metavar="URL", help="数据库 / where it is. Default: this installation's.")
    ] = "",
    patience: Annotated[float, typer.Option(help="秒 / seconds that an event may wait for its place.")] = PATIENCE,
    machine: Machine = False,
) -> None:
    """核验 / check offline proofs, or with --all the whole ledger; exit code 1 when anything is found."""
    if bool(files) == everything:
        raise Usage("请给出文件或 --all 之一 / name files, or say --all to check the whole ledger")
    if files:
        audit_bundles.verify(files, key or [], witness or [], quorum, tsa, machine=machine)
        return
    settings = load()
    if running := instance.find(settings):
        settings = running.settings
    trusted, witnesses = _trusted(settings, key or [], witness)
    held = [*(_asked(one, trusted.origin) for one in witnesses), *(_kept(path) for path in checkpoint or [])]
    try:
        with books(database or vitals.address(settings)) as found:
            report = check(found, trusted, held, patience)
    except (Unreadable, OSError) as error:
        raise SetupError(
            f"无法读取数据库: {_first(error)}; 请检查 --database 或 WHISTLE_APP_DATABASE_URL",
            f"the database cannot be read: {_first(error)}; check --database or WHISTLE_APP_DATABASE_URL",
        ) from error
    if machine:
        render.as_json(_plain(report))
    else:
        _tell(report)
    if not report.good:
        raise typer.Exit(1)


def _trusted(settings: Settings, vkeys: list[str], named: list[str] | None) -> tuple[Trusted, tuple[Witness, ...]]:
    """Whose signatures count, and which witnesses are asked."""
    try:
        ours = tuple(Verifier.parse(vkey) for vkey in vkeys) or keys.log_verifiers(settings)
        witnesses = keys.witnesses(settings) if named is None else tuple(_named(one) for one in named)
    except NoteError as error:
        raise Usage(f"--key: {error}") from None
    if any(one.kind is not Kind.LOG or one.name != ours[0].name for one in ours):
        raise Usage("--key: 须为同一日志的公钥 / must be keys of one log")
    return Trusted(ours[0].name, ours, tuple(one.verifier for one in witnesses)), witnesses


def _named(given: str) -> Witness:
    vkey, at, rest = given.partition("@http")
    try:
        verifier = Verifier.parse(vkey)
    except NoteError as error:
        raise Usage(f"--witness {given}: {error}") from None
    if not at or verifier.kind is not Kind.WITNESS:
        raise Usage(f"--witness {given}: 应为 VKEY@URL / must be a witness's vkey, @ and its address")
    return Witness(verifier, f"http{rest}".rstrip("/"))


def _asked(witness: Witness, origin: str) -> Held:
    """What the witness last cosigned of this log."""
    url = f"{witness.url}/{hashlib.sha256(origin.encode()).hexdigest()}/checkpoint"
    try:
        with httpx.Client(timeout=SECONDS, trust_env=False) as client, client.stream("GET", url) as answer:
            if answer.status_code != 200:
                return Held(witness.name, None, witness.verifier, f"{url}: {answer.status_code}")
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > LONGEST:
                    return Held(witness.name, None, witness.verifier, f"{url}: too long")
            return Held(witness.name, body.decode(errors="replace"), witness.verifier)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return Held(witness.name, None, witness.verifier, f"{url}: {_first(error)}")


def _kept(path: Path) -> Held:
    try:
        return Held(str(path), path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Usage(f"--checkpoint {path}: {_first(error)}") from None


def _first(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _tell(report: Report) -> None:
    render.out.print(
        f"工单 / orders: {report.orders} · 事件 / events: {report.events} · 日志 / leaves: {report.leaves} · "
        f"检查点 / checkpoints: {report.checkpoints} · 见证 / witnesses and kept checkpoints: {report.witnesses}"
    )
    render.out.print(f"树根 / root: {report.root}", soft_wrap=True)
    if report.good:
        render.out.print("✓ 未发现改动 / nothing was touched", style="green")
    for fault, number in report.counts.items():
        what, remedy = SAID[fault]
        render.out.print(f"✗ {what}: {number}", style="red", soft_wrap=True, markup=False)
        for one in report.findings:
            if one.fault is fault:
                render.out.print(f"    {_where(one)}", soft_wrap=True, markup=False)
        render.out.print(f"  → {remedy}", style="yellow", soft_wrap=True, markup=False)
    if not report.witnesses:
        render.out.print(
            "! 没有见证人作证: 持有数据库与日志密钥者可整体重算而不被发现 / no witness was heard: whoever has the "
            "database and the log's key could have recomputed everything  → --witness VKEY@URL, --checkpoint FILE",
            style="yellow",
            soft_wrap=True,
        )


def _where(one: Finding) -> str:
    parts = (
        one.order_id,
        f"seq {one.seq}" if one.seq is not None else "",
        f"位置 / position {one.position}" if one.position is not None else "",
        f"大小 / size {one.size}" if one.size is not None else "",
        one.detail,
    )
    return " · ".join(part for part in parts if part)


def _plain(report: Report) -> dict[str, Any]:
    """The report for a machine."""
    names = ("order_id", "seq", "position", "size", "detail")
    return {
        "good": report.good,
        **{name: getattr(report, name) for name in ("orders", "events", "leaves", "checkpoints", "witnesses", "root")},
        "counts": {fault.value: number for fault, number in report.counts.items()},
        "findings": [
            {"fault": one.fault.value, **{name: getattr(one, name) for name in names}, "remedy": SAID[one.fault][1]}
            for one in report.findings
        ],
    }

"""`whistle audit export`, `verify` and `verifier`: an order's offline proof, and checking one."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import quote

import typer

import audit
from audit import bundle_check
from audit.bundle_check import Found, Trust, Verdict
from desk import render
from desk.client import Usage
from desk.options import AUDITOR, Api, As, desk
from notary import stamps
from notary.note import Kind, NoteError, Verifier

WORDS = {
    "malformed": "不是证明文件, 或写法不符 / no bundle, or not written as one",
    "changed": "事件内容与其哈希不符 / its hash is not that of what is recorded",
    "unlinked": "未接续前一事件 / it does not name the event before it",
    "misplaced": "序号不连续, 或属于他单 / its seq is not the next one, or it is another order's",
    "unheaded": "首部未指向最后事件 / the head does not name the last event",
    "unknown": "格式未知 / its events are of a form that is not known",
    "excluded": "不在日志中 / the last event is not shown to be in the log",
    "forged": "签名不符 / a signature is not that of the key it names",
    "unsigned": "没有受信任的日志签名 / no trusted key of the log signed it",
    "uncosigned": "见证不足 / too few of the trusted witnesses cosigned it",
    "unstamped": "时间戳不符 / the time stamp is not one over it",
    "forked": "两份历史不能同时为真 / two histories that cannot both be true",
    "cut": "较晚的文件缺少事件 / the later file lacks events that an earlier one has",
}
"""What each fault means."""


def export(
    order_id: Annotated[str, typer.Argument(help="工单号 / the order's number.")],
    out: Annotated[Path | None, typer.Option(help="写到 / where to. Default: <order>.bundle.json here.")] = None,
    uncosigned: Annotated[bool, typer.Option("--uncosigned", help="不等见证 / do not wait for the witnesses.")] = False,
    api: Api = "",
    person: As = AUDITOR,
) -> None:
    """导出离线证明 / write an order's offline proof into one file; waits until the log has it."""
    target = out or Path(f"{order_id}.bundle.json")
    query = {"cosigned": "false"} if uncosigned else {}
    with desk(api, person) as connection:
        content = connection.raw(f"/orders/{quote(order_id, safe='')}/proof/bundle", **query)
    try:
        target.write_bytes(content)
    except OSError as error:
        raise Usage(f"{target}: {error.strerror or error} · → 换一处 / name another place with --out") from error
    render.out.print(f"{target} · {len(content)} bytes", soft_wrap=True, highlight=False, markup=False)


def verify(
    files: list[Path],
    key: list[str],
    witness: list[str],
    quorum: int | None,
    tsa: Path | None,
    *,
    machine: bool,
) -> None:
    """Check offline proofs, here and without network; exit code 1 if something is wrong."""
    log, witnesses = trusted(key, Kind.LOG, "--key"), trusted(witness, Kind.WITNESS, "--witness")
    wanted = len(witnesses) // 2 + bool(witnesses) if quorum is None else quorum
    if wanted > len(witnesses):
        raise Usage("--quorum 多于 --witness / is more than there are --witness")
    trust = Trust(log, witnesses, wanted, stamps.checker(tsa) if tsa else None)
    try:
        contents = [path.read_bytes() for path in files]
    except OSError as error:
        raise Usage(f"{error.filename}: {error.strerror}") from error
    verdicts = [bundle_check.check(content, trust) for content in contents]
    between = bundle_check.compare([verdict for verdict in verdicts if not verdict.faults])
    if machine:
        shown = [_plain(path, verdict) for path, verdict in zip(files, verdicts, strict=True)]
        render.as_json({"files": shown, "between": [_fault(found) for found in between]})
    else:
        for path, verdict in zip(files, verdicts, strict=True):
            for line in told(path.name, verdict, trust):
                render.out.print(line, soft_wrap=True, highlight=False, markup=False)
        for found in between:
            render.out.print(_line("", found), style="red", soft_wrap=True, highlight=False, markup=False)
    if between or any(verdict.faults for verdict in verdicts):
        raise typer.Exit(1)


def verifier() -> None:
    """单文件核验程序 / print the single-file verifier: whistle audit verifier > verify.py."""
    sys.stdout.write(Path(audit.__file__).with_name("single.py").read_text(encoding="utf-8"))


def trusted(given: list[str], kind: Kind, option: str) -> tuple[Verifier, ...]:
    """The keys that an option names: vkeys, or files with one a line."""
    found: list[Verifier] = []
    for entry in given:
        try:
            lines = Path(entry).read_text(encoding="utf-8").splitlines() if Path(entry).is_file() else [entry]
            found += [Verifier.parse(line.strip()) for line in lines if line.strip()]
        except (OSError, UnicodeDecodeError, NoteError) as error:
            raise Usage(f"{option} {entry}: {error}") from None
    if any(verifier.kind is not kind for verifier in found):
        raise Usage(f"{option}: 公钥种类不符 / a witness's key is no log's, and the other way round")
    return tuple(dict.fromkeys(found))


def told(name: str, verdict: Verdict, trust: Trust) -> list[str]:
    """What a verdict says, in lines; with faults only these."""
    if verdict.faults:
        return [_line(name, found) for found in verdict.faults]
    lines = [
        f"✓ {name}: {verdict.order_id} · {len(verdict.hashes)} 个事件 / events, 最后 / the last at {verdict.last_at}",
        f"  日志 / log {verdict.origin}: {verdict.position} / {verdict.size}",
        f"  签名 / signed by {', '.join(verdict.signed_by)}",
        *(f"  见证 / cosigned by {witness} {_time(at)}" for witness, at in verdict.cosigned),
    ]
    if verdict.stamped:
        lines.append(f"  时间戳 / time stamp {verdict.stamped}")
    elif verdict.stamp:
        lines.append("  有时间戳, 未核验 / has a time stamp that was not checked → --tsa CERTIFICATES")
    if not trust.log:
        lines.append(
            "! 未给公钥 (--key): 只说明文件自洽, 任何人都能造出这样的文件 / no --key: the file agrees with itself, "
            "and anybody can make one that does"
        )
    elif not trust.witnesses:
        lines.append(
            "! 未给见证人 (--witness): 持有日志密钥者可以另造历史 / no --witness: whoever has the log's key could have "
            "made another history"
        )
    lines.append(
        "  此后或末尾是否另有事件, 单凭本文件不能说明 / whether events came later, or were left out at the end, "
        "the file alone does not show"
    )
    return lines


def _line(name: str, found: Found) -> str:
    where = f" · #{found.seq}" if found.seq else ""
    detail = f" · {found.detail}" if found.detail else ""
    return f"✗ {name or '文件之间 / between files'}{where}: {found.fault} · {WORDS[found.fault]}{detail}"


def _time(at: int) -> str:
    try:
        return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"@{at}"


def _fault(found: Found) -> dict[str, object]:
    return {"fault": found.fault, "seq": found.seq, "detail": found.detail}


def _plain(path: Path, verdict: Verdict) -> dict[str, object]:
    return {
        "file": str(path),
        "order_id": verdict.order_id,
        "events": len(verdict.hashes),
        "origin": verdict.origin,
        "position": verdict.position,
        "size": verdict.size,
        "signed_by": list(verdict.signed_by),
        "cosigned": [{"witness": name, "at": at} for name, at in verdict.cosigned],
        "stamped": verdict.stamped,
        "faults": [_fault(found) for found in verdict.faults],
    }

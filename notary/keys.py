"""The log's key, and the witnesses: what signs, and whom to trust, as the settings have it.

The key file has a key a line. A private key signs every new checkpoint; a vkey is one that signed once and is known
still. To change the key, put the new private key on a line above the old one: every checkpoint is then signed by both,
so that whoever trusts the old one goes on, until the old line is turned into its vkey. The origin never changes, so
witnesses go on from the checkpoint that they know, once the new vkey is among those that they take.

Beside it, `<file>.pub` has the vkeys alone, for the API, which tells them and signs nothing.
"""

from __future__ import annotations

import contextlib
import os
import stat
from dataclasses import dataclass
from pathlib import Path

from notary.note import Kind, NoteError, Signer, Verifier
from runtime.faults import SetupError
from runtime.keyfile import changing
from runtime.settings import Profile, Settings


@dataclass(frozen=True, slots=True)
class LogKeys:
    """The keys of a log: those that sign, and all that are known, the ones that sign first."""

    origin: str
    signers: tuple[Signer, ...]
    verifiers: tuple[Verifier, ...]


@dataclass(frozen=True, slots=True)
class Witness:
    """A witness: its public key, and the address under which it takes checkpoints."""

    verifier: Verifier
    url: str

    @property
    def name(self) -> str:
        """Its name."""
        return self.verifier.name


def log_keys(settings: Settings) -> LogKeys:
    """The keys that sign the log; in development they are made if they are not there.

    Raises:
        SetupError: the file is missing, damaged, or others than its owner can read it, or it is another log's.
    """
    path = settings.log_key_file
    if settings.profile is Profile.DEVELOPMENT and not path.exists():
        with changing(path):
            if not path.exists():
                write(path, [Signer.generate(settings.log_origin)])
    lines = _lines(path, private=True)
    try:
        signers = tuple(Signer.parse(line) for line in lines if line.startswith("PRIVATE+"))
        retired = tuple(Verifier.parse(line) for line in lines if not line.startswith("PRIVATE+"))
    except NoteError as error:
        raise _damaged(path, str(error)) from None
    if not signers:
        raise _damaged(path, "it has no private key")
    found = LogKeys(settings.log_origin, signers, (*(signer.verifier for signer in signers), *retired))
    _demand_ours(path, found)
    _publish(path, found)
    return found


def log_verifiers(settings: Settings) -> tuple[Verifier, ...]:
    """The public keys of the log, those that sign first; for whoever signs nothing.

    Raises:
        SetupError: no key was made or brought yet, or the file is damaged.
    """
    path = public_file(settings.log_key_file)
    if not path.exists():
        return log_keys(settings).verifiers
    try:
        return tuple(Verifier.parse(line) for line in _lines(path, private=False))
    except NoteError as error:
        raise _damaged(path, str(error)) from None


def witnesses(settings: Settings) -> tuple[Witness, ...]:
    """The witnesses that the settings name.

    Raises:
        SetupError: what stands there is no witness, or one stands there twice.
    """
    found: list[Witness] = []
    for entry in filter(None, (entry.strip() for entry in settings.witnesses.split(","))):
        vkey, _, url = entry.partition(" ")
        try:
            verifier = Verifier.parse(vkey)
        except NoteError as error:
            raise _no_witness(vkey, str(error)) from None
        if verifier.kind is not Kind.WITNESS:
            raise _no_witness(vkey, "it is a log's key")
        if any(verifier.key == other.verifier.key or verifier.name == other.name for other in found):
            raise _no_witness(vkey, "its name or key stands there twice")
        found.append(Witness(verifier, url.strip().rstrip("/")))
    return tuple(found)


def quorum(settings: Settings) -> int:
    """How many witnesses must have cosigned before a checkpoint is as good as it can be."""
    count = len(witnesses(settings))
    return min(settings.witness_quorum, count) if settings.witness_quorum else count // 2 + (count > 0)


def vkeys(path: Path) -> list[str]:
    """The public keys of a key file, as text.

    Raises:
        SetupError: it is missing, damaged, or others than its owner can read it.
    """
    try:
        return [
            Signer.parse(line).verifier.vkey if line.startswith("PRIVATE+") else Verifier.parse(line).vkey
            for line in _lines(path, private=True)
        ]
    except NoteError as error:
        raise _damaged(path, str(error)) from None


def write(path: Path, signers: list[Signer]) -> None:
    """Write private keys, a line each, in a new file that its owner alone can read, and the vkeys beside it.

    Raises:
        SetupError: the file is there already, or cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path, "".join(f"{signer.text}\n" for signer in signers), 0o600)
    except FileExistsError:
        raise SetupError(
            f"密钥文件 {path} 已存在; 不会覆盖, 请另选文件",
            f"the key file {path} is there already and is not overwritten; choose another",
        ) from None
    except OSError as error:
        raise SetupError(
            f"无法写入密钥文件 {path}: {error.strerror}; 请改正权限, 或另选文件",
            f"the key file {path} cannot be written: {error.strerror}; correct its permissions, or choose another",
        ) from None
    _publish(path, LogKeys("", tuple(signers), tuple(signer.verifier for signer in signers)))


def read_signer(path: Path) -> Signer:
    """The one private key in a file, such as a witness has.

    Raises:
        SetupError: it is missing, damaged, or others than its owner can read it.
    """
    try:
        (line,) = _lines(path, private=True)
        return Signer.parse(line)
    except ValueError as error:
        raise _damaged(path, str(error)) from None


def public_file(path: Path) -> Path:
    """Where the vkeys stand beside a key file."""
    return path.with_name(path.name + ".pub")


def _publish(path: Path, found: LogKeys) -> None:
    """Put the vkeys beside the key; a folder that only its owner may write in may have them already."""
    public, text = public_file(path), "".join(f"{verifier.vkey}\n" for verifier in found.verifiers)
    with contextlib.suppress(OSError):
        if not public.exists() or public.read_text() != text:
            draft = public.with_name(f"{public.name}.{os.getpid()}")
            draft.write_text(text)
            draft.replace(public)


def _create(path: Path, text: str, mode: int) -> None:
    """A new file, whole or not at all."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)  # unlike a rename it never takes another's place
    finally:
        draft.unlink()


def _lines(path: Path, *, private: bool) -> list[str]:
    try:
        with path.open(encoding="utf-8") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if private and mode & (stat.S_IRWXG | stat.S_IRWXO):
                raise SetupError(
                    f"密钥文件 {path} 可被他人读取 (权限 {mode:04o}); 请执行 chmod 600 {path}",
                    f"the key file {path} can be read by others (mode {mode:04o}); run chmod 600 {path}",
                )
            return [line for line in file.read().splitlines() if line]
    except FileNotFoundError:
        raise SetupError(
            f"没有日志密钥 {path}; 请以 whistle audit key 生成, 或以 WHISTLE_LOG_KEY_PATH 指明其位置",
            f"there is no key {path} that signs the log; make one with whistle audit key, "
            "or say with WHISTLE_LOG_KEY_PATH where it is",
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, str(error)) from None


def _demand_ours(path: Path, found: LogKeys) -> None:
    for verifier in found.verifiers:
        if verifier.kind is not Kind.LOG:
            raise _damaged(path, f"the key of {verifier.name} is a witness's")
        if verifier.name != found.origin:
            raise SetupError(
                f"密钥文件 {path} 属于日志 {verifier.name}, 而本日志为 {found.origin}; "
                "请改正 WHISTLE_LOG_ORIGIN 或 WHISTLE_LOG_KEY_PATH",
                f"the key file {path} is of the log {verifier.name}, and this one is {found.origin}; "
                "correct WHISTLE_LOG_ORIGIN or WHISTLE_LOG_KEY_PATH",
            )


def _damaged(path: Path, reason: str) -> SetupError:
    return SetupError(
        f"密钥文件 {path} 无法使用: {reason}; 请从备份恢复",
        f"the key file {path} cannot be used: {reason}; restore it from its backup",
    )


def _no_witness(vkey: str, reason: str) -> SetupError:
    return SetupError(
        f"WHISTLE_WITNESSES 中的 {vkey} 无效: {reason}; 请抄录 whistle witness 启动时显示的公钥",
        f"{vkey} in WHISTLE_WITNESSES is not valid: {reason}; copy the vkey that whistle witness shows at its start",
    )

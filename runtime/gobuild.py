"""Building one Go program from a locked module, with progress."""

import os
import re
import shutil
import signal
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from runtime.process import bind_to_parent

_NETWORK = re.compile(
    r"dial tcp|no such host|connection refused|i/o timeout|TLS handshake|proxyconnect|Forbidden|Bad Gateway|"
    r"Service Unavailable|toolchain not available|unrecognized import path|lookup disabled"
)


class BuildError(Exception):
    """Why a program could not be built, in both languages."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def build(module: Path, package: str, target: Path, tell: Callable[[str, str], None]) -> None:
    """Build `package` of the locked `module` into `target`; `tell` hears how far it is.

    Raises:
        BuildError: Go is missing, a download is refused, or the compiler fails.
    """
    go = shutil.which("go")
    if go is None:
        raise BuildError("未安装 Go (golang.org/dl)", "Go is not installed (golang.org/dl)")
    environment = {
        **os.environ,
        "GOTOOLCHAIN": f"go{_wanted(module)}",  # Go fetches this very version of itself, whatever is installed
        "GOWORK": "off",
        "CGO_ENABLED": "0",
    }
    fetched = 0

    def fetch(line: str) -> None:
        nonlocal fetched
        fetched += line.startswith("go: downloading")
        tell(f"已下载 {fetched} 个模块", f"fetching, {fetched} modules so far")

    tell("检查模块", "looking at the modules")
    listed = _go([go, "list", "-mod=readonly", "-deps", package], module, environment, fetch)
    total, done = len(listed), 0

    def count(_: str) -> None:
        nonlocal done
        done += 1
        tell(f"编译 {done}/{total} 个包", f"compiling, {done} of at most {total} packages")

    flags = ["-mod=readonly", "-trimpath", "-buildvcs=false", "-ldflags=-s -w", "-v"]
    _go([go, "build", *flags, "-o", str(target), package], module, environment, count)


def _wanted(module: Path) -> str:
    match = re.search(r"^go (\S+)$", (module / "go.mod").read_text(), re.MULTILINE)
    if match is None:
        raise BuildError(f"{module}/go.mod 没有 go 版本", f"{module}/go.mod names no Go version")
    return match[1]


def _go(command: list[str], module: Path, environment: dict[str, str], hear: Callable[[str], None]) -> list[str]:
    """Run Go, hand each line of its progress to `hear`, and return the lines of its output."""
    process = subprocess.Popen(
        command,
        cwd=module,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=bind_to_parent(signal.SIGTERM),
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output: list[str] = []
    reader = threading.Thread(target=lambda out=process.stdout: output.extend(out), daemon=True)
    reader.start()
    said: list[str] = []
    try:
        for line in process.stderr:
            said.append(line.strip())
            hear(line.strip())
        code = process.wait()
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait()
    reader.join()
    if code != 0:
        reason = next((line for line in said if _NETWORK.search(line)), said[-1] if said else f"code {code}")[-300:]
        if _NETWORK.search(reason):
            raise BuildError(f"Go 的下载被拒绝或不通: {reason}", f"Go's downloads are refused: {reason}")
        raise BuildError(f"go {command[1]} 失败: {reason}", f"go {command[1]} failed: {reason}")
    return [line.strip() for line in output]

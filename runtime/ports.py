"""Ports: whether one is free, who holds it, and a free run of them."""

import random
import socket

import psutil  # type: ignore[import-untyped]

from runtime.faults import SetupError

RANGE = range(20000, 31000)
"""Where free ports are looked for: below the range from which Linux takes outgoing connections' ports."""


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether a server could listen on `port` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def is_listening(port: int, host: str = "127.0.0.1") -> bool:
    """Return whether something accepts connections on `port`."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        return probe.connect_ex((host, port)) == 0


def holder(port: int) -> str | None:
    """Return 'name, pid N' of the process that listens on `port`, None if it cannot be told."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
                return f"{psutil.Process(connection.pid).name()}, pid {connection.pid}"
    except psutil.Error:
        return None
    return None


def demand(port: int, purpose: str, variable: str, host: str = "127.0.0.1") -> None:
    """Return if `port` is free.

    Raises:
        SetupError: it is taken; the line says by whom, if that can be told, and which variable moves it.
    """
    if is_free(port, host):
        return
    who = holder(port)
    by_zh, by_en = (f"被 {who} 占用", f"is taken by {who}") if who else ("已被占用", "is taken")
    raise SetupError(
        f"{purpose} 的端口 {port} {by_zh}; 请停止它, 或以 {variable} 另选端口",
        f"port {port} for {purpose} {by_en}; stop that, or choose another port with {variable}",
    )


def free_run(length: int) -> int:
    """Return the first of `length` neighbouring free ports on loopback."""
    generator = random.SystemRandom()
    for _ in range(200):
        first = generator.randrange(RANGE.start, RANGE.stop - length)
        if all(is_free(first + offset) for offset in range(length)):
            return first
    raise SetupError(
        f"找不到 {length} 个相邻的空闲端口; 请关闭一些程序",
        f"no {length} neighbouring free ports were found; stop some programs",
    )

"""The client for every HTTP call that leaves the system: it cannot be led to where only insiders should reach.

An address that somebody gave us (a provider's, a webhook's) may name a host inside our own network, or a name that
answers differently the second time. So the name is looked up here, once; all its addresses are judged; and the
connection goes to the very address that was judged, while TLS still verifies the name. What is inside on purpose is
named in the setting `outgoing_private_hosts`. A redirect is not followed; whoever follows one passes the same gate.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence

import httpcore
import httpx

from runtime.networks import Address, Hosts, as_address, hosts, numeric
from runtime.settings import Settings

MAX_ANSWER = 1024 * 1024
"""Bytes of an answer's body."""
MAX_TRIES = 4
"""Addresses of one host that a connection is tried with."""
TIMEOUT = 10.0
"""Seconds that a whole call may take, from the look-up of the name to the answer's last byte."""

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Looks up the addresses of a name, for a port; raises OSError when there are none."""

NOT_GLOBAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",
        "100.64.0.0/10",  # carriers' own, and one cloud's metadata
        "127.0.0.0/8",
        "168.63.129.16/32",  # a public address behind which one cloud serves its machines' metadata
        "169.254.0.0/16",  # link-local, and most clouds' metadata
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
        "2001::/23",  # protocols' own, and Teredo, which carries an IPv4 address
        "2001:db8::/32",
        "2002::/16",  # 6to4, which carries an IPv4 address
        "3fff::/20",
    )
)
"""Blocks of IANA's special-purpose registries that lie in what is otherwise global."""
GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
"""All that IPv6 has given out; outside it lie loopback, link-local, unique local, mapped, NAT64 and multicast."""


class OutgoingRefused(httpx.TransportError):
    """A call that is not made, or an answer that is not read; the message names host and reason, nothing secret."""

    def __init__(self, host: str, reason: str) -> None:
        super().__init__(f"{host or 'no host'}: {reason}")
        self.host = host
        self.reason = reason


def is_global(address: Address) -> bool:
    """True for an address of the open internet that carries no other address inside it."""
    if address.version == 6 and address not in GLOBAL_IPV6:
        return False
    return not any(address.version == block.version and address in block for block in NOT_GLOBAL)


def client(
    settings: Settings,
    timeout: float = TIMEOUT,
    *,
    resolve: Resolve | None = None,
    verify: ssl.SSLContext | None = None,
    max_answer: int = MAX_ANSWER,
) -> httpx.AsyncClient:
    """A client whose calls take at most `timeout` seconds and whose answers at most `max_answer` bytes; close it.

    `resolve` looks names up, by default as the system does; `verify` is whom TLS believes, by default the system's own
    certificates. Its calls raise httpx.HTTPError, of which OutgoingRefused is one. Proxies of the environment are not
    used.
    """
    return httpx.AsyncClient(
        transport=transport(settings, timeout, resolve=resolve, verify=verify, max_answer=max_answer),
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )


def transport(
    settings: Settings,
    timeout: float = TIMEOUT,
    *,
    resolve: Resolve | None = None,
    verify: ssl.SSLContext | None = None,
    max_answer: int = MAX_ANSWER,
) -> httpx.AsyncBaseTransport:
    """The same as a transport, for a library's own httpx client."""
    for name in ("httpx", "httpcore"):  # they log whole addresses, with the secrets in them
        logging.getLogger(name).setLevel(logging.WARNING)
    gate = _Gate(hosts(settings.outgoing_private_hosts), resolve or _look_up)
    ports = frozenset(int(port) for port in settings.outgoing_ports.split(","))
    return _Guarded(_Pooled(gate, verify or ssl.create_default_context()), ports, timeout, max_answer)


async def _look_up(host: str, port: int) -> list[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


class _Gate(httpcore.AsyncNetworkBackend):
    """Opens connections, to addresses that it has judged itself."""

    def __init__(self, private: Hosts, resolve: Resolve) -> None:
        self._private = private
        self._resolve = resolve
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to one of the host's addresses; raises OutgoingRefused if any of them is not to be reached."""
        addresses = await self._addresses(host.lower().rstrip("."), port)
        share = timeout and timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._inner.connect_tcp(str(address), port, share, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout):
                continue
        return await self._inner.connect_tcp(str(addresses[-1]), port, share, local_address, socket_options)

    async def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None
    ) -> httpcore.AsyncNetworkStream:
        """Raise OutgoingRefused: there is nothing outside behind a file."""
        raise OutgoingRefused(path, "a socket of this machine is nothing outside")

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)

    async def _addresses(self, host: str, port: int) -> list[Address]:
        literal = as_address(host)
        if literal is not None:
            found = [literal]
        elif numeric(host) or ":" in host:
            raise OutgoingRefused(host, "the address is not written in the usual way")
        else:
            try:
                answers = await self._resolve(host, port)
            except OSError as error:
                raise httpcore.ConnectError(f"{host}: there is no such name") from error
            found = [self._read(host, answer) for answer in dict.fromkeys(answers)]
        for address in found:
            if not (host in self._private.names or self._private.has(address) or is_global(address)):
                raise OutgoingRefused(
                    host, f"{address} is not an address of the open internet; `outgoing_private_hosts` names exceptions"
                )
        if not found:
            raise httpcore.ConnectError(f"{host}: the name has no address")
        return found[:MAX_TRIES]

    @staticmethod
    def _read(host: str, answer: str) -> Address:
        address = as_address(answer)
        if address is None:
            raise OutgoingRefused(host, "its name leads to an address with a zone")
        return address


class _Pooled(httpx.AsyncHTTPTransport):
    """httpx's transport over connections that the gate opens."""

    def __init__(self, gate: _Gate, verify: ssl.SSLContext) -> None:
        super().__init__(verify=verify, trust_env=False)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=verify, max_connections=20, keepalive_expiry=5.0, network_backend=gate
        )


class _Guarded(httpx.AsyncBaseTransport):
    """Judges what can be told from the address alone, and bounds the answer in size and time."""

    def __init__(self, inner: httpx.AsyncBaseTransport, ports: frozenset[int], seconds: float, most: int) -> None:
        self._inner = inner
        self._ports = ports
        self._seconds = seconds
        self._most = most

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, its body still to be read; raises httpx.TransportError."""
        url = request.url
        host = url.raw_host.decode("ascii", "replace")
        if url.scheme not in ("http", "https"):
            raise OutgoingRefused(host, "only http and https are spoken")
        if not host or "%" in host:
            raise OutgoingRefused(host, "the host cannot be told")
        if url.userinfo:
            raise OutgoingRefused(host, "a name or password stands in the address")
        port = url.port or (443 if url.scheme == "https" else 80)
        if port not in self._ports:
            raise OutgoingRefused(host, f"port {port} is not among `outgoing_ports`")
        request.headers["Accept-Encoding"] = "identity"  # a packed answer could grow beyond every bound
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(until):
                answer = await self._inner.handle_async_request(request)
        except TimeoutError:
            raise _too_slow(host, self._seconds) from None
        body = _Body(answer.stream, host, self._most, until, self._seconds)
        objection = self._objection(answer.headers)
        if objection:
            await body.aclose()
            raise OutgoingRefused(host, objection)
        return httpx.Response(answer.status_code, headers=answer.headers, stream=body, extensions=answer.extensions)

    def _objection(self, headers: httpx.Headers) -> str:
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._most:
            return _too_large(self._most)
        if headers.get("content-encoding", "identity").strip().lower() != "identity":
            return "the answer is packed, although that was not asked for"
        return ""

    async def aclose(self) -> None:
        """Close all connections."""
        await self._inner.aclose()


class _Body(httpx.AsyncByteStream):
    """An answer's body that ends with an error when it grows too large or takes too long."""

    def __init__(self, inner: object, host: str, most: int, until: float, seconds: float) -> None:
        assert isinstance(inner, httpx.AsyncByteStream)
        self._inner = inner
        self._host = host
        self._most = most
        self._until = until
        self._seconds = seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        chunks = aiter(self._inner)
        while True:
            try:
                async with asyncio.timeout_at(self._until):
                    chunk = await anext(chunks, None)
            except TimeoutError:
                raise _too_slow(self._host, self._seconds) from None
            if chunk is None:
                return
            received += len(chunk)
            if received > self._most:
                raise OutgoingRefused(self._host, _too_large(self._most))
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


def _too_large(most: int) -> str:
    return f"the answer is larger than {most} bytes"


def _too_slow(host: str, seconds: float) -> httpx.ReadTimeout:
    return httpx.ReadTimeout(f"{host}: no whole answer within {seconds:g} s")

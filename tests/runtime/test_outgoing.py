"""Calls go to the address that was judged, never inside, and no answer holds us up or fills us up."""

import asyncio
import datetime
import ipaddress
import logging
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from runtime import networks, outgoing
from runtime.outgoing import OutgoingRefused, is_global
from runtime.settings import SettingError, Settings, load

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"
"""Two addresses of this machine: the first is let through as if it were a public one, the second is not."""


@dataclass
class Server:
    """Answers every request with the same bytes and remembers the requests; `pause` seconds between bytes."""

    answer: bytes
    pause: float = 0.0
    seen: list[bytes] = field(default_factory=list)
    port: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            self.seen.append(await reader.readuntil(b"\r\n\r\n"))
            for piece in [self.answer] if not self.pause else [bytes([byte]) for byte in self.answer]:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(self.pause)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@dataclass
class Names:
    """Answers look-ups one after the other, the last for ever, and counts them."""

    answers: list[list[str]]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append(host)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@asynccontextmanager
async def running(
    server: Server, host: str = OUTSIDE, port: int = 0, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Server]:
    listening = await asyncio.start_server(server.serve, host, port, ssl=tls)
    server.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server


def plain(body: bytes = b"well", head: bytes = b"") -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n%s\r\n%s" % (len(body), head, body)


def allowing(port: int, hosts: str = OUTSIDE) -> Settings:
    return load(outgoing_private_hosts=hosts, outgoing_ports=f"80,443,{port}")


async def test_the_address_that_was_judged_is_the_one_connected_to_even_if_the_name_changes_its_mind() -> None:
    names = Names([[OUTSIDE], [INSIDE]])
    async with running(Server(plain(b"outside"))) as outside, running(Server(plain(b"inside")), INSIDE, outside.port):
        async with outgoing.client(allowing(outside.port), resolve=names) as client:
            url = f"http://rebinding.example.net:{outside.port}/"
            assert (await client.get(url)).text == "outside"
            assert names.asked == ["rebinding.example.net"]
            with pytest.raises(OutgoingRefused, match=r"127\.0\.0\.1 is not an address of the open internet"):
                await client.get(url)
        assert len(outside.seen) == 1


async def test_one_inner_address_among_outer_ones_is_enough_to_refuse_the_name() -> None:
    async with running(Server(plain())) as server:
        async with outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE, "10.0.0.1"]])) as client:
            with pytest.raises(OutgoingRefused, match=r"mixed\.example\.net: 10\.0\.0\.1"):
                await client.get(f"http://mixed.example.net:{server.port}/")
        assert not server.seen


async def test_a_redirect_is_not_followed_and_who_follows_one_passes_the_same_gate() -> None:
    async with running(Server(plain(b"inside")), INSIDE) as inside:
        to = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n" % inside.port
        async with running(Server(to)) as outside:
            settings = load(outgoing_private_hosts=OUTSIDE, outgoing_ports=f"{inside.port},{outside.port}")
            async with outgoing.client(settings, resolve=Names([[OUTSIDE]])) as client:
                url = f"http://moved.example.net:{outside.port}/"
                assert (await client.get(url)).status_code == 302
                with pytest.raises(OutgoingRefused, match=INSIDE):
                    await client.get(url, follow_redirects=True)
        assert not inside.seen


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/",
        "http://2130706433/",
        "http://017700000001/",
        "http://0x7f000001/",
        "http://0x7f.0.0.1/",
        "http://127.1/",
        "http://127.0.0.1./",
        "http://134744072/",
        "http://0/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://[fe80::1%25lo]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00:ec2::254]/",
        "http://localhost/",
        "http://LOCALHOST./",
        "http://public.example.net@127.0.0.1/",
        "http://public.example.net:secret@other.example.net/",
        "http://127.0.0.1\\@public.example.net/",
        "http://１２７.０.０.１/",
        "http://①②⑦.0.0.1/",
        "ftp://public.example.net/",
        "file:///etc/passwd",
        "http://public.example.net:22/",
        "https://public.example.net:5432/",
    ],
)
async def test_no_way_of_writing_an_inner_address_leads_there(url: str) -> None:
    async with outgoing.client(load()) as client:
        with pytest.raises((OutgoingRefused, httpx.UnsupportedProtocol, httpx.InvalidURL)) as refused:
            await client.get(url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("8.8.8.8", True),
        ("2400:3200::1", True),
        ("2606:4700:4700::1111", True),
        ("0.0.0.0", False),
        ("10.1.2.3", False),
        ("100.64.0.1", False),
        ("100.100.100.200", False),
        ("127.255.255.254", False),
        ("168.63.129.16", False),
        ("169.254.169.254", False),
        ("172.31.255.255", False),
        ("172.32.0.1", True),
        ("192.0.0.170", False),
        ("192.168.1.1", False),
        ("198.19.0.1", False),
        ("203.0.113.9", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::", False),
        ("::1", False),
        ("::ffff:8.8.8.8", False),
        ("::8.8.8.8", False),
        ("64:ff9b::808:808", False),
        ("64:ff9b:1::1", False),
        ("100::1", False),
        ("2001::1", False),
        ("2001:db8::1", False),
        ("2002:808:808::1", False),
        ("3fff::1", False),
        ("fc00::1", False),
        ("fd00:ec2::254", False),
        ("fe80::1", False),
        ("fec0::1", False),
        ("ff02::1", False),
    ],
)
def test_only_the_open_internet_is_global(address: str, expected: bool) -> None:
    assert is_global(ipaddress.ip_address(address)) is expected


async def test_a_name_or_a_network_that_the_operator_listed_is_reached() -> None:
    async with running(Server(plain())) as server:
        for listed in ("sms.example.net", "127.0.0.0/24"):
            settings = allowing(server.port, listed)
            async with outgoing.client(settings, resolve=Names([[OUTSIDE]])) as client:
                assert (await client.get(f"http://SMS.example.net:{server.port}/")).text == "well"
                assert (await client.get(f"http://sms.example.net.:{server.port}/")).text == "well"
        async with outgoing.client(allowing(server.port, "sms.example.net"), resolve=Names([[OUTSIDE]])) as client:
            with pytest.raises(OutgoingRefused):
                await client.get(f"http://other.sms.example.net:{server.port}/")


async def test_the_second_address_is_tried_when_nobody_listens_at_the_first() -> None:
    async with running(Server(plain())) as server:
        names = Names([["127.0.0.3", OUTSIDE]])
        async with outgoing.client(allowing(server.port, "127.0.0.0/24"), resolve=names) as client:
            assert (await client.get(f"http://twice.example.net:{server.port}/")).text == "well"


@pytest.mark.parametrize("told", [True, False])
async def test_an_answer_that_is_too_large_is_not_read(told: bool) -> None:
    body = b"x" * 5000
    answer = plain(body) if told else b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n" + body
    async with running(Server(answer)) as server:
        async with outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE]]), max_answer=4999) as client:
            with pytest.raises(OutgoingRefused, match="larger than 4999 bytes"):
                await client.get(f"http://large.example.net:{server.port}/")
        async with outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE]]), max_answer=5000) as client:
            assert len((await client.get(f"http://large.example.net:{server.port}/")).content) == 5000


async def test_a_packed_answer_is_not_unpacked() -> None:
    async with running(Server(plain(b"\x1f\x8b", b"Content-Encoding: gzip\r\n"))) as server:
        async with outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE]])) as client:
            with pytest.raises(OutgoingRefused, match="packed"):
                await client.get(f"http://packed.example.net:{server.port}/")
        assert b"accept-encoding: identity" in server.seen[0].lower()


@pytest.mark.parametrize("answer", [plain(b"x" * 500), b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 500])
async def test_an_answer_that_drips_is_given_up_when_its_time_is_over(answer: bytes) -> None:
    clock = asyncio.get_running_loop().time
    async with (
        running(Server(answer, pause=0.01)) as server,
        outgoing.client(allowing(server.port), 1.2, resolve=Names([[OUTSIDE]])) as client,
    ):
        began = clock()
        with pytest.raises(httpx.ReadTimeout, match=r"no whole answer within 1\.2 s"):
            await client.get(f"http://slow.example.net:{server.port}/?key=secret")
        assert 1.1 < clock() - began < 3


async def test_proxies_of_the_environment_are_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(Server(plain(b"proxy")), INSIDE) as proxy, running(Server(plain(b"direct"))) as server:
        for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(variable, f"http://127.0.0.1:{proxy.port}")
        async with outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE]])) as client:
            assert (await client.get(f"http://direct.example.net:{server.port}/")).text == "direct"
        assert not proxy.seen


async def test_what_is_secret_in_an_address_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with (
        running(Server(plain())) as server,
        outgoing.client(allowing(server.port), resolve=Names([[OUTSIDE]])) as client,
    ):
        with caplog.at_level(logging.INFO):
            assert (await client.get(f"http://x.example.net:{server.port}/?key=secret")).text == "well"
    assert "secret" not in caplog.text


async def test_tls_verifies_the_name_although_the_connection_goes_to_an_address(tmp_path: Path) -> None:
    certificate = _certificate("sms.example.net", tmp_path)
    offered = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    offered.load_cert_chain(certificate)
    believed = ssl.create_default_context(cafile=str(certificate))
    async with running(Server(plain()), tls=offered) as server:
        settings, names = allowing(server.port), Names([[OUTSIDE]])
        async with outgoing.client(settings, resolve=names, verify=believed) as client:
            assert (await client.get(f"https://sms.example.net:{server.port}/")).text == "well"
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await client.get(f"https://other.example.net:{server.port}/")
        async with outgoing.client(settings, resolve=names) as client:
            with pytest.raises(httpx.ConnectError, match="certificate"):
                await client.get(f"https://sms.example.net:{server.port}/")


def _certificate(name: str, folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    private = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "certificate.pem"
    path.write_bytes(private + made.public_bytes(pem))
    return path


def test_a_list_of_hosts_reads_names_addresses_and_networks() -> None:
    found = networks.hosts(" SMS.example.net., 10.1.0.0/16 ,::1")
    assert found.names == {"sms.example.net"}
    assert found.names_host("10.1.255.255")
    assert found.names_host("::1")
    assert not found.names_host("10.2.0.0")
    assert not found.names_host("example.net")


@pytest.mark.parametrize("entry", ["http://x", "10.0.0.0/33", "10.0.0.1/8", "*", "a b", "127.1", "0x7f000001"])
def test_a_list_that_is_not_understood_is_refused_when_the_settings_are_read(entry: str) -> None:
    with pytest.raises(SettingError, match="WHISTLE_OUTGOING_PRIVATE_HOSTS"):
        load(outgoing_private_hosts=entry)


def test_trusted_proxies_are_networks_and_no_names() -> None:
    with pytest.raises(SettingError, match="no names"):
        load(trusted_proxies="proxy.example.net")

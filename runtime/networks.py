"""Lists of hosts and networks as settings write them: names, addresses and CIDR blocks, apart by commas."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, slots=True)
class Hosts:
    """Names and networks; an address alone is a network of one."""

    names: frozenset[str] = frozenset()
    networks: tuple[Network, ...] = ()

    def names_host(self, host: str) -> bool:
        """True if that host name, or the address that it is, is in the list."""
        return host in self.names or ((address := as_address(host)) is not None and self.has(address))

    def has(self, address: Address) -> bool:
        """True if that address is in one of the networks."""
        return any(address.version == network.version and address in network for network in self.networks)


def hosts(text: str) -> Hosts:
    """The list that a setting means, such as `sms.example.net, 10.1.0.0/16, ::1`.

    Raises:
        ValueError: an entry is neither a host name nor a network.
    """
    names, networks = set(), []
    for entry in filter(None, (part.strip() for part in text.split(","))):
        try:
            networks.append(ipaddress.ip_network(entry))
            continue
        except ValueError:
            name = entry.lower().rstrip(".")
        if not _NAME.fullmatch(name) or numeric(name):
            raise ValueError(f"{entry!r} is neither a host name nor a network such as 10.1.0.0/16")
        names.add(name)
    return Hosts(frozenset(names), tuple(networks))


def as_address(host: str) -> Address | None:
    """The address that a host is when it is written as one in the usual way; None for a name, or with a zone."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None
    return None if getattr(address, "scope_id", None) else address


def numeric(host: str) -> bool:
    """True if the host's last part is a number, which makes it an address to resolvers, never a name."""
    return bool(_NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2].lower()))

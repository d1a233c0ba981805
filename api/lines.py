"""Whose line a request comes over: what is counted and remembered of callers whom nobody knows."""

from __future__ import annotations

import ipaddress

from starlette.types import Scope


def line(scope: Scope) -> str:
    """The caller's address, of IPv6 the network of his line."""
    host = (scope.get("client") or ("", 0))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host)
    if isinstance(address, ipaddress.IPv6Address):
        mapped = address.ipv4_mapped
        return str(mapped) if mapped else str(ipaddress.ip_network((int(address) >> 64 << 64, 64)))
    return host

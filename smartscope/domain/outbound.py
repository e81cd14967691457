"""Where the service may send what it tells: hosts an administrator named, and no address inside.

A name is resolved once and the connection goes to that very address, so that a name which changes
its mind between check and connection leads nowhere else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

#: any host on the internet, over HTTPS and its usual port
ANY_PUBLIC = "*"
HTTPS_PORT = 443
_SHARED = ipaddress.ip_network("100.64.0.0/10")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outbound:
    """One address to send to; `listed` hosts may lie inside, others never."""

    host: str
    port: int
    path: str
    secure: bool
    listed: bool


def read_outbound(url: str, hosts: Sequence[str]) -> Outbound | str:
    """The address, or why nothing may be sent there.

    `hosts` are HOST or HOST:PORT; HTTP and other ports only where HOST:PORT is listed.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "This is no address; write https://HOST/PATH."
    host = (parts.hostname or "").lower()
    if parts.scheme not in ("http", "https") or not host or parts.username or parts.password:
        return "Write https://HOST/PATH, without a name or password in it."
    secure = parts.scheme == "https"
    port = port or (HTTPS_PORT if secure else 80)
    exact, usual = f"{host}:{port}" in hosts, secure and port == HTTPS_PORT
    listed = exact or (usual and host in hosts)
    if not listed and not (usual and ANY_PUBLIC in hosts):
        return (
            f"{host}:{port} is not among the hosts that an administrator allowed; "
            "SMARTSCOPE_OUTBOUND_HOSTS lists them."
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Outbound(host=host, port=port, path=path, secure=secure, listed=listed)


def is_inside(address: str) -> bool:
    """Whether an IP address is anything but the public internet's."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None)
    if mapped is not None:
        return True
    shared = found.version == 4 and found in _SHARED
    return shared or found.is_multicast or not found.is_global

"""Who asks, as an address: behind proxies the last hop that none of ours has made up."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from django.conf import settings
from django.http import HttpRequest

#: providers hand out whole networks of this size: one person, many addresses
IPV6_PREFIX = 64
Address = IPv4Address | IPv6Address


def client_address(request: HttpRequest) -> str:
    """The client's IPv4 address, or IPv6 network; "" when a local proxy tells nothing.

    `X-Forwarded-For` is read from its end, and only as far as each hop is one of
    `TRUSTED_PROXIES`: what a client writes into it itself is never believed. A Unix socket has no
    address; only a proxy of this machine can have opened it.
    """
    peer = request.META.get("REMOTE_ADDR", "")
    hops = request.headers.get("X-Forwarded-For", "").split(",")[::-1]
    known = ""
    for hop in (peer, *hops) if peer else hops:
        address = _parsed(hop)
        if address is None:
            break
        known = _as_one(address)
        if not any(address in network for network in settings.TRUSTED_PROXIES):
            break
    return known


def _parsed(hop: str) -> Address | None:
    """An address with or without a port; None for anything else."""
    text = hop.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = getattr(address, "ipv4_mapped", None)
    return address if mapped is None else IPv4Address(int(mapped))


def _as_one(address: Address) -> str:
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, IPV6_PREFIX), strict=False))

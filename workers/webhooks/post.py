"""Send one body to one address: resolved once, never inside, no redirect, no proxy, ten seconds."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from smartscope.domain.outbound import Outbound, is_inside, read_outbound

LIMIT_S = 10.0
#: of an answer, what is read at all
MOST_ANSWER_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said; no code where it was not reached."""

    status_code: int | None
    text: str

    @property
    def taken(self) -> bool:
        return self.status_code is not None and 200 <= self.status_code < 300


def post(url: str, body: bytes, headers: Mapping[str, str], hosts: Sequence[str]) -> Answer:
    """Never raises for what a receiver does."""
    where = read_outbound(url, hosts)
    if isinstance(where, str):
        return Answer(None, where)
    try:
        address = _resolved(where)
        if address is None:
            return Answer(None, f"{where.host} lies inside; it is sent to only where it is listed.")
        return _sent(where, address, body, headers)
    except (OSError, http.client.HTTPException) as problem:
        return Answer(None, f"{type(problem).__name__}: {problem}")


def _resolved(where: Outbound) -> str | None:
    """One address of the host; None where any of them is inside and the host is not listed."""
    found = socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)
    addresses = [str(one[4][0]) for one in found]
    if not where.listed and any(is_inside(address) for address in addresses):
        return None
    return addresses[0]


def _sent(where: Outbound, address: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    raw = socket.create_connection((address, where.port), timeout=LIMIT_S)
    try:
        if where.secure:
            # the certificate is the name's, wherever the name led
            raw = ssl.create_default_context().wrap_socket(raw, server_hostname=where.host)
        connection = http.client.HTTPConnection(where.host, where.port, timeout=LIMIT_S)
        connection.sock = raw
        usual = where.port == (443 if where.secure else 80)
        name = where.host if usual else f"{where.host}:{where.port}"
        connection.request("POST", where.path, body=body, headers={**headers, "Host": name})
        answer = connection.getresponse()
        text = answer.read(MOST_ANSWER_BYTES).decode("utf-8", "replace")
        return Answer(answer.status, f"{answer.status} {answer.reason}: {text}"[:300].strip(": "))
    finally:
        raw.close()

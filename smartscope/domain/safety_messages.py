"""What the service and a safety agent tell each other: short, signed, each accepted once.

    beat     the bridge lives and holds its lease: the agent is armed
    release  the bridge has made safe and lets go: the agent is disarmed
    stop     somebody pressed the emergency stop
    status   how is the agent?
    answer   what the agent says to any of them

A message is `<HMAC-SHA256 in hex> <JSON>`. Beats and releases carry (epoch, counter), which only
grows; the others carry a random nonce that is used once. All carry their time.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from smartscope.domain.errors import SmartscopeError

LONGEST_BYTES = 1_024
SHORTEST_KEY = 32
#: a message is refused when its sender's clock and ours disagree by more, in seconds
CLOCK_SKEW_S = 120.0


class Kind(StrEnum):
    BEAT = "beat"
    RELEASE = "release"
    STOP = "stop"
    STATUS = "status"
    ANSWER = "answer"


class Forged(SmartscopeError):
    """Not signed with our key, or no message at all: it is dropped without an answer."""


class Refused(SmartscopeError):
    """Signed, but old, replayed or about another microscope."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """`time_s` is Unix time of the sender; `text` says who pressed stop, or how the agent is."""

    kind: Kind
    microscope: str
    time_s: float
    epoch: int = 0
    counter: int = 0
    nonce: str = ""
    text: str = ""


def require_key(key: str) -> bytes:
    """The key as bytes. Raises SmartscopeError when it could be guessed."""
    if len(key) < SHORTEST_KEY:
        raise SmartscopeError(
            f"The key of the safety agent needs at least {SHORTEST_KEY} characters; make one with "
            "`openssl rand -hex 32` and give it to bridge, sweeper, web and agent."
        )
    return key.encode()


def sealed(message: Message, key: bytes) -> bytes:
    """The message as it travels."""
    body = json.dumps(asdict(message), separators=(",", ":")).encode()
    return _signature(body, key) + b" " + body


def opened(data: bytes, key: bytes) -> Message:
    """Raises Forged for anything that was not sealed with this key."""
    signature, _, body = data.partition(b" ")
    if len(data) > LONGEST_BYTES or not hmac.compare_digest(signature, _signature(body, key)):
        raise Forged("This is not signed with our key.")
    try:
        fields = json.loads(body)
        if not _make_sense(fields):
            raise Forged("This is signed but its fields make no sense.")
        return Message(**(fields | {"kind": Kind(fields["kind"])}))
    except (ValueError, TypeError, KeyError) as problem:
        raise Forged(f"This is signed but no message: {problem}") from problem


def require_fresh(message: Message, *, microscope: str, now_s: float) -> None:
    """Raises Refused for another microscope, or a clock that is too far from ours."""
    if message.microscope != microscope:
        raise Refused("this message is for another microscope")
    off_s = message.time_s - now_s
    if abs(off_s) > CLOCK_SKEW_S:
        raise Refused(f"the sender's clock is {off_s:+.0f} s off; set both by NTP")


def _make_sense(fields: dict[str, Any]) -> bool:
    numbers = (fields["epoch"], fields["counter"])
    texts = (fields["microscope"], fields["nonce"], fields["text"])
    time_s = fields["time_s"]
    return (
        all(type(number) is int and 0 <= number < 2**63 for number in numbers)
        and all(isinstance(text, str) for text in texts)
        and type(time_s) in (int, float)
        and math.isfinite(time_s)
    )


def _signature(body: bytes, key: bytes) -> bytes:
    return hmac.new(key, body, hashlib.sha256).hexdigest().encode()

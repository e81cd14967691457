"""What a SerialEM answers, encoded and decoded; a client survives any bytes that come as one.

A reply's double may be NaN or infinite: what that means is its reader's decision.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from enum import IntEnum

from smartscope.microscope.serialem.wire.frames import (
    WORD_BYTES,
    BadFrame,
    Status,
    frame,
    longs_of,
    padded,
    split_frame,
    texts_of,
)

Value = float | str
MOST_VALUES = 6
_VALUE_BYTES = 4 + 8
_SCRIPT_ERROR = re.compile(r"^\s*SCRIPT ERROR WITH THIS MESSAGE:\s*|\s*\*{3,}\s*$")


class Outcome(IntEnum):
    """The `errorOccurred` of a command's reply."""

    DONE = 0
    FAILED = 1
    EXITED = -123456
    EXITED_QUIETLY = -654321
    STOPPED = -234561


@dataclass(frozen=True, slots=True)
class CommandReply:
    """How a command ended and what it reports; a failed one may report its text as first value.

    `outcome` is an `Outcome`, or any other integer of a server that is not SerialEM.
    """

    values: tuple[Value, ...] = ()
    outcome: int = Outcome.DONE

    @property
    def error_text(self) -> str:
        """A failed command's explanation without SerialEM's frame around it; perhaps empty."""
        first = self.values[0] if self.values else ""
        return unframed(first) if isinstance(first, str) else ""


def encode_status(status: int) -> bytes:
    """A reply that is a status alone: a refusal, or the leave to send a put image's pixels."""
    return frame(status)


def reply_status(whole: bytes) -> int:
    """The status a reply begins with; a negative one must come alone. Raises BadFrame."""
    status, body = split_frame(whole)
    if status < 0 and body:
        raise BadFrame(f"{len(body)} bytes follow the status {status}.", Status.WRONG_LENGTH)
    return status


def encode_command_reply(reply: CommandReply, *, encoding: str = "utf-8") -> bytes:
    """A command's reply; more values than SerialEM can send are encoded as they are.

    `encoding` is the code page of the computer that answers.
    """
    values = reply.values
    longs = (len(values) - 1, reply.outcome)
    if not values:
        return frame(Status.DONE, (*longs, 1), bytes(WORD_BYTES))
    flags = [int(isinstance(value, str)) for value in values]
    doubles = [0.0 if isinstance(value, str) else float(value) for value in values]
    texts = [value.encode(encoding) + b"\0" for value in values if isinstance(value, str)]
    numbers = struct.pack(f"<{len(values)}i{len(values)}d", *flags, *doubles)
    array = padded(b"".join((numbers, *texts)))
    return frame(Status.DONE, (*longs, len(array) // WORD_BYTES), array)


def decode_command_reply(whole: bytes) -> CommandReply:
    """A command's reply of status 0. Raises BadFrame for anything else."""
    (last, outcome, words), array = longs_of(_done(whole), 3)
    if not -1 <= last < MOST_VALUES:
        raise BadFrame(f"A reply claims {last + 1} values; the most is 6.", Status.TOO_MUCH)
    if words < 0 or len(array) != words * WORD_BYTES:
        raise BadFrame(
            f"A reply's array has {len(array)} bytes where {words} words were claimed.",
            Status.WRONG_LENGTH,
        )
    count = last + 1
    if len(array) < count * _VALUE_BYTES:
        raise BadFrame(f"{words} words do not hold {count} values.", Status.WRONG_LENGTH)
    flags = struct.unpack_from(f"<{count}i", array)
    doubles = struct.unpack_from(f"<{count}d", array, WORD_BYTES * count)
    texts = iter(texts_of(array[count * _VALUE_BYTES :], sum(flag != 0 for flag in flags)))
    values = tuple(
        next(texts) if flag else double for flag, double in zip(flags, doubles, strict=True)
    )
    return CommandReply(values, outcome)


def encode_ok_to_run_reply(granted: int) -> bytes:
    """1: control is taken; 0: busy, or it was taken already."""
    return frame(Status.DONE, (granted,))


def decode_ok_to_run_reply(whole: bytes) -> bool:
    """Whether control was taken just now. Raises BadFrame."""
    (granted,), rest = longs_of(_done(whole), 1)
    if rest:
        raise BadFrame("Bytes follow a whole reply.", Status.WRONG_LENGTH)
    return granted != 0


def decode_put_image_reply(whole: bytes) -> None:
    """Returns when the pixels may be sent. Raises BadFrame."""
    if _done(whole):
        raise BadFrame("Bytes follow a whole reply.", Status.WRONG_LENGTH)


def unframed(text: str) -> str:
    """An error's text without `SCRIPT ERROR WITH THIS MESSAGE:` before and asterisks after."""
    return _SCRIPT_ERROR.sub("", text).strip()


def _done(whole: bytes) -> bytes:
    status, body = split_frame(whole)
    if status != Status.DONE:
        raise BadFrame(f"A reply has the status {status} instead of 0.", Status.WRONG_LENGTH)
    return body

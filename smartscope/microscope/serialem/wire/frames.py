"""The outer form of every message: a length, a code, then 32-bit integers and an array of words.

Little-endian throughout, as SerialEM's own socket code (MIT) and the stock `serialem` module write
it. Nothing here knows a socket: bytes in, bytes out.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from enum import IntEnum

from smartscope.microscope.errors import ProtocolError

#: SerialEM copies larger requests from the wrong address; its own buffer holds 1,024 bytes.
LARGEST_REQUEST_BYTES = 1_019
#: What a client accepts as one reply; six texts of the longest path are far below it.
LARGEST_REPLY_BYTES = 1 << 20
#: What a server accepts before it answers `Status.TOO_MUCH`; the stock module does send some.
LARGEST_TOLERATED_REQUEST_BYTES = 1 << 16
#: The length and the function or status that every frame begins with.
SMALLEST_FRAME_BYTES = 8
WORD_BYTES = 4

_HEAD = struct.Struct("<ii")


class Function(IntEnum):
    """What a request asks for."""

    REGULAR_COMMAND = 1
    CHUNK_HANDSHAKE = 2
    OK_TO_RUN = 3
    GET_IMAGE = 4
    PUT_IMAGE = 5


class Status(IntEnum):
    """What a reply begins with; a negative one comes alone, in 8 bytes."""

    DONE = 0
    UNKNOWN_FUNCTION = -1
    NO_MEMORY = -2
    REPLY_TOO_LARGE = -3
    TOO_SHORT = -4
    TOO_MUCH = -5
    WRONG_LENGTH = -6
    CONNECTION_LOST = -8
    BUSY = -9
    STOPPED = -10


class BadFrame(ProtocolError):
    """A frame that cannot be read; `status` is what SerialEM would answer to such a request."""

    def __init__(self, message: str, status: Status) -> None:
        self.status = status
        super().__init__(message)


def frame(code: int, longs: Sequence[int] = (), words: bytes = b"") -> bytes:
    """One whole frame: `code` is the function of a request or the status of a reply.

    `longs` are signed 32-bit; `words` is appended as it is.
    """
    body = struct.pack(f"<i{len(longs)}i", code, *longs) + words
    return struct.pack("<i", WORD_BYTES + len(body)) + body


def frame_length(first_bytes: bytes, *, largest: int) -> int:
    """The total length that a frame's first four bytes declare.

    Raises BadFrame when there are fewer than four, or for a length no frame can have or that is
    over `largest`; nothing of it needs to be received then.
    """
    if len(first_bytes) < WORD_BYTES:
        raise BadFrame("The frame ended within its own length.", Status.TOO_SHORT)
    (total,) = struct.unpack_from("<i", first_bytes)
    if total < SMALLEST_FRAME_BYTES:
        raise BadFrame(f"A frame claims {total} bytes; the least is 8.", Status.TOO_SHORT)
    if total > largest:
        raise BadFrame(
            f"A frame claims {total} bytes; no more than {largest} are accepted.", Status.TOO_MUCH
        )
    return int(total)


def split_frame(whole: bytes) -> tuple[int, bytes]:
    """The code of one whole frame and what follows it. Raises BadFrame for a wrong length."""
    if len(whole) < SMALLEST_FRAME_BYTES:
        raise BadFrame(f"A frame has {len(whole)} bytes; the least is 8.", Status.TOO_SHORT)
    total, code = _HEAD.unpack_from(whole)
    if total != len(whole):
        raise BadFrame(f"A frame of {len(whole)} bytes claims {total}.", Status.WRONG_LENGTH)
    return int(code), whole[SMALLEST_FRAME_BYTES:]


def longs_of(body: bytes, count: int) -> tuple[tuple[int, ...], bytes]:
    """The first `count` integers of a frame's body and what follows them. Raises BadFrame."""
    if len(body) < count * WORD_BYTES:
        raise BadFrame(
            f"A frame holds {len(body)} bytes where {count} integers belong.", Status.WRONG_LENGTH
        )
    return struct.unpack_from(f"<{count}i", body), body[count * WORD_BYTES :]


def padded(array: bytes) -> bytes:
    """An array filled with zeros to `(bytes + 5) // 4` words, the length both peers compute."""
    return array.ljust((len(array) + 5) // WORD_BYTES * WORD_BYTES, b"\0")


def text_of(raw: bytes) -> str:
    """Text as its sender meant it: UTF-8, else the Western code page of a SerialEM computer."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def texts_of(raw: bytes, count: int) -> list[str]:
    """The first `count` NUL-terminated texts of an array. Raises BadFrame when one has no end."""
    if not count:
        return []
    pieces = raw.split(b"\0", count)
    if len(pieces) <= count:
        raise BadFrame(
            f"{count} texts were promised, {len(pieces) - 1} have an end.", Status.WRONG_LENGTH
        )
    return [text_of(piece) for piece in pieces[:count]]

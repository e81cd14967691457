"""What a client may say, encoded and decoded; the simulator's server reads with the same code.

Requests go out as one frame each. A command's arguments travel as items, each as number and as
text, because SerialEM reads whichever its command wants; `wire.arguments` makes them.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from smartscope.microscope.errors import BadArgument
from smartscope.microscope.serialem.wire.frames import (
    LARGEST_REQUEST_BYTES,
    WORD_BYTES,
    BadFrame,
    Function,
    Status,
    frame,
    longs_of,
    padded,
    split_frame,
    texts_of,
)

MOST_ARGUMENTS = 19
_ITEM_BYTES = 4 + 8


@dataclass(frozen=True, slots=True)
class Item:
    """One argument as it travels: a double and a text, of which the command takes one.

    A numeric argument whose text is empty counts as left out.
    """

    number: float
    text: str


@dataclass(frozen=True, slots=True)
class CommandRequest:
    """A command by its code, with its arguments in order."""

    code: int
    items: tuple[Item, ...] = ()


@dataclass(frozen=True, slots=True)
class OkToRunRequest:
    """May this client take control?"""


@dataclass(frozen=True, slots=True)
class ChunkHandshake:
    """A chunk of an image has arrived: send the next."""


@dataclass(frozen=True, slots=True)
class ImageRequest:
    """The image in a buffer: 0 is A, 19 is T; with `fft` the 8 buffers AF to HF."""

    buffer: int
    fft: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PutImageRequest:
    """Pixels for a buffer, which follow raw once the reply says so; `base` lends its metadata."""

    pixel_type: int
    width: int
    height: int
    total_bytes: int
    buffer: int
    base: int
    binning: int = 1
    label: int = -1
    chunks: int = 1


Request = CommandRequest | OkToRunRequest | ChunkHandshake | ImageRequest | PutImageRequest


def encode_request(request: Request) -> bytes:
    """The request as one frame.

    Raises BadArgument for one that SerialEM would corrupt: 1,020 bytes or more, too many
    arguments, text that is not ASCII or holds a NUL.
    """
    match request:
        case CommandRequest(code, items):
            return _encode_command(code, items)
        case OkToRunRequest():
            return frame(Function.OK_TO_RUN)
        case ChunkHandshake():
            return frame(Function.CHUNK_HANDSHAKE)
        case ImageRequest(buffer, fft):
            return frame(Function.GET_IMAGE, (buffer, int(fft)))
    longs = (
        request.pixel_type,
        request.width,
        request.height,
        request.total_bytes,
        request.buffer,
        request.base,
        request.binning,
        request.label,
        request.chunks,
    )
    return frame(Function.PUT_IMAGE, longs)


def decode_request(whole: bytes) -> Request:
    """The request in one whole frame, whatever its sender's padding.

    Raises BadFrame, whose `status` is SerialEM's answer.
    """
    function, body = split_frame(whole)
    if function == Function.REGULAR_COMMAND:
        return _decode_command(body)
    if function == Function.OK_TO_RUN:
        _exactly(body, 0)
        return OkToRunRequest()
    if function == Function.CHUNK_HANDSHAKE:
        _exactly(body, 0)
        return ChunkHandshake()
    if function == Function.GET_IMAGE:
        buffer, fft = _exactly(body, 2)
        return ImageRequest(buffer, fft != 0)
    if function == Function.PUT_IMAGE:
        return _decode_put(body)
    raise BadFrame(f"There is no function {function}.", Status.UNKNOWN_FUNCTION)


def _encode_command(code: int, items: tuple[Item, ...]) -> bytes:
    if len(items) > MOST_ARGUMENTS:
        raise BadArgument(
            f"Command {code} was given {len(items)} arguments; SerialEM takes at most "
            f"{MOST_ARGUMENTS}. Send fewer."
        )
    whole = frame(Function.REGULAR_COMMAND, *_command_parts(code, items))
    if len(whole) > LARGEST_REQUEST_BYTES:
        raise BadArgument(
            f"Command {code} would be {len(whole)} bytes; SerialEM corrupts requests of more than "
            f"{LARGEST_REQUEST_BYTES}. Shorten its texts or split the work."
        )
    return whole


def _command_parts(code: int, items: tuple[Item, ...]) -> tuple[tuple[int, int, int], bytes]:
    if not items:
        return (code, 0, 1), bytes(WORD_BYTES)
    count = len(items) + 1
    numbers = struct.pack(f"<{4 * count}x{count}d", 0.0, *(item.number for item in items))
    array = padded(b"".join((numbers, b"\0", *(_text_bytes(code, item.text) for item in items))))
    return (code, len(items), len(array) // WORD_BYTES), array


def _text_bytes(code: int, text: str) -> bytes:
    if not text.isascii() or "\0" in text:
        raise BadArgument(
            f"Command {code} was given the text {text[:60]!r}; SerialEM reads ASCII without NUL "
            "only. Use other characters."
        )
    return text.encode("ascii") + b"\0"


def _decode_command(body: bytes) -> CommandRequest:
    (code, last, words), array = longs_of(body, 3)
    if not 0 <= last <= MOST_ARGUMENTS or words < 0:
        raise BadFrame(f"A command claims {last} arguments in {words} words.", Status.TOO_MUCH)
    if len(array) != words * WORD_BYTES:
        raise BadFrame(
            f"A command's array has {len(array)} bytes where {words} words were claimed.",
            Status.WRONG_LENGTH,
        )
    if last == 0:
        return CommandRequest(code)
    count = last + 1
    if len(array) < count * _ITEM_BYTES:
        raise BadFrame(f"{words} words do not hold {last} arguments.", Status.WRONG_LENGTH)
    numbers = struct.unpack_from(f"<{count}d", array, 4 * count)
    texts = texts_of(array[count * _ITEM_BYTES :], count)
    return CommandRequest(code, tuple(map(Item, numbers[1:], texts[1:])))


def _decode_put(body: bytes) -> PutImageRequest:
    pixel_type, width, height, total, buffer, base, binning, label, chunks = _exactly(body, 9)
    return PutImageRequest(
        pixel_type=pixel_type,
        width=width,
        height=height,
        total_bytes=total,
        buffer=buffer,
        base=base,
        binning=binning,
        label=label,
        chunks=chunks,
    )


def _exactly(body: bytes, count: int) -> tuple[int, ...]:
    longs, rest = longs_of(body, count)
    if rest:
        raise BadFrame(f"{len(rest)} bytes follow a whole request.", Status.WRONG_LENGTH)
    return longs

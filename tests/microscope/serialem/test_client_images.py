"""Images arrive as they are, whatever their type, padding and chunks, or not at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.errors import (
    BadArgument,
    CommandFailed,
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
    ScopeBusy,
)
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.wire import ImageHeader
from tests.microscope.serialem.conftest import Meet
from tests.microscope.serialem.peer import Scene, Talk

Pixels = NDArray[Any]

RNG = np.random.default_rng(11)


def an_image(dtype: str, shape: tuple[int, ...] = (37, 53)) -> Pixels:
    return (RNG.random(shape) * 250).astype(dtype)


def serve(pixels: Pixels, *, padding: int = 0, chunks: int = 1, together: bool = False) -> Scene:
    """Serve one image, waiting for the handshake between its chunks."""
    packed = wire.header_of(pixels)
    header = wire.header_of(pixels, row_bytes=packed.row_bytes + padding, chunks=chunks)
    rows = b"".join(
        wire.rows_of(pixels)[at : at + packed.row_bytes].tobytes() + b"\xee" * padding
        for at in range(0, packed.total_bytes, packed.row_bytes)
    )

    def scene(talk: Talk) -> None:
        assert isinstance(talk.hear(), wire.ImageRequest)
        lengths = list(header.chunk_lengths())
        announced = wire.encode_image_header(header)
        if together:
            announced += rows[: lengths[0]]
        talk.say(announced)
        begun = lengths[0] if together else 0
        for place, length in enumerate(lengths[1:] if together else lengths):
            if place or together:
                assert talk.hear() == wire.ChunkHandshake()
            talk.say(rows[begun : begun + length])
            begun += length
        talk.answer({})

    return scene


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32"])
@pytest.mark.parametrize("padding", [0, 5])
@pytest.mark.parametrize("chunks", [1, 2, 7])
@pytest.mark.parametrize("together", [False, True])
def test_an_image_arrives_pixel_for_pixel(
    meet: Meet, dtype: str, padding: int, chunks: int, together: bool
) -> None:
    pixels = an_image(dtype)
    client, _ = meet(serve(pixels, padding=padding, chunks=chunks, together=together))
    arrived = client.image("B")
    assert arrived.dtype == pixels.dtype
    np.testing.assert_array_equal(arrived, pixels)
    assert client.call("Echo", "still in step") == ()


def test_the_top_row_is_the_first(meet: Meet) -> None:
    pixels = np.zeros((3, 4), np.uint8)
    pixels[0] = 9
    client, peer = meet(serve(pixels))
    assert client.image("CF")[0].tolist() == [9, 9, 9, 9]
    assert peer.heard[-1] == wire.ImageRequest(2, fft=True)


def test_colour_arrives_too(meet: Meet) -> None:
    pixels = an_image("uint8", (6, 5, 3))
    client, _ = meet(serve(pixels, padding=1))
    np.testing.assert_array_equal(client.image(), pixels)


def test_an_empty_buffer_is_no_image(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        talk.say(wire.encode_image_header(wire.NO_IMAGE))
        talk.answer({})

    client, _ = meet(scene)
    with pytest.raises(CommandFailed, match="no image in buffer A"):
        client.image("A")
    assert client.call("Echo", "still in step") == ()


def test_a_buffer_that_is_none_is_not_asked_for(meet: Meet) -> None:
    client, peer = meet(lambda talk: talk.answer({}))
    with pytest.raises(BadArgument):
        client.image("Z")
    assert len(peer.heard) == 1


SOUND = ImageHeader(pixel_type=6, row_bytes=8, width=4, height=2, total_bytes=16)
WRONG: dict[str, tuple[Callable[[Talk], object], type[InstrumentError]]] = {
    "unknown type": (
        lambda talk: talk.say(wire.encode_image_header(replace(SOUND, pixel_type=5))),
        ProtocolError,
    ),
    "absurd width": (
        lambda talk: talk.say(wire.encode_image_header(replace(SOUND, width=2**31 - 1))),
        ProtocolError,
    ),
    "negative size": (
        lambda talk: talk.say(wire.encode_image_header(replace(SOUND, total_bytes=-16))),
        ProtocolError,
    ),
    "the reply of a command": (
        lambda talk: talk.say(wire.encode_command_reply(wire.CommandReply((1.0,)))),
        ProtocolError,
    ),
    "busy": (lambda talk: talk.say(wire.encode_status(-9)), ScopeBusy),
    "stopped": (lambda talk: talk.say(wire.encode_status(-10)), OperatorStop),
    "no header": (lambda talk: None, CommandTimeout),
    "stalls in the middle": (
        lambda talk: talk.say(wire.encode_image_header(SOUND) + b"12345"),
        CommandTimeout,
    ),
    "cut in the middle": (
        lambda talk: talk.say_last(wire.encode_image_header(SOUND) + b"12345"),
        ConnectionLost,
    ),
    "never sends the second chunk": (
        lambda talk: talk.say(wire.encode_image_header(replace(SOUND, chunks=2)) + b"12345678"),
        CommandTimeout,
    ),
}


@pytest.mark.parametrize("fault", WRONG)
def test_an_image_that_does_not_come_ends_the_connection(meet: Meet, fault: str) -> None:
    act, error = WRONG[fault]

    def scene(talk: Talk) -> None:
        talk.hear()
        act(talk)
        if error is not ConnectionLost:
            talk.hear()
            talk.hear()

    client, peer = meet(scene, lambda talk: talk.answer({}))
    with pytest.raises(error):
        client.image("A")
    with pytest.raises(ConnectionLost):
        client.call("ReportClock")
    client.close()
    assert peer.commands == []


def test_a_trickle_is_ended_by_the_deadline_of_the_whole(meet: Meet) -> None:
    pixels = an_image("uint16", (8, 8))

    def scene(talk: Talk) -> None:
        talk.hear()
        talk.say(wire.encode_image_header(wire.header_of(pixels)))
        for byte in wire.rows_of(pixels).tobytes():
            talk.say(bytes([byte]), pause_s=0.02)

    client, _ = meet(scene)
    with pytest.raises(CommandTimeout):
        client.image("A", deadline_s=0.2)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint16", "float32", ">f4"])
def test_an_image_that_is_put_arrives(meet: Meet, dtype: str) -> None:
    pixels = an_image(dtype)[::-1]
    heard: list[bytes] = []

    def scene(talk: Talk) -> None:
        put = talk.hear()
        assert isinstance(put, wire.PutImageRequest)
        assert (put.width, put.height, put.buffer, put.base) == (53, 37, 19, 1)
        talk.say(wire.encode_status(0))
        heard.append(talk.receive(put.total_bytes))
        talk.answer({"ImageProperties": (53.0, 37.0, 1.0, 0.0, 1.0, -1.0)})

    client, peer = meet(scene)
    client.put_image(pixels, "T", base="B")
    little = np.dtype(dtype).newbyteorder("<")
    np.testing.assert_array_equal(np.frombuffer(heard[0], little).reshape(37, 53), pixels)
    assert peer.commands == ["ImageProperties"]


def test_an_image_that_was_not_taken_is_noticed(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        put = talk.hear()
        assert isinstance(put, wire.PutImageRequest)
        talk.say(wire.encode_status(0))
        talk.receive(put.total_bytes)
        talk.answer({"ImageProperties": (99.0, 37.0, 1.0, 0.0, 1.0, -1.0)})

    client, _ = meet(scene)
    with pytest.raises(CommandFailed, match="did not take the image"):
        client.put_image(an_image("uint8"), "T")


@pytest.mark.parametrize("status", [-2, -5])
def test_pixels_are_not_sent_where_they_are_refused(meet: Meet, status: int) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        talk.say(wire.encode_status(status))
        talk.receive(1)

    client, peer = meet(scene)
    with pytest.raises(ProtocolError):
        client.put_image(an_image("uint8"), "T")
    assert len(peer.heard) == 2


@pytest.mark.parametrize(
    ("pixels", "buffer", "base"),
    [
        (np.zeros((2, 2), np.float64), "T", "A"),
        (np.zeros((0, 2), np.uint8), "T", "A"),
        (np.zeros((2, 2), np.uint8), "AF", "A"),
        (np.zeros((2, 2), np.uint8), "A", "BF"),
        (np.zeros((2, 2), np.uint8), "", "A"),
    ],
)
def test_what_fits_no_buffer_is_not_sent(
    meet: Meet, pixels: Pixels, buffer: str, base: str
) -> None:
    client, peer = meet(lambda talk: talk.answer({}))
    with pytest.raises(BadArgument):
        client.put_image(pixels, buffer, base=base)
    assert len(peer.heard) == 1

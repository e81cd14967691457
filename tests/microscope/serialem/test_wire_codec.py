"""Whatever is sent arrives as it was meant, and whatever arrives can only be read or refused."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stn

from smartscope.microscope.errors import BadArgument, ProtocolError
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import (
    CommandSpec,
    command_named,
    commands,
    commands_by_code,
)
from smartscope.microscope.serialem.wire import (
    Argument,
    CommandReply,
    CommandRequest,
    ImageHeader,
    Item,
    Status,
)
from tests.microscope.serialem import strategies as drawn

DECODERS: dict[str, Callable[[bytes], object]] = {
    "request": wire.decode_request,
    "command reply": wire.decode_command_reply,
    "image header": wire.decode_image_header,
    "ok to run": wire.decode_ok_to_run_reply,
    "put image": wire.decode_put_image_reply,
    "status": wire.reply_status,
}


def encoded(name: str, *arguments: Any) -> bytes:
    command = command_named(name)
    return wire.encode_request(CommandRequest(command.code, wire.items_of(command, arguments)))


@pytest.mark.parametrize("name", commands())
@settings(max_examples=20)
@given(data=st.data())
def test_every_command_arrives_as_it_was_meant(name: str, data: st.DataObject) -> None:
    command = command_named(name)
    arguments = data.draw(drawn.arguments(command))
    read = wire.decode_request(encoded(name, *arguments))
    assert isinstance(read, CommandRequest)
    assert commands_by_code()[read.code] is command
    assert wire.arguments_of(command, read.items) == arguments


@given(reply=drawn.replies)
def test_every_reply_arrives_as_it_was_meant(reply: CommandReply) -> None:
    assert wire.decode_command_reply(wire.encode_command_reply(reply)) == reply


@given(call=drawn.calls())
def test_no_request_is_longer_than_serialem_can_read(
    call: tuple[CommandSpec, tuple[Argument, ...]],
) -> None:
    command, arguments = call
    assert len(encoded(command.name, *arguments)) < 1_020


def test_a_request_is_refused_one_byte_before_serialem_would_corrupt_it() -> None:
    # 20 bytes of longs and 27 + length bytes rounded up to words: 968 characters make 1,016
    longest = next(n for n in range(1_200) if _is_refused("Echo", "x" * (n + 1)))
    assert len(encoded("Echo", "x" * longest)) == 1_016
    with pytest.raises(BadArgument, match=r"1020 bytes.*Shorten"):
        encoded("Echo", "x" * (longest + 1))


def _is_refused(name: str, text: str) -> bool:
    try:
        encoded(name, text)
    except BadArgument:
        return True
    return False


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (("MoveStageTo", math.nan, 0.0), "Argument 1 of MoveStageTo is nan"),
        (("MoveStageTo", 0.0, -math.inf), "Argument 2 of MoveStageTo is -inf"),
        (("MoveStageTo", 0.0, -1e9), "left out"),
        (("MoveStageTo", 0.0, 10**400), "a number a microscope can use"),
        (("MoveStageTo", 0.0, "5"), "Argument 2 of MoveStageTo is a number"),
        (("MoveStageTo", True, 0.0), "Argument 1 of MoveStageTo is a number"),
        (("MoveStageTo", None, 0.0), "Argument 1 of MoveStageTo is a number"),
        (("MoveStageTo", 1.0), "takes 2 to 3 arguments, not 1"),
        (("MoveStageTo", 1.0, 2.0, 3.0, 4.0), "takes 2 to 3 arguments, not 4"),
        (("LoadCartridge", 1.5), "whole number"),
        (("LoadCartridge", 2**40), "whole number"),
        (("Echo",), "takes 1 to 1 arguments, not 0"),
        (("Echo", 5), "is a text"),
        (("SetDirectory", ""), "is empty"),
        (("SetDirectory", "C:\\a\nSetColumnOrGunValve 1"), "line breaks"),
        (("SetDirectory", "C:\\a\r"), "line breaks"),
        (("SetDirectory", "C:\\a\0b"), "line breaks"),
        (("SetDirectory", "C:\\Gräber"), "ASCII"),
        (("SetDirectory", "C:\\$name"), "variable"),
        (("SetVariable", "xs", "1.5\n2\nSetBeamBlank 0"), "must be one number"),
        (("SetVariable", "x\ny", "1"), "must be one number"),
        (("OpenTheValves",), "no SerialEM command 'OpenTheValves'"),
    ],
)
def test_what_serialem_would_misread_is_refused_by_name(call: tuple[str, ...], says: str) -> None:
    with pytest.raises(BadArgument, match=says):
        encoded(*call)


def test_an_array_is_a_number_a_line() -> None:
    assert b"\x001.5\n-2\n3e-2\x00" in encoded("SetVariable", "xs", "1.5\n-2\n3e-2")


@pytest.mark.parametrize(
    ("number", "text"),
    [(10.0, "10."), (-2.25, "-2.25"), (1e-7, "0."), (0.1, "0.1"), (123456789.0, "123456789.")],
)
def test_a_number_is_spelt_as_the_stock_module_spells_it(number: float, text: str) -> None:
    assert wire.float_text(number) == text


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("infile.mrc", 0.0),
        ("nan", 0.0),
        ("1.5abc", 1.5),
        (" -2e3", -2000.0),
        ("0x10", 0.0),
        ("1e999", 0.0),
        ("", 0.0),
        (".5", 0.5),
        ("٣", 0.0),
    ],
)
def test_a_name_never_becomes_a_number(text: str, number: float) -> None:
    assert wire.leading_number(text) == number


def test_numbers_of_numpy_are_numbers() -> None:
    assert encoded("LoadCartridge", np.int64(3)) == encoded("LoadCartridge", 3)
    assert encoded("TiltTo", np.float32(10.0)) == encoded("TiltTo", 10.0)


def test_a_server_sees_what_was_left_out_and_ignores_what_is_too_much() -> None:
    command = command_named("TiltTo")
    items = (Item(10.0, "10."), Item(0.0, ""), *[Item(1.0, "1")] * 4)
    assert wire.arguments_of(command, items) == (10.0, None, 1.0, 1.0)


@pytest.mark.parametrize("name", ["", "U", "AB", "IF", "a", "AFF"])
def test_a_buffer_that_is_none(name: str) -> None:
    with pytest.raises(BadArgument, match="no image buffer"):
        wire.buffer_number(name)


@pytest.mark.parametrize(
    ("frame", "status"),
    [
        ("08000000 07000000", Status.UNKNOWN_FUNCTION),
        ("0400", Status.TOO_SHORT),
        ("0c000000 03000000", Status.WRONG_LENGTH),
        ("0c000000 03000000 00000000", Status.WRONG_LENGTH),
        ("18000000 01000000 01000000 14000000 01000000 00000000", Status.TOO_MUCH),
        ("18000000 01000000 01000000 00000000 02000000 00000000", Status.WRONG_LENGTH),
        ("18000000 01000000 01000000 01000000 01000000 00000000", Status.WRONG_LENGTH),
    ],
)
def test_a_bad_request_is_answered_as_serialem_would(frame: str, status: Status) -> None:
    with pytest.raises(wire.BadFrame) as refused:
        wire.decode_request(bytes.fromhex(frame))
    assert refused.value.status is status


@pytest.mark.parametrize(
    ("first", "says"),
    [
        (b"\x08\0", "own length"),
        (struct.pack("<i", 7), "least is 8"),
        (struct.pack("<i", -1), "least is 8"),
        (struct.pack("<i", 2**31 - 1), "no more than"),
    ],
)
def test_a_length_that_no_frame_has_is_refused_before_anything_is_received(
    first: bytes, says: str
) -> None:
    with pytest.raises(ProtocolError, match=says):
        wire.frame_length(first, largest=wire.LARGEST_REPLY_BYTES)


def test_more_than_six_values_are_refused() -> None:
    whole = wire.encode_command_reply(CommandReply((0.0,) * 7))
    with pytest.raises(ProtocolError, match="7 values"):
        wire.decode_command_reply(whole)


def test_a_text_of_another_code_page_is_read() -> None:
    whole = wire.encode_command_reply(CommandReply(("Strahl unterbrochen: 5 µm Blende",)))
    foreign = wire.encode_command_reply(
        CommandReply(("Strahl unterbrochen: 5 µm Blende",)), encoding="cp1252"
    )
    assert foreign != whole
    assert wire.decode_command_reply(foreign) == wire.decode_command_reply(whole)


@pytest.mark.parametrize(
    ("framed", "text"),
    [
        ("\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\nno beam\r\n**********", "no beam"),
        ("\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\nno\r\nbeam\r\n", "no\r\nbeam"),
        ("\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\n\r\n****\r\n", ""),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_an_error_is_shown_without_serialems_frame(framed: str, text: str) -> None:
    assert CommandReply((framed,), 1).error_text == text
    assert CommandReply((), 1).error_text == ""
    assert CommandReply((5.0,), 1).error_text == ""


@given(
    pixels=st.sampled_from(["|u1", "<i2", "<u2", "<f4", ">u2"]).flatmap(
        lambda kind: stn.arrays(kind, stn.array_shapes(min_dims=2, max_dims=2, max_side=9))
    ),
    padding=st.integers(0, 7),
    chunks=st.integers(1, 5),
)
def test_pixels_arrive_with_padding_left_out(pixels: np.ndarray, padding: int, chunks: int) -> None:
    packed = wire.header_of(pixels)
    header = wire.header_of(pixels, row_bytes=packed.row_bytes + padding, chunks=1)
    rows = b"".join(
        bytes(wire.rows_of(pixels)[at : at + packed.row_bytes]) + b"\xee" * padding
        for at in range(0, packed.total_bytes, packed.row_bytes)
    )
    assert wire.decode_image_header(wire.encode_image_header(header)) == header
    read = wire.pixels_of(header, rows)
    assert read.dtype == pixels.dtype.newbyteorder("<")
    np.testing.assert_array_equal(read, pixels)
    assert sum(wire.header_of(pixels, chunks=chunks).chunk_lengths()) == pixels.nbytes


def test_colour_arrives_with_a_last_axis() -> None:
    pixels = np.arange(2 * 5 * 3, dtype=np.uint8).reshape(2, 5, 3)
    header = wire.header_of(pixels)
    assert header.pixel_type == wire.PixelType.RGB
    np.testing.assert_array_equal(wire.pixels_of(header, wire.rows_of(pixels)), pixels)


def test_pixels_that_fit_no_buffer_are_refused() -> None:
    for pixels in (np.zeros((2, 2)), np.zeros(5, np.uint8), np.zeros((2, 2, 4), np.uint8)):
        with pytest.raises(BadArgument, match="convert it"):
            wire.header_of(pixels)


@pytest.mark.parametrize(
    "change",
    [
        {"pixel_type": 3},
        {"width": 0},
        {"width": -4},
        {"width": 100_000},
        {"height": 0},
        {"row_bytes": 7},
        {"total_bytes": 17},
        {"total_bytes": -16},
        {"chunks": 0},
        {"chunks": -1},
        {"chunks": 17},
    ],
)
def test_an_absurd_image_is_refused_before_memory_is_reserved(change: dict[str, int]) -> None:
    sound = {"pixel_type": 6, "row_bytes": 8, "width": 4, "height": 2, "total_bytes": 16}
    header = ImageHeader(**({"chunks": 1} | sound | change))
    with pytest.raises(ProtocolError, match="cannot be like this"):
        wire.decode_image_header(wire.encode_image_header(header))


@pytest.mark.parametrize("decoder", DECODERS)
@given(raw=st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(decoder: str, raw: bytes) -> None:
    _read_or_refuse(decoder, raw)


@pytest.mark.parametrize("decoder", DECODERS)
@given(data=st.data())
def test_a_damaged_frame_is_read_or_refused(decoder: str, data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.one_of(_sound_requests(), _sound_replies())))
    for _ in range(data.draw(st.integers(0, 4))):
        place = data.draw(st.integers(0, len(whole) - 1))
        whole[place] ^= 1 << data.draw(st.integers(0, 7))
    cut = bytes(whole[: data.draw(st.integers(0, len(whole)))])
    # a length that fits, so that what lies below it is reached
    _read_or_refuse(decoder, struct.pack("<i", max(len(cut), 4)) + cut[4:])
    _read_or_refuse(decoder, cut)


def _read_or_refuse(decoder: str, raw: bytes) -> None:
    with suppress(ProtocolError):  # any other error is a failed test
        DECODERS[decoder](raw)


def _sound_requests() -> st.SearchStrategy[bytes]:
    return drawn.calls().map(lambda call: encoded(call[0].name, *call[1]))


def _sound_replies() -> st.SearchStrategy[bytes]:
    return st.one_of(
        drawn.replies.map(wire.encode_command_reply),
        st.just(wire.encode_image_header(wire.header_of(np.zeros((3, 4), np.uint16)))),
        st.sampled_from([wire.encode_status(-9), wire.encode_ok_to_run_reply(1)]),
    )

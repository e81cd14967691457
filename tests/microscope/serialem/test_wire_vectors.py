"""The codec writes and reads, byte for byte, what was captured from the stock `serialem` module.

`··` is a byte that its sender leaves to chance; ours is zero there.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import command_named
from smartscope.microscope.serialem.wire import CommandReply, Outcome, Status

REQUESTS: dict[str, tuple[tuple[Any, ...], str]] = {
    "V1": (("OK",), "0800000003000000"),
    "V2": (
        ("Echo", "x"),
        """34000000 01000000 5d010000 01000000 08000000  0000000000000000
           0000000000000000 0000000000000000  00 7800 ··········""",
    ),
    "V3": (
        ("MoveStageTo", 1.5, -2.25, 10.0),
        """58000000 01000000 1e010000 03000000 11000000  00000000000000000000000000000000
           0000000000000000 000000000000f83f 00000000000002c0 0000000000002440
           00 312e3500 2d322e323500 31302e00 ··········""",
    ),
    "V4": (
        ("TiltTo", 10.0, 1),
        """44000000 01000000 41000000 02000000 0c000000  000000000000000000000000
           0000000000000000 0000000000002440 000000000000f03f  00 31302e00 3100 ··········""",
    ),
    "V5": (("ReportStageXYZ",), "18000000 01000000 25010000 00000000 01000000 00······"),
    "V6": (("ReportTiltAngle",), "18000000 01000000 26010000 00000000 01000000 00······"),
    "V9": (
        ("Exit", 1),
        """34000000 01000000 08000000 01000000 08000000  0000000000000000
           0000000000000000 000000000000f03f  00 312e00 ········""",
    ),
}

REPLIES = {
    "V2": (CommandReply(), "18000000 00000000 ffffffff 00000000 01000000 00000000"),
    "V5": (
        CommandReply((1.5, -2.25, 100.0)),
        """3c000000 00000000 02000000 00000000 0a000000  000000000000000000000000
           000000000000f83f 00000000000002c0 0000000000005940 00000000""",
    ),
    "V6": (
        CommandReply((12.5,)),
        "24000000 00000000 00000000 00000000 04000000 00000000 0000000000002940 00000000",
    ),
    "V7 ReportDirectory": (
        CommandReply((r"D:\frames",)),
        """2c000000 00000000 00000000 00000000 06000000 01000000 0000000000000000
           443a5c6672616d657300 0000""",
    ),
    "V7 ReportSlotStatus": (
        CommandReply((1.0, "PFOA")),
        """34000000 00000000 01000000 00000000 08000000 0000000001000000
           000000000000f03f 0000000000000000 50464f4100 000000""",
    ),
    "V8 with text": (
        CommandReply(("no beam",), Outcome.FAILED),
        """2c000000 00000000 00000000 01000000 06000000 01000000 0000000000000000
           6e6f206265616d00 00000000""",
    ),
    "V8 without text": (
        CommandReply((), Outcome.FAILED),
        "18000000 00000000 ffffffff 01000000 01000000 00000000",
    ),
    "V8 STOP": (
        CommandReply((), Outcome.STOPPED),
        "18000000 00000000 ffffffff bf6bfcff 01000000 00000000",
    ),
    "V9 Exit(1)": (
        CommandReply((), Outcome.EXITED_QUIETLY),
        "18000000 00000000 ffffffff 0f04f6ff 01000000 00000000",
    ),
    "V9 Exit(0)": (
        CommandReply((), Outcome.EXITED),
        "18000000 00000000 ffffffff c01dfeff 01000000 00000000",
    ),
}


def captured(text: str, filler: str = "00") -> bytes:
    return bytes.fromhex(text.replace("··", filler))


def request(name: str, *arguments: wire.Argument) -> wire.Request:
    if name == "OK":
        return wire.OkToRunRequest()
    command = command_named(name)
    return wire.CommandRequest(command.code, wire.items_of(command, arguments))


@pytest.mark.parametrize("vector", REQUESTS)
def test_a_request_is_written_as_the_stock_module_writes_it(vector: str) -> None:
    call, text = REQUESTS[vector]
    assert wire.encode_request(request(*call)) == captured(text)


@pytest.mark.parametrize("vector", REQUESTS)
@pytest.mark.parametrize("filler", ["00", "41", "ff"])
def test_a_request_is_read_whatever_its_padding(vector: str, filler: str) -> None:
    call, text = REQUESTS[vector]
    read = wire.decode_request(captured(text, filler))
    assert read == request(*call)
    if isinstance(read, wire.CommandRequest):
        assert wire.arguments_of(command_named(call[0]), read.items) == call[1:]


@pytest.mark.parametrize("vector", REPLIES)
def test_a_reply_is_written_and_read_as_the_stock_module_accepted_it(vector: str) -> None:
    reply, text = REPLIES[vector]
    assert wire.encode_command_reply(reply) == captured(text)
    assert wire.decode_command_reply(captured(text)) == reply


def test_statuses_come_alone() -> None:
    assert wire.encode_status(Status.BUSY) == captured("08000000 f7ffffff")
    assert wire.encode_status(Status.STOPPED) == captured("08000000 f6ffffff")
    assert wire.reply_status(captured("08000000 f6ffffff")) == Status.STOPPED


def test_leave_to_run() -> None:
    granted = captured("0c000000 00000000 01000000")
    assert wire.encode_ok_to_run_reply(1) == granted
    assert wire.decode_ok_to_run_reply(granted)
    assert not wire.decode_ok_to_run_reply(captured("0c000000 00000000 00000000"))


def test_an_image_of_two_chunks() -> None:
    asked = captured("10000000 04000000 00000000 00000000")
    assert wire.encode_request(wire.ImageRequest(*wire.buffer_number("A"))) == asked
    announced = captured("20000000 00000000 06000000 00100000 00080000 00080000 00008000 02000000")
    header = wire.header_of(np.zeros((2048, 2048), np.uint16), chunks=2)
    assert wire.encode_image_header(header) == announced
    assert wire.decode_image_header(announced) == header
    assert list(header.chunk_lengths()) == [4194304, 4194304]
    assert wire.encode_request(wire.ChunkHandshake()) == captured("08000000 02000000")


def test_a_buffer_of_a_transform_and_an_empty_one() -> None:
    asked = captured("10000000 04000000 02000000 01000000")
    assert wire.encode_request(wire.ImageRequest(*wire.buffer_number("CF"))) == asked
    assert wire.decode_request(asked) == wire.ImageRequest(2, fft=True)
    empty = captured("20000000" + "00000000" * 7)
    assert wire.decode_image_header(empty).empty
    assert wire.encode_image_header(wire.NO_IMAGE) == empty


def test_an_image_that_is_put_into_a_buffer() -> None:
    pixels = np.zeros((2, 3), np.uint16)
    header = wire.header_of(pixels)
    put = wire.PutImageRequest(
        pixel_type=header.pixel_type,
        width=header.width,
        height=header.height,
        total_bytes=header.total_bytes,
        buffer=wire.buffer_number("T")[0],
        base=wire.buffer_number("A")[0],
    )
    sent = captured(
        """2c000000 05000000 06000000 03000000 02000000 0c000000 13000000 00000000 01000000
           ffffffff 01000000"""
    )
    assert wire.encode_request(put) == sent
    assert wire.decode_request(sent) == put
    wire.decode_put_image_reply(captured("08000000 00000000"))

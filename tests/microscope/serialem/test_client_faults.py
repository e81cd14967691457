"""Whatever a peer does, a command arrives at most once, and what it did is never guessed."""

from __future__ import annotations

import errno
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartscope.domain.errors import InstrumentError
from smartscope.microscope.errors import (
    CommandFailed,
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
    ScopeBusy,
)
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.wire import CommandReply, Outcome
from tests.microscope.serialem.conftest import HASTY, Meet
from tests.microscope.serialem.peer import Peer, Scene, Talk

DONE = wire.encode_command_reply(CommandReply())


def after_record(act: Callable[[Talk], object]) -> Scene:
    def scene(talk: Talk) -> None:
        talk.expect("Record")
        act(talk)
        with suppress(OSError):
            talk.answer({})

    return scene


def raw(*pieces: int, tail: bytes = b"") -> Callable[[Talk], None]:
    """Answer with these 32-bit words, whatever they mean."""
    return lambda talk: talk.say(struct.pack(f"<{len(pieces)}i", *pieces) + tail)


MISDEEDS: dict[str, tuple[Callable[[Talk], object], type[InstrumentError]]] = {
    "closes without a reply": (Talk.leave, ConnectionLost),
    "resets": (Talk.reset, ConnectionLost),
    "half-closes": (Talk.half_close, ConnectionLost),
    "says nothing": (lambda talk: None, CommandTimeout),
    "stops in the middle of the length": (lambda talk: talk.say(DONE[:2]), CommandTimeout),
    "stops in the middle of the reply": (lambda talk: talk.say(DONE[:13]), CommandTimeout),
    "cuts the reply": (lambda talk: talk.say_last(DONE[:13]), ConnectionLost),
    "claims 2 GiB": (raw(2**31 - 1, 0), ProtocolError),
    "claims 0 bytes": (raw(0, 0), ProtocolError),
    "claims less than nothing": (raw(-8, 0), ProtocolError),
    "claims one word too many": (raw(28, 0, -1, 0, 1, 0, 7), ProtocolError),
    "claims seven values": (raw(24, 0, 6, 0, 1, 0), ProtocolError),
    "claims values it does not send": (raw(24, 0, 2, 0, 1, 0), ProtocolError),
    "says an unknown outcome": (raw(24, 0, -1, 42, 1, 0), ProtocolError),
    "says that it was told to exit": (raw(24, 0, -1, -123456, 1, 0), ProtocolError),
    "sends garbage": (lambda talk: talk.say(b"HTTP/1.1 400 Bad Request\r\n\r\n"), ProtocolError),
    "is busy": (raw(8, -9), ScopeBusy),
    "was stopped before": (raw(8, -10), OperatorStop),
    "was stopped": (raw(24, 0, -1, -234561, 1, 0), OperatorStop),
    "failed": (raw(24, 0, -1, 1, 1, 0), CommandFailed),
    **{
        f"answers status {status}": (raw(8, status), ProtocolError)
        for status in (-1, -2, -3, -4, -5, -6, -7, -8, -99)
    },
}


@pytest.mark.parametrize("misdeed", MISDEEDS)
def test_record_arrives_once_whatever_the_peer_does(misdeed: str, meet: Meet) -> None:
    act, error = MISDEEDS[misdeed]
    client, peer = meet(after_record(act), lambda talk: talk.answer({}))
    with pytest.raises(error) as raised:
        client.call("Record")
    assert len(str(raised.value)) > 20
    if error is CommandFailed:
        assert client.call("Echo", "the link is sound") == ()
    else:
        with pytest.raises(ConnectionLost):
            client.call("Record")
    client.close()
    assert peer.commands.count("Record") == 1


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(reply=st.binary(min_size=1, max_size=60), slices=st.integers(1, 5))
def test_record_arrives_once_whatever_bytes_come_back(reply: bytes, slices: int) -> None:
    def scene(talk: Talk) -> None:
        talk.grant()
        talk.expect("Record")
        talk.say(reply, slices=slices)
        talk.leave()

    with Peer(scene, scene) as peer:
        client = SerialEmClient("127.0.0.1", peer.port, deadlines=HASTY)
        client.connect()
        with suppress(InstrumentError):
            client.call("Record")
        with suppress(InstrumentError):
            client.call("Record")
        client.abandon()
    assert peer.commands == ["Record"]


@pytest.mark.parametrize("slices", [2, 7, 60])
def test_a_reply_in_pieces_is_put_together(meet: Meet, slices: int) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("ReportSlotStatus")
        whole = wire.encode_command_reply(CommandReply((1.0, "PFOA")))
        talk.say(whole, slices=slices, pause_s=0.001)

    client, _ = meet(scene)
    assert client.call("ReportSlotStatus", 5) == (1.0, "PFOA")


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ((), ""),
        (("",), ""),
        ((3.0,), ""),
        (("no beam",), "no beam"),
        (("\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\nno beam\r\n" + "*" * 40,), "no beam"),
    ],
)
def test_a_failure_carries_serialems_own_text(
    meet: Meet, said: tuple[wire.Value, ...], text: str
) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("AutoFocus")
        talk.reply(*said, outcome=Outcome.FAILED)

    client, _ = meet(scene)
    with pytest.raises(CommandFailed) as failed:
        client.call("AutoFocus")
    assert failed.value.text == text
    assert text in str(failed.value)
    assert "AutoFocus" in str(failed.value)


def test_a_failure_in_another_code_page_is_read(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("AutoFocus")
        failed = CommandReply(("Schärfe außer Reichweite", 1.0), Outcome.FAILED)
        talk.say(wire.encode_command_reply(failed, encoding="cp1252"))

    client, _ = meet(scene)
    with pytest.raises(CommandFailed, match="Schärfe außer Reichweite"):
        client.call("AutoFocus")


def test_values_that_are_no_numbers_come_through_for_their_reader_to_judge(meet: Meet) -> None:
    client, _ = meet(lambda talk: talk.answer({"ReportStageXYZ": (float("nan"), 1e300, "x")}))
    x, y, z = client.call("ReportStageXYZ")
    assert (x != x, y, z) == (True, 1e300, "x")


@pytest.mark.parametrize("begun", [0, 3, 13])
def test_a_late_reply_is_still_read(meet: Meet, begun: int) -> None:
    whole = wire.encode_command_reply(CommandReply((0.0, 0.0)))

    def scene(talk: Talk) -> None:
        talk.expect("Record")
        talk.say(whole[:begun])
        assert late.wait(5)
        talk.say(whole[begun:])
        talk.receive(1)

    late = threading.Event()
    client, peer = meet(scene)
    with pytest.raises(CommandTimeout, match=r"Record has not ended within 0\.2 s"):
        client.call("Record")
    assert client.await_late_reply(0.05) is None
    with pytest.raises(ConnectionLost, match="missed its deadline"):
        client.call("ReportClock")
    late.set()
    assert client.await_late_reply(5.0) == (0.0, 0.0)
    with pytest.raises(ConnectionLost):
        client.await_late_reply(1.0)
    with pytest.raises(ConnectionLost):
        client.call("ReportClock")
    client.close()
    assert peer.commands == ["Record"]


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda talk: talk.reply("no beam", outcome=Outcome.FAILED), CommandFailed),
        (lambda talk: talk.reply(outcome=Outcome.STOPPED), OperatorStop),
        (lambda talk: talk.say(wire.encode_status(-9)), ScopeBusy),
        (lambda talk: talk.say(b"\xff" * 8), ProtocolError),
        (Talk.leave, ConnectionLost),
    ],
)
def test_a_late_reply_means_what_a_timely_one_would(
    meet: Meet, act: Callable[[Talk], object], error: type[InstrumentError]
) -> None:

    late = threading.Event()

    def scene(talk: Talk) -> None:
        talk.expect("Record")
        assert late.wait(5)
        act(talk)
        with suppress(OSError):
            talk.receive(1)

    client, peer = meet(scene)
    with pytest.raises(CommandTimeout):
        client.call("Record", deadline_s=0.05)
    late.set()
    with pytest.raises(error):
        client.await_late_reply(5.0)
    with pytest.raises(ConnectionLost):
        client.await_late_reply(5.0)
    assert peer.commands == ["Record"]


def test_a_peer_that_trickles_does_not_outlive_the_deadline(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("Record")
        talk.say(struct.pack("<i", 900_000) + bytes(2_000), slices=2_000, pause_s=0.0005)
        talk.receive(1)

    client, _ = meet(scene)
    began_s = time.monotonic()
    with pytest.raises(CommandTimeout):
        client.call("Record", deadline_s=0.1)
    assert time.monotonic() - began_s < 0.6


def test_a_computer_that_vanished_is_a_lost_connection_not_a_late_reply(meet: Meet) -> None:
    """What the kernel says when keepalive gives up, which no local peer can bring about."""

    class Vanished:
        def settimeout(self, seconds: float) -> None:
            """As a socket."""

        def recv_into(self, target: memoryview) -> int:
            raise OSError(errno.ETIMEDOUT, "Connection timed out")

    client, _ = meet(lambda talk: talk.answer({}))
    link = client._link
    assert link is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(link, "_socket", Vanished())
        with pytest.raises(ConnectionLost, match="timed out"):
            link.receive_frame(until_s=time.monotonic() + 1.0)


def test_no_late_reply_is_awaited_where_none_is_due(meet: Meet) -> None:
    client, _ = meet(lambda talk: talk.answer({}))
    with pytest.raises(ConnectionLost, match="No late reply"):
        client.await_late_reply(0.1)
    assert client.call("Echo", "unharmed") == ()


def test_closing_does_not_disturb_a_command_that_may_still_run(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("Record")
        talk.answer({})

    client, peer = meet(scene)
    with pytest.raises(CommandTimeout):
        client.call("Record", deadline_s=0.05)
    client.close()
    assert peer.commands == ["Record"]

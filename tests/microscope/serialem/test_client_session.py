"""A session from the first question for control to the last word, in order and out of it."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from smartscope.microscope.errors import (
    BadArgument,
    CommandRefused,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
    ScopeBusy,
)
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import commands
from smartscope.microscope.serialem.deadlines import DEFAULTS, PATIENCE
from smartscope.microscope.serialem.wire import Outcome, Status
from tests.microscope.serialem.conftest import HASTY, Meet
from tests.microscope.serialem.peer import Scene, Talk


def test_control_is_asked_for_before_anything_else(meet: Meet) -> None:
    client, peer = meet(lambda talk: talk.answer({"ReportTiltAngle": (12.5,)}))
    assert client.call("ReportTiltAngle") == (12.5,)
    assert peer.heard[0] == wire.OkToRunRequest()
    client.close()
    assert peer.commands == ["ReportTiltAngle", "Exit"]


def test_control_that_was_ours_already_is_found_out_by_a_harmless_question(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        talk.say(wire.encode_ok_to_run_reply(0))
        talk.expect("ReportClock")
        talk.reply(77.0)
        talk.answer({"ReportTiltAngle": (1.0,)})

    client, _ = meet(scene, granted=False)
    client.connect()
    assert client.call("ReportTiltAngle") == (1.0,)


def test_a_question_that_fails_proves_control_too(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        talk.say(wire.encode_ok_to_run_reply(0))
        talk.expect("ReportClock")
        talk.reply("no clock", outcome=Outcome.FAILED)
        talk.answer({})

    client, _ = meet(scene, granted=False)
    client.connect()
    assert client.call("Echo", "here") == ()


@pytest.mark.parametrize(
    ("status", "error"), [(Status.BUSY, ScopeBusy), (Status.STOPPED, OperatorStop)]
)
@pytest.mark.parametrize("asked_again", [False, True])
def test_control_that_is_refused(
    meet: Meet, status: Status, error: type[Exception], asked_again: bool
) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        if asked_again:
            talk.say(wire.encode_ok_to_run_reply(0))
            talk.expect("ReportClock")
        talk.say(wire.encode_status(status))
        talk.answer({})

    client, peer = meet(scene, granted=False)
    with pytest.raises(error):
        client.connect()
    client.close()
    assert len(peer.heard) == 1 + asked_again


@pytest.mark.parametrize("asked_again", [False, True])
def test_silence_at_the_start_is_perhaps_a_dialog(meet: Meet, asked_again: bool) -> None:
    def scene(talk: Talk) -> None:
        talk.hear()
        if asked_again:
            talk.say(wire.encode_ok_to_run_reply(0))
            talk.hear()
        talk.receive(1)

    client, _ = meet(scene, granted=False)
    with pytest.raises(ScopeBusy, match="dialog"):
        client.connect()


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
    client = SerialEmClient("127.0.0.1", port, deadlines=HASTY)
    with pytest.raises(ConnectionLost, match="EnableExternalPython"):
        client.connect()


@pytest.mark.parametrize(("host", "port"), [("127.0.0.1", 70_000), ("a..b", 48888)])
def test_an_address_that_is_none(host: str, port: int) -> None:
    with pytest.raises(ConnectionLost, match="cannot be reached"):
        SerialEmClient(host, port, deadlines=HASTY).connect()


def test_a_server_that_leaves_at_once(meet: Meet) -> None:
    client, _ = meet(Talk.leave, granted=False)
    with pytest.raises(ConnectionLost):
        client.connect()


def test_a_used_client_is_never_used_again(meet: Meet) -> None:
    client, peer = meet(lambda talk: talk.answer({}), lambda talk: talk.answer({}))
    client.close()
    client.close()
    with pytest.raises(ConnectionLost, match="new client"):
        client.connect()
    with pytest.raises(ConnectionLost, match="not sent"):
        client.call("ReportClock")
    with pytest.raises(ConnectionLost):
        client.image("A")
    assert peer.commands == ["Exit"]


def test_a_client_that_was_never_connected_sends_nothing() -> None:
    client = SerialEmClient("127.0.0.1", 1, deadlines=HASTY)
    with pytest.raises(ConnectionLost, match="connect first"):
        client.call("ReportClock")
    client.close()
    with pytest.raises(ConnectionLost):
        client.connect()


@pytest.mark.parametrize("argument", [0, 1])
def test_after_exit_nothing_more_is_sent(meet: Meet, argument: int) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("Exit")
        talk.reply(outcome=Outcome.EXITED_QUIETLY if argument else Outcome.EXITED)
        talk.answer({})

    client, peer = meet(scene)
    assert client.call("Exit", argument) == ()
    with pytest.raises(ConnectionLost):
        client.call("ReportClock")
    assert peer.commands == ["Exit"]


@pytest.mark.parametrize("at", ["during", "between"])
def test_after_the_operators_stop_not_even_exit_is_sent(meet: Meet, at: str) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("MoveStageTo")
        if at == "during":
            talk.reply(outcome=Outcome.STOPPED)
        else:
            talk.say(wire.encode_status(Status.STOPPED))
        talk.answer({})

    client, peer = meet(scene)
    with pytest.raises(OperatorStop, match="operator has control"):
        client.call("MoveStageTo", 1.0, 2.0)
    with pytest.raises(ConnectionLost):
        client.call("MoveStageTo", 1.0, 2.0)
    client.close()
    assert peer.commands == ["MoveStageTo"]


def test_control_that_was_lost_in_between_is_not_retaken(meet: Meet) -> None:
    def scene(talk: Talk) -> None:
        talk.expect("ReportClock")
        talk.say(wire.encode_status(Status.BUSY))
        talk.answer({})

    client, peer = meet(scene)
    with pytest.raises(ScopeBusy):
        client.call("ReportClock")
    client.close()
    assert peer.commands == ["ReportClock"]


def test_another_client_in_our_place_is_noticed_before_anything_is_sent(meet: Meet) -> None:
    left = threading.Event()

    def scene(talk: Talk) -> None:
        talk.leave()
        left.set()

    client, peer = meet(scene)
    assert left.wait(5)
    with pytest.raises(ConnectionLost, match=r"nothing was sent.*Another client"):
        client.call("Record")
    assert peer.commands == []


def test_a_reply_nobody_asked_for_is_noticed_before_anything_is_sent(meet: Meet) -> None:
    said = threading.Event()

    def scene(talk: Talk) -> None:
        talk.expect("ReportClock")
        talk.say(wire.encode_command_reply(wire.CommandReply((1.0,))) * 2)
        said.set()
        talk.answer({})

    client, peer = meet(scene)
    assert client.call("ReportClock") == (1.0,)
    assert said.wait(5)
    with pytest.raises(ProtocolError, match="out of step"):
        client.call("Record")
    assert peer.commands == ["ReportClock"]


def test_a_second_thread_is_refused_instead_of_queued(meet: Meet) -> None:
    arrived, answer = threading.Event(), threading.Event()

    def scene(talk: Talk) -> None:
        talk.expect("MoveStageTo")
        arrived.set()
        assert answer.wait(5)
        talk.reply()
        talk.answer({})

    client, peer = meet(scene)
    mover = threading.Thread(target=client.call, args=("MoveStageTo", 1.0, 2.0))
    mover.start()
    assert arrived.wait(5)
    with pytest.raises(CommandRefused, match="Another thread"):
        client.call("ReportClock")
    answer.set()
    mover.join(5)
    assert client.call("Echo", "still in step") == ()
    assert peer.commands == ["MoveStageTo", "Echo"]


def test_another_thread_may_cut_a_waiting_call_short(meet: Meet) -> None:
    arrived = threading.Event()

    def scene(talk: Talk) -> None:
        talk.expect("LoadCartridge")
        arrived.set()
        talk.receive(1)

    client, peer = meet(scene)

    def cut() -> None:
        assert arrived.wait(5)
        client.close()

    cutter = threading.Thread(target=cut)
    cutter.start()
    began_s = time.monotonic()
    with pytest.raises(ConnectionLost):
        client.call("LoadCartridge", 3)
    cutter.join(5)
    assert time.monotonic() - began_s < 3
    assert peer.commands == ["LoadCartridge"]


@pytest.mark.parametrize(
    "call",
    [
        ("MoveStageTo", float("nan"), 0.0),
        ("SetDirectory", "C:\\a\nSetColumnOrGunValve 1"),
        ("Echo", "x" * 1_000),
        ("FlyToTheMoon",),
        ("Pause", "look"),
        ("OKBox", "look"),
        ("ReportNumExeFuncs",),
        ("DriftWaitTask", 1.0, "A", "long"),
    ],
)
def test_what_must_not_be_sent_is_refused_and_the_link_stays_sound(
    meet: Meet, call: tuple[str, ...]
) -> None:
    client, peer = meet(lambda talk: talk.answer({}))
    with pytest.raises(BadArgument):
        client.call(*call)
    assert client.call("Echo", "still here") == ()
    assert peer.commands == ["Echo"]


def play_version(release: int, *, steady: bool = True, length: float = 790.0) -> Scene:
    def scene(talk: Talk) -> None:
        while True:
            request = talk.hear()
            assert isinstance(request, wire.CommandRequest)
            if request.code == commands()["ReportNumExeFuncs"].code:
                talk.reply(length)
            elif request.code == commands()["IsVersionAtLeast"].code:
                asked = int(request.items[0].text)
                talk.reply(float(asked <= release and (len(request.items) == 1 or steady)))
            else:
                talk.reply()

    return scene


@pytest.mark.parametrize(
    ("release", "known", "may_send"),
    [
        (40000, "4.0", {"ReportApertureSize": False, "StartTry": False, "Exit": True}),
        (40100, "4.1", {"ReportApertureSize": True, "StartTry": False}),
        (40227, "4.2", {"ReportApertureSize": True, "StartTry": True, "ReportLoadedSlot": False}),
        (40300, "4.3", {"ReportLoadedSlot": True, "AssessPolygonMontage": True}),
    ],
)
def test_only_what_this_version_knows_is_sent(
    meet: Meet, release: int, known: str, may_send: dict[str, bool]
) -> None:
    length = {40000: 601.0, 40100: 721.0, 40227: 790.0, 40300: 841.0}[release]
    client, _ = meet(play_version(release, length=length))
    assert str(client.learn_version()) == str(client.version) == known
    assert client.version.at_least(4, 0)
    for name, sent in may_send.items():
        arguments = (1, 2)[: commands()[name].minimum]
        if sent:
            assert client.call(name, *arguments) == ()
            if name == "Exit":
                return
        else:
            with pytest.raises(BadArgument, match=f"does not know {name}"):
                client.call(name, *arguments)


@pytest.mark.parametrize(("release", "steady"), [(30800, True), (40300, False)])
def test_a_version_whose_codes_are_others_is_refused(
    meet: Meet, release: int, steady: bool
) -> None:
    client, _ = meet(play_version(release, steady=steady))
    with pytest.raises(CommandRefused, match="install"):
        client.learn_version()


@pytest.mark.parametrize("length", [float("nan"), -1.0, 0.0, 1e9])
def test_a_length_that_no_list_has_is_not_believed(meet: Meet, length: float) -> None:
    client, _ = meet(play_version(40200, length=length))
    with pytest.raises(ProtocolError, match="no list's length"):
        client.learn_version()
    assert str(client.version) == "4.0"


def test_a_version_that_is_none_is_not_believed(meet: Meet) -> None:
    client, _ = meet(lambda talk: talk.answer({"IsVersionAtLeast": ("yes",)}))
    with pytest.raises(ProtocolError, match="0 or 1"):
        client.learn_version()


def test_every_command_of_the_table_of_deadlines_exists() -> None:
    assert set(PATIENCE) <= set(commands())


@pytest.mark.parametrize(
    ("call", "seconds"),
    [
        (("ReportStageXYZ",), 15),
        (("SetColumnOrGunValve", 0), 60),
        (("MoveStageTo", 0.0, 0.0), 120),
        (("Record",), 150),
        (("AutoFocus",), 300),
        (("Eucentricity", 1), 600),
        (("FixComaByCTF",), 900),
        (("DriftWaitTask", 1.0, "A", 200.0), 320),
        (("LoadCartridge", 1), 1200),
        (("LongOperation", "FF", "0"), 1500),
        (("LongOperation", "Re", "0"), 3600),
        (("Delay", 2.0, "min"), 135),
        (("Delay", 500.0), 15.5),
    ],
)
def test_patience_by_kind_of_command(call: tuple[str, ...], seconds: float) -> None:
    name, *arguments = call
    assert DEFAULTS.of(name, tuple(arguments)) == pytest.approx(seconds)


def test_patience_for_pixels_grows_with_them() -> None:
    assert DEFAULTS.of_pixels(50_000_000) == pytest.approx(20)

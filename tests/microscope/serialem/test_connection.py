"""What is found out when control is taken, against a SerialEM that says what a test lets it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from smartscope.domain.errors import InstrumentError, LeaseLost
from smartscope.microscope.errors import (
    BadInstrumentSettings,
    CommandRefused,
    CommandTimeout,
    OperatorStop,
    ProtocolError,
)
from smartscope.microscope.permit import AlwaysPermitted
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import commands_by_code
from smartscope.microscope.serialem.connection import Connected, take_control
from smartscope.microscope.serialem.deadlines import Deadlines
from smartscope.microscope.serialem.settings import settings_from
from tests.microscope.rig import Leash
from tests.microscope.serialem.peer import Peer, Talk, Value
from tests.microscope.serialem.site import site

#: what a real 4.1 would answer; a text alone is an error, None no answer at all
REAL: dict[str, tuple[Value, ...] | str | None] = {
    "GetVariable": "Variable is not defined",
    "ReportNumExeFuncs": (721.0,),
    "CameraProperties": (5760.0, 4092.0, 0.0, 5.0, 0.1, 1.0),
    "ReportClock": (1.0,),
    "ReportStageXYZ": (0.0, 0.0, 0.0),
    "ReportTiltAngle": (0.0,),
    "ReportImageShift": (0.0,) * 6,
    "ReportLowDose": (1.0, 3.0),
    "ReportMagIndex": (30.0, 0.0),
    "ReportDefocus": (0.0,),
    "ReportColumnOrGunValve": (0.0,),
    "ReportUserSetting": (5.0,),
}
PATIENT, HASTY = Deadlines(quick_s=15.0), Deadlines(quick_s=0.8)
OLDER_THAN = {"40000": 1.0, "40100": 1.0, "40200": 0.0}


def plays(**changes: Any) -> Callable[[Talk], None]:
    """A scene that grants control and answers from the table."""
    answers = REAL | changes
    known = OLDER_THAN | changes.get("versions", {})

    def scene(talk: Talk) -> None:
        talk.grant()
        while True:
            request = talk.hear()
            assert isinstance(request, wire.CommandRequest)
            name = commands_by_code()[request.code].name
            said = answers.get(name, ())
            if name == "IsVersionAtLeast":
                version = " ".join(item.text for item in request.items)
                said = (known.get(version, known.get(version.split()[0], 0.0)),)
            if name == "Exit":
                talk.reply(outcome=wire.Outcome.EXITED_QUIETLY)
            elif isinstance(said, str):
                talk.reply(said, outcome=wire.Outcome.FAILED)
            elif said is not None:
                talk.reply(*said)

    return scene


def control(peer: Peer, *, deadlines: Deadlines = PATIENT, **settings: Any) -> Connected:
    chosen = settings_from(site() | settings)
    client = SerialEmClient("127.0.0.1", peer.port, deadlines=deadlines)
    try:
        return take_control(chosen, client, AlwaysPermitted(), epoch=12)
    finally:
        client.abandon()


def test_a_real_instrument_is_taken_over_in_this_order() -> None:
    with Peer(plays()) as peer:
        found = control(peer)
    assert not found.simulated
    assert (str(found.version), found.camera_px) == ("4.1", (5760, 4092))
    assert found.knows("BufImageToStageMatrix")
    assert not found.knows("ReportLoadedSlot")
    assert peer.commands[:2] == ["NoMessageBoxOnError", "GetVariable"]
    echo = peer.heard[1 + peer.commands.index("Echo")]
    assert isinstance(echo, wire.CommandRequest)
    assert "smartscope epoch=12" in [item.text for item in echo.items]
    moving = [name for name in peer.commands if not name.startswith(("Report", "Is", "Get"))]
    assert moving == ["NoMessageBoxOnError", "SuppressReports", "Echo", "CameraProperties"]


@pytest.mark.parametrize("said", ["is not a recognized user setting", (), ("often",)])
def test_without_closing_of_its_own_nothing_is_set(said: Any) -> None:
    with Peer(plays(ReportUserSetting=said)) as peer:
        control(peer)
    assert "SetUserSetting" not in peer.commands


def test_closing_that_is_not_taken_is_told_and_the_night_goes_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with Peer(plays(ReportUserSetting=(0.0,))) as peer:
        control(peer)
    assert peer.commands.count("SetUserSetting") == 1
    assert "does not read 10" in caplog.text


@pytest.mark.parametrize(
    ("said", "settings", "kind", "words"),
    [
        ({}, {"control_port": 5}, BadInstrumentSettings, "no simulator"),
        ({"GetVariable": (1.0,)}, {}, ProtocolError, "smartscopeUndefined"),
        ({"GetVariable": None}, {}, CommandTimeout, "message box"),
        ({"versions": {"40000": 0.0}}, {}, CommandRefused, "older than 4.0"),
        (
            {"versions": {"40200": 1.0, "40300": 1.0, "40300 20260301": 0.0}},
            {},
            CommandRefused,
            "March 2026",
        ),
        ({"CameraProperties": (float("nan"),) * 6}, {}, ProtocolError, "CameraProperties"),
        ({"CameraProperties": ()}, {}, ProtocolError, "CameraProperties"),
        ({"versions": {"40100": 0.0}}, {}, BadInstrumentSettings, "atlas_mag"),
        (
            {"versions": {"40100": 0.0}},
            {"atlas_state": None, "atlas_mag": 135.0},
            BadInstrumentSettings,
            "cannot_tell",
        ),
    ],
)
def test_what_cannot_be_driven_is_left_again(
    said: dict[str, Any],
    settings: dict[str, Any],
    kind: type[InstrumentError],
    words: str,
) -> None:
    with Peer(plays(**said)) as peer, pytest.raises(kind, match=words):
        control(peer, deadlines=HASTY if kind is CommandTimeout else PATIENT, **settings)
    if kind is not CommandTimeout:
        assert peer.commands[-1] == "Exit"
    assert not [name for name in peer.commands if name.startswith("Set")]


def test_a_lease_that_is_gone_opens_no_connection() -> None:
    leash = Leash()
    leash.cut()
    client = SerialEmClient("127.0.0.1", 9, deadlines=HASTY)
    with pytest.raises(LeaseLost):
        take_control(settings_from(site()), client, leash, epoch=1)


def test_a_stop_pressed_before_we_came_is_respected() -> None:
    def stopped(talk: Talk) -> None:
        talk.grant()
        talk.hear()
        talk.say(wire.encode_status(wire.Status.STOPPED))

    with Peer(stopped) as peer, pytest.raises(OperatorStop):
        control(peer)
    assert peer.commands == ["NoMessageBoxOnError"], "not even Exit is sent"

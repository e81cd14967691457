"""STOP, silence and a lost lease end a connection: what they say is told, and nothing more sent."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.errors import LeaseLost
from smartscope.microscope.errors import CommandTimeout, OperatorStop
from smartscope.microscope.registry import connect, open_clock
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.connection import take_control
from smartscope.microscope.serialem.deadlines import Deadlines
from smartscope.microscope.serialem.driver import SerialEmMicroscope
from smartscope.microscope.serialem.settings import settings_from
from tests.microscope.rig import Leash
from tests.microscope.serialem.served import ServedRig, served
from tests.microscope.serialem.site import site


@contextmanager
def impatient(tmp_path: Path, deadlines: Deadlines) -> Iterator[tuple[ServedRig, Any]]:
    """A rig whose first connection has left, and a driver with little patience in its place."""
    with served(tmp_path, error_scale=0) as (rig, server):
        rig.microscope.close()
        frames = rig.settings["frames_mount"]
        settings = settings_from(
            site(port=server.port, control_port=server.control_port, frames_mount=frames)
        )
        client = SerialEmClient("127.0.0.1", server.port, deadlines=deadlines)
        connected = take_control(settings, client, rig.leash, epoch=4)
        clock = open_clock("serialem", rig.settings)
        microscope = SerialEmMicroscope(settings, connected, permit=rig.leash, clock=clock)
        yield rig, microscope
        microscope.close()


def late(command: str, delay_s: float) -> dict[str, Any]:
    return {"kind": "late_reply", "nth": 1, "command": command, "parameters": {"delay_s": delay_s}}


def test_a_late_reply_that_says_stop_is_the_operators_word(tmp_path: Path) -> None:
    """The command is over, and so is our turn: who takes it for a mere reply takes control back."""
    with impatient(tmp_path, Deadlines(move_s=0.2)) as (rig, microscope):
        rig.plan(late("TiltTo", 0.5), {"kind": "operator_stop", "nth": 1, "command": "TiltTo"})
        with pytest.raises(CommandTimeout):
            microscope.stage.tilt_to(10.0)
        with pytest.raises(OperatorStop):
            microscope.await_reply(5.0)


def test_a_valve_that_does_not_answer_is_no_failed_action(tmp_path: Path) -> None:
    """Its reply is still due, and nothing else can be sent before it came."""
    with impatient(tmp_path, Deadlines(optics_s=0.2)) as (rig, microscope):
        rig.plan(late("SetColumnOrGunValve", 0.5))
        before = len(rig.sent())
        with pytest.raises(CommandTimeout):
            microscope.safe_state()
        assert microscope.await_reply(5.0)
        assert rig.sent()[before:] == ["SetColumnOrGunValve"]


@pytest.mark.parametrize("permits", [1, 3, 8, 14])
def test_a_lease_lost_while_connecting_leaves_without_a_word(tmp_path: Path, permits: int) -> None:
    """`Exit` would end the control of whoever holds the microscope now."""
    with served(tmp_path, error_scale=0) as (rig, _):
        leash = Leash(cut_after=permits)
        before = len(rig.sent())
        with pytest.raises(LeaseLost):
            connect("serialem", rig.settings, permit=leash, clock=rig.clock, epoch=4)
        sent = rig.sent()[before:]
        assert "Exit" not in sent
        assert "NoMessageBoxOnError" in sent or permits == 1

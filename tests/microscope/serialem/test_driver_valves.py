"""Valves that do not do what they are told: told once, and never taken for closed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartscope.microscope.errors import CommandRefused, ValvesClosed
from smartscope.microscope.procedures.exchange import open_valves
from smartscope.microscope.simulator.console import Action
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.values import Area
from tests.microscope.serialem.served import ServedRig, served


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        yield ready


def press(rig: ServedRig, action: Action) -> None:
    with ControlClient(rig.server.control_port) as control:
        control.press(action)


def test_valves_that_do_not_open_are_told_to_once(rig: ServedRig) -> None:
    """An error that is tried again would tell them again."""
    rig.microscope.column.close_valves()
    before = rig.sent().count("SetColumnOrGunValve")
    rig.plan({"kind": "valve_refuses", "nth": 1, "count": 9})
    with pytest.raises(ValvesClosed, match="did not open"):
        rig.run(open_valves(rig.microscope))
    assert rig.sent().count("SetColumnOrGunValve") == before + 1


def test_valves_that_read_neither_open_nor_closed_are_not_closed(rig: ServedRig) -> None:
    """Nothing is exposed through them, no grid is exchanged, and no report calls them safe."""
    before = len(rig.sent())
    press(rig, Action.JAM_VALVES)
    status = rig.microscope.column.status()
    assert status.valves_unclear
    assert not status.valves_open
    assert not status.valves_closed
    report = rig.microscope.safe_state()
    assert not report.valves_closed
    assert [name for name, trouble in report.actions if trouble] == ["close_valves"]
    for command, error in (
        (rig.microscope.column.close_valves, CommandRefused),
        (rig.microscope.column.open_valves, ValvesClosed),
        (rig.microscope.column.flash_gun, CommandRefused),
        (lambda: rig.microscope.camera.image(Area.HOLE), ValvesClosed),
        (lambda: rig.microscope.autoloader.load(2), CommandRefused),
    ):
        with pytest.raises(error):
            command()
    moved = {"View", "LoadCartridge", "UnloadCartridge", "LongOperation"}
    assert not moved & set(rig.sent()[before:])
    press(rig, Action.FREE_VALVES)
    assert rig.microscope.safe_state().valves_closed

"""A hand at the console is felt by whoever drives the microscope, without a connection."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from smartscope.microscope.errors import CommandRefused, LoadFailed, OperatorStop, ValvesClosed
from smartscope.microscope.procedures.atlas import atlas
from smartscope.microscope.procedures.readiness import tripped
from smartscope.microscope.procedures.requests import AtlasRequest
from smartscope.microscope.simulator.console import Action, press
from smartscope.microscope.values import Area
from tests.microscope.rig import OpenRig, Rig


def test_a_stop_at_the_console_holds_exposures_until_somebody_resumes(
    rig: Rig, tmp_path: Path
) -> None:
    rig.ready()
    press(tmp_path / "world", Action.PRESS_STOP)
    request = AtlasRequest(item="atlas", columns=1, rows=1)
    with pytest.raises(OperatorStop):
        rig.run(atlas(rig.microscope, request))
    assert len(rig.scope.world.exposures) == 0
    press(tmp_path / "world", Action.RESUME)
    rig.run(atlas(rig.microscope, request))
    assert len(rig.scope.world.exposures) == 1


@pytest.mark.parametrize(
    ("action", "code", "error"),
    [
        (Action.CLOSE_VALVES, "valves", ValvesClosed),
        (Action.LOWER_SCREEN, "screen", CommandRefused),
        (Action.TRIP_HIGH_TENSION, "high_tension", CommandRefused),
    ],
)
def test_what_the_console_does_is_seen_before_the_next_dose(
    rig: Rig, tmp_path: Path, action: Action, code: str, error: type[Exception]
) -> None:
    rig.ready()
    press(tmp_path / "world", action)
    status = rig.microscope.column.status()
    assert code in [each.code for each in tripped(status, status.read_at_s)]
    with pytest.raises(error):
        rig.run(atlas(rig.microscope, AtlasRequest(item="atlas", columns=1, rows=1)))


def test_jammed_valves_are_neither_open_nor_closed_until_a_person_frees_them(
    rig: Rig, tmp_path: Path
) -> None:
    rig.ready()
    press(tmp_path / "world", Action.JAM_VALVES)
    status = rig.microscope.column.status()
    assert status.valves_unclear
    assert not status.valves_open
    assert not status.valves_closed
    assert not rig.microscope.safe_state().valves_closed
    for command, error in (
        (rig.microscope.column.close_valves, CommandRefused),
        (rig.microscope.column.open_valves, ValvesClosed),
        (rig.microscope.column.flash_gun, CommandRefused),
        (lambda: rig.microscope.autoloader.load(2), CommandRefused),
        (lambda: rig.microscope.camera.image(Area.SQUARE), ValvesClosed),
    ):
        with pytest.raises(error):
            command()
    press(tmp_path / "world", Action.FREE_VALVES)
    assert rig.microscope.safe_state().valves_closed
    assert rig.microscope.column.status().valves_closed


def test_a_lost_vacuum_closes_the_valves_and_keeps_them_closed(rig: Rig, tmp_path: Path) -> None:
    rig.ready()
    press(tmp_path / "world", Action.SPOIL_VACUUM)
    assert not rig.microscope.column.status().vacuum_ready
    with pytest.raises(Exception, match="vacuum"):
        rig.microscope.column.open_valves()
    press(tmp_path / "world", Action.RESTORE_VACUUM)
    rig.microscope.column.open_valves()


def test_a_person_recovers_a_faulted_autoloader(open_rig: OpenRig, tmp_path: Path) -> None:
    rig = open_rig(faults=[{"kind": "load_failure", "nth": 1}])
    with pytest.raises(LoadFailed):
        rig.microscope.autoloader.load(1)
    press(tmp_path / "world", Action.RESET_AUTOLOADER)
    rig.microscope.autoloader.load(1)
    assert rig.microscope.autoloader.loaded() == 1


def test_stale_state_counts_as_bad(rig: Rig) -> None:
    status = rig.ready().microscope.column.status()
    assert tripped(status, status.read_at_s) == ()
    assert [each.code for each in tripped(status, status.read_at_s + 31.0)] == ["stale"]


def test_the_dewars_are_filled_again_and_again(rig: Rig) -> None:
    began_s, starts, was = rig.scope.world.began_at_s, [], False
    for minute in range(12 * 60):
        rig.clock.wait_until(began_s + 60.0 * minute)
        now = rig.microscope.column.refills().refilling
        if now and not was:
            starts.append(minute)
        was = now
    assert len(starts) == 3
    assert all(180 <= later - earlier <= 200 for earlier, later in pairwise(starts))


def test_a_blanked_beam_makes_dark_images_until_the_valves_are_opened_anew(rig: Rig) -> None:
    rig.ready().microscope.stage.move_to(rig.good_square())
    rig.microscope.column.blank_beam()
    dark = rig.microscope.camera.image(Area.SQUARE).pixels
    rig.microscope.column.open_valves()
    lit = rig.microscope.camera.image(Area.SQUARE).pixels
    assert float(dark.mean()) < 0.05 * float(lit.mean())

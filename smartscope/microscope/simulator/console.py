"""What somebody standing at the simulated microscope may do while a client drives it.

The hand at the console needs no connection: `python -m smartscope.microscope.simulator.console
DATA_DIR ACTION` leaves a note in the world's folder, which the microscope obeys before its next
command. Nothing of this exists on a real instrument.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path

from smartscope.microscope.simulator.state import ColumnState, LoaderStatus
from smartscope.microscope.simulator.world import World

NOTES = "console"


class Action(StrEnum):
    """Buttons of the console."""

    PRESS_STOP = "press_stop"
    RESUME = "resume"
    RESET_AUTOLOADER = "reset_autoloader"
    CLOSE_VALVES = "close_valves"
    JAM_VALVES = "jam_valves"
    FREE_VALVES = "free_valves"
    LOWER_SCREEN = "lower_screen"
    RAISE_SCREEN = "raise_screen"
    LOSE_BEAM = "lose_beam"
    RESTORE_BEAM = "restore_beam"
    TRIP_HIGH_TENSION = "trip_high_tension"
    RESTORE_HIGH_TENSION = "restore_high_tension"
    SPOIL_VACUUM = "spoil_vacuum"
    RESTORE_VACUUM = "restore_vacuum"


FAR_AWAY_S = 1e12
_COLUMN: Mapping[Action, Callable[[ColumnState], ColumnState]] = {
    Action.PRESS_STOP: lambda column: replace(column, operator_stop=True),
    Action.RESUME: lambda column: replace(column, operator_stop=False),
    Action.CLOSE_VALVES: lambda column: replace(column, valves_open=False),
    Action.JAM_VALVES: lambda column: replace(column, valves_jammed=True),
    Action.FREE_VALVES: lambda column: replace(column, valves_jammed=False),
    Action.LOWER_SCREEN: lambda column: replace(column, screen_down=True),
    Action.RAISE_SCREEN: lambda column: replace(column, screen_down=False),
    Action.LOSE_BEAM: lambda column: replace(column, beam_lost=True),
    Action.RESTORE_BEAM: lambda column: replace(column, beam_lost=False),
    Action.TRIP_HIGH_TENSION: lambda column: replace(column, high_tension_on=False),
    Action.RESTORE_HIGH_TENSION: lambda column: replace(column, high_tension_on=True),
    # The vendor's interlock closes the valves when the vacuum goes.
    Action.SPOIL_VACUUM: lambda column: replace(
        column, vacuum_ready_at_s=FAR_AWAY_S, valves_open=False
    ),
    Action.RESTORE_VACUUM: lambda column: replace(column, vacuum_ready_at_s=0.0),
}


def press(data_dir: Path, action: Action) -> None:
    """Leave a note for the microscope; it is obeyed before the next command of any client."""
    notes = data_dir / NOTES
    notes.mkdir(parents=True, exist_ok=True)
    part = notes / f".{secrets.token_hex(4)}"
    part.write_text(action.value)
    part.replace(notes / f"{len(list(notes.glob('*.note'))):04d}-{secrets.token_hex(4)}.note")


def obey(world: World) -> None:
    """Do what the notes say, oldest first, and take them away."""
    notes = world.directory / NOTES
    if not notes.is_dir():
        return
    for note in sorted(notes.glob("*.note")):
        _do(world, Action(note.read_text()))
        note.unlink()


def _do(world: World, action: Action) -> None:
    if action in _COLUMN:
        world.put(column=_COLUMN[action](world.state.column))
        return
    loader = world.state.autoloader
    if loader.status is LoaderStatus.FAULTED:
        # A person has put the grid back into its slot by hand.
        world.put(autoloader=replace(loader, status=LoaderStatus.IDLE, loaded_slot=None))


def main() -> None:
    """Press one button."""
    parser = argparse.ArgumentParser(description="The simulated microscope's console.")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("action", type=Action, choices=list(Action))
    chosen = parser.parse_args()
    press(chosen.data_dir, chosen.action)


if __name__ == "__main__":
    main()

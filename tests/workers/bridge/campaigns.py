"""Campaigns: sessions in which the bridge dies again and again, each time at another place.

Together they visit every place a clean session passes; deaths of one kind of step are dealt out so
that no target dies more often than a night would forgive.
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from pathlib import Path

from smartscope.domain.clock import Clock
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import Facility, ProcessDeath, dies_at, facility, small_world

#: in the order in which a clean session passes them for the first time
PLACES = [
    "command:inventory",
    "before_arm",
    "command:doubt",
    "armed",
    "command:status",
    "command:position",
    "command:loaded",
    "decided",
    "load_grid:begun",
    "command:close_valves",
    "command:set_image_shift",
    "load_grid:before_issue",
    "load_grid:issued",
    "command:load",
    "load_grid:before_complete",
    "load_grid:completed",
    "open_valves:begun",
    "open_valves:before_issue",
    "open_valves:issued",
    "command:open_valves",
    "open_valves:before_complete",
    "open_valves:completed",
    "command:areas",
    "atlas:begun",
    "command:go_to",
    "command:tilt_to",
    "command:move_to",
    "atlas:before_issue:atlas",
    "atlas:issued:atlas",
    "command:montage",
    "atlas:produced:atlas",
    "atlas:written:atlas",
    "atlas:recorded:atlas",
    "atlas:before_complete",
    "atlas:completed",
    "waiting",
    "square:begun",
    "square:before_issue:square",
    "square:issued:square",
    "command:eucentric_height",
    "command:image",
    "square:produced:square",
    "square:written:square",
    "square:recorded:square",
    "square:before_complete",
    "square:completed",
    "expose:begun",
    "expose:before_issue:view",
    "expose:issued:view",
    "expose:produced:view",
    "expose:written:view",
    "expose:recorded:view",
    "command:autofocus",
    "expose:before_fail",
    "expose:failed",
    "command:require_possible",
    "expose:before_issue:h0001",
    "expose:issued:h0001",
    "command:record",
    "expose:produced:h0001",
    "expose:written:h0001",
    "expose:recorded:h0001",
    "expose:before_issue:h0002",
    "expose:issued:h0002",
    "expose:produced:h0002",
    "expose:written:h0002",
    "expose:recorded:h0002",
    "expose:before_complete",
    "expose:completed",
    "grid_finished",
    "safe_state:begun",
    "command:blank_beam",
    "safe_state:before_complete",
    "safe_state:completed",
    "finishing",
    "ended",
]
CAMPAIGNS = 8
RECOVERY = [
    "expose:written:h0001",
    "before_unknown",
    "unknown",
    "before_adopt",
    "adopted",
    "before_recovered",
    "recovered",
]

#: a pause of a person, from its first wait on; after the closing the safe state is not sought again
IN_A_PAUSE = [
    "waiting",
    "decided",
    "safe_state:begun",
    "command:close_valves",
    "command:blank_beam",
]
#: and the way back after a person resumed
AFTER_A_PAUSE = [
    "command:inventory",
    "decided",
    "open_valves:begun",
    "open_valves:issued",
    "open_valves:completed",
]


def quick_house(directory: Path) -> Facility:
    """One grid, one square, one group of two holes, found at once."""
    house = facility(
        directory,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        # The first autofocus fails, so that the way of a failed step is walked as well.
        world=small_world(directory, faults=[{"kind": "autofocus_no_lock", "nth": 1}]),
    )
    house.analyse = find_quickly
    return house


#: Blanking the beam is part of the safe state, which is not sought twice; an exposure is asked
#: about before it is issued, so its death costs an attempt and no hole. A death while recording
#: costs one of the two holes: it is dealt to a session in which the other is not lost.
_ALONE = {
    "command:blank_beam": "safe_state",
    "command:require_possible": "asked",
    "command:record": "open_valves",
}


def campaign(number: int) -> list[str]:
    """Its places: of each kind of step every eighth."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for place in PLACES:
        kind = _ALONE.get(place, place.partition(":")[0])
        kinds[kind].append(place)
    mine = {place for places in kinds.values() for place in places[number::CAMPAIGNS]}
    return [place for place in PLACES if place in mine]


def live_through(house: Facility, places: list[str]) -> list[str]:
    """Bridges die at one place after the other; then one lives to the end. Where they died."""
    died = []
    for place in [*places, ""]:
        dies_at(place, 1)
        bridge = house.bridge()
        try:
            bridge.run_until_idle()
        except ProcessDeath:
            died.append(place)
        finally:
            bridge.die()
    return died


def live_through_a_pause(house: Facility, places: list[str]) -> list[str]:
    """As `live_through`, ending when the column was closed and control could be given back."""
    died = []
    for place in [*places, ""]:
        dies_at(place, 1)
        bridge = house.bridge()
        house.during_nap = partial(_minutes_pass, bridge.helm.clock)
        try:
            bridge.run_until_idle()
            assert not bridge.helm.microscope.column.status().valves_open
        except ProcessDeath:
            died.append(place)
        finally:
            house.during_nap = lambda: None
            bridge.die()
    return died


def _minutes_pass(clock: Clock) -> None:
    """Somebody makes the microscope wait."""
    clock.wait_until(clock.now() + 400.0)

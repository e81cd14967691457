"""What a column needs from time to time: when each is due, and where the beam is tuned.

Each is counted from when it was last tried, by the journal, or last seen done, by the instrument:
what failed is not tried again and again, and a flash is never repeated by itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from smartscope.domain.geometry import Point
from smartscope.domain.snapshot import GridPicture, Snapshot
from smartscope.domain.steps import (
    Decision,
    ExposeGroup,
    FlashGun,
    RefineZeroLoss,
    Step,
    TuneBeam,
    UpdateDarkReference,
)

HOUR_S = 3600.0
#: how far from the middle of a group the beam may be tuned (µm), and in how many directions
DISTANCES_UM = (1.2, 1.6, 2.0, 2.4)
DIRECTIONS = 16


def closed_upkeep(snapshot: Snapshot, grid: GridPicture) -> Step | None:
    """What is due that needs closed valves, or closes them itself; before the beam is let in."""
    protocol, instrument = grid.protocol, snapshot.instrument
    if _due(snapshot, "flash_gun", protocol.gun_flash_interval_h, instrument.gun_flashed_at_s):
        return FlashGun(grid.id)
    hours = protocol.dark_reference_interval_h
    if hours is not None and _due(snapshot, "dark_reference", hours, None):
        return UpdateDarkReference(grid.id, hours)
    return None


def open_upkeep(snapshot: Snapshot, grid: GridPicture, work: Decision) -> Step | None:
    """What is due that needs the beam on this grid, before `work`."""
    protocol, instrument = grid.protocol, snapshot.instrument
    if instrument.energy_filter and _zero_loss_due(snapshot, protocol.zero_loss_interval_h):
        return RefineZeroLoss(grid.id)
    if not instrument.tunes or not isinstance(work, ExposeGroup):
        return None
    if not _due(snapshot, "tune_beam", protocol.tuning_interval_h, None):
        return None
    targets = _targets(grid, work)
    return TuneBeam(grid.id, *between(work.centre, targets))


def between(centre: Point, targets: Iterable[Point]) -> tuple[Point, float]:
    """The place near `centre` that is farthest from every target, and its distance from `centre`.

    Ties go to the nearer place, then to the first direction, so the same holes give the same place.
    """
    known = list(targets)
    places = [
        (reach, Point(centre.x_um + reach * math.cos(angle), centre.y_um + reach * math.sin(angle)))
        for reach in DISTANCES_UM
        for angle in (2.0 * math.pi * step / DIRECTIONS for step in range(DIRECTIONS))
    ]
    reach, place = max(
        places, key=lambda each: round(min(each[1].distance_um(t) for t in known), 6)
    )
    return place, reach


def _targets(grid: GridPicture, work: ExposeGroup) -> list[Point]:
    """Every hole known in the group's square, and where the beam will go in the group itself."""
    square = next(each for each in grid.squares if each.id == work.square)
    known = [hole.target for group in square.groups for hole in group.holes]
    return [*known, *(shot.target for shot in work.shots), work.centre]


def _zero_loss_due(snapshot: Snapshot, interval_h: float | None) -> bool:
    """By the instrument alone: a refinement that failed must not be passed over."""
    last = snapshot.instrument.zero_loss_at_s
    return interval_h is not None and (last is None or snapshot.now_s - last >= interval_h * HOUR_S)


def _due(snapshot: Snapshot, kind: str, interval_h: float | None, seen_at_s: float | None) -> bool:
    if interval_h is None:
        return False
    tried_at_s = snapshot.upkeep.get(kind)
    times = [time_s for time_s in (tried_at_s, seen_at_s) if time_s is not None]
    return not times or snapshot.now_s - max(times) >= interval_h * HOUR_S

"""Which square to image and which group to expose next, and why: people's first, then the cheapest
way from where the stage is.

Nothing is remembered between decisions: the tour is found anew from the rows and the present
position, so a restart, a new label or a moved stage changes nothing but what it should.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from smartscope.domain.geometry import Point
from smartscope.domain.ordering import MOST_IN_ONE_PATH, Stop, best_order, length_um
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import GridPicture, GroupPicture, SquarePicture
from smartscope.domain.status import TargetStatus
from smartscope.domain.travel import TravelModel


@dataclass(frozen=True, slots=True)
class NextSquare:
    """The square to image and the reason, a phrase that begins small."""

    square: SquarePicture
    why: str


@dataclass(frozen=True, slots=True)
class NextGroup:
    """The group to expose, its square, and the reason."""

    square: SquarePicture
    group: GroupPicture
    why: str


def square_to_image(grid: GridPicture, stage: Point) -> NextSquare | None:
    """The first of the tour over the queued squares; those that people queued come first."""
    queued = [square for square in grid.squares if square.status is TargetStatus.QUEUED]
    wanted = [square for square in queued if square.by_person] or queued
    if not wanted:
        return None
    wanted.sort(key=lambda square: square.number)
    stops = [Stop(square.stage, square.number, square.id, first_visit=True) for square in wanted]
    order = best_order(stage, stops, _model(grid.protocol), here=_square_at(grid, stage))
    path = [stops[index] for index in order]
    first = wanted[order[0]]
    return NextSquare(first, _why(path, stage, "square", by_person=first.by_person))


def group_to_expose(grid: GridPicture, stage: Point) -> NextGroup | None:
    """The first of the path over the waiting groups, which ends towards the next square."""
    ready = [
        (square, group)
        for square in grid.squares
        for group in square.groups
        if can_expose(square, group)
    ]
    wanted = (
        [pair for pair in ready if pair[1].by_person]
        or [pair for pair in ready if pair[0].by_person]
        or ready
    )
    if not wanted:
        return None
    wanted.sort(key=lambda pair: (pair[0].number, pair[1].number))
    stops = [Stop(group.centre, number, square.id) for number, (square, group) in enumerate(wanted)]
    here = _square_at(grid, stage)
    onwards = square_to_image(grid, stage) if len(stops) <= MOST_IN_ONE_PATH else None
    order = best_order(
        stage,
        stops,
        _model(grid.protocol),
        here=here,
        end=None if onwards is None else onwards.square.stage,
    )
    square, group = wanted[order[0]]
    by_person = group.by_person or square.by_person
    path = [stops[index] for index in order]
    return NextGroup(square, group, _why(path, stage, "group", by_person=by_person))


def can_expose(square: SquarePicture, group: GroupPicture) -> bool:
    """Whether a group waits for its dose and nobody skipped its square."""
    return (
        group.status is TargetStatus.QUEUED
        and square.status is not TargetStatus.SKIPPED
        and any(hole.status is TargetStatus.QUEUED for hole in group.holes)
    )


def _model(protocol: CollectionProtocol) -> TravelModel:
    return TravelModel(drift_limit_angstrom_per_s=protocol.drift_limit_angstrom_per_s)


def _square_at(grid: GridPicture, stage: Point) -> object:
    """The square the stage is in: the one whose centre is nearest."""
    nearest = min(
        grid.squares,
        key=lambda square: (stage.distance_um(square.stage), square.number),
        default=None,
    )
    return None if nearest is None else nearest.id


def _why(path: Sequence[Stop], stage: Point, what: str, *, by_person: bool) -> str:
    """What a person asks first: whose choice it was, how many wait, how far it is."""
    away_um = stage.distance_um(path[0].at)
    whose = "queued by a person; " if by_person else ""
    if len(path) == 1:
        return f"{whose}the only {what} waiting, {away_um:.0f} µm away"
    among = f"first of {len(path)} {what}s"
    if len(path) > MOST_IN_ONE_PATH:
        among += f", of which the nearest {MOST_IN_ONE_PATH} were put in order,"
    way_um = length_um(stage, path[:MOST_IN_ONE_PATH])
    return f"{whose}{among} on the cheapest path of {way_um:.0f} µm, {away_um:.0f} µm away"

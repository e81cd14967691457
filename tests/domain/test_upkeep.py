"""Upkeep is due by the clock, tried once when due, and tunes the beam where no hole is."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.geometry import Point
from smartscope.domain.planner import next_step
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.snapshot import Instrument, Seen, Snapshot, Wish
from smartscope.domain.status import GridStatus, TargetStatus
from smartscope.domain.steps import (
    ExposeGroup,
    FlashGun,
    ImageAtlas,
    LoadGrid,
    OpenValves,
    Step,
    TuneBeam,
    UpdateDarkReference,
)
from smartscope.domain.upkeep import DISTANCES_UM, between
from tests.domain.pictures import grid_picture
from tests.domain.rows import cassette

HOUR_S = 3600.0
EVERY = CollectionProtocol(
    gun_flash_interval_h=8.0, dark_reference_interval_h=12.0, tuning_interval_h=4.0
)


def night(now_h: float, *, ready: bool = False, **instrument: object) -> Snapshot:
    """One grid on the stage; `ready`: its one group waits for its dose."""
    (grid,) = cassette(1, 1, 1, 2)
    grid.status = GridStatus.LOADED
    if ready:
        grid.atlas, grid.seen, grid.status = True, Seen.READY, GridStatus.WORKING
        grid.squares = grid.plan
        grid.squares[0].status = TargetStatus.ANALYSED
        grid.squares[0].seen, grid.squares[0].groups = Seen.READY, grid.squares[0].plan
    defaults: dict[str, object] = {
        "has_autoloader": True, "loaded_position": 1, "valves_open": True,
        "stage": Point(0.0, 0.0), "tunes": True,
    }  # fmt: skip
    seen = Instrument(**(defaults | instrument))  # type: ignore[arg-type]
    picture = replace(grid_picture(grid), protocol=EVERY)
    return Snapshot(now_h * HOUR_S, Wish.RUN, "somebody", seen, (picture,))


def kinds_until_work(snapshot: Snapshot) -> list[type[Step]]:
    """The steps before the first image, each counted as tried at once."""
    found: list[type[Step]] = []
    names = {FlashGun: "flash_gun", UpdateDarkReference: "dark_reference", TuneBeam: "tune_beam"}
    for _ in range(10):
        step = next_step(snapshot)
        found.append(type(step))  # type: ignore[arg-type]
        if type(step) in names:
            tried = {**snapshot.upkeep, names[type(step)]: snapshot.now_s}
            closes = not isinstance(step, TuneBeam)
            valves = replace(
                snapshot.instrument, valves_open=snapshot.instrument.valves_open and not closes
            )
            snapshot = replace(snapshot, upkeep=tried, instrument=valves)
        elif isinstance(step, OpenValves):
            snapshot = replace(snapshot, instrument=replace(snapshot.instrument, valves_open=True))
        else:
            break
    return found


def test_what_closes_the_valves_comes_before_they_are_opened() -> None:
    closed = night(100.0, valves_open=False)
    assert kinds_until_work(closed) == [FlashGun, UpdateDarkReference, OpenValves, ImageAtlas]


def test_each_is_tried_once_when_due_and_the_beam_is_tuned_before_a_group() -> None:
    found = kinds_until_work(night(100.0, ready=True))
    assert found == [FlashGun, UpdateDarkReference, OpenValves, TuneBeam, ExposeGroup]


def test_nothing_is_due_again_before_its_interval_is_over() -> None:
    tried = dict.fromkeys(("flash_gun", "dark_reference", "tune_beam"), 100.0 * HOUR_S)
    for hours, due in ((103.9, ExposeGroup), (104.0, TuneBeam), (108.0, FlashGun)):
        assert type(next_step(replace(night(hours, ready=True), upkeep=tried))) is due


def test_a_flash_that_the_gun_itself_remembers_counts() -> None:
    snapshot = night(100.0, gun_flashed_at_s=99.0 * HOUR_S)
    assert kinds_until_work(snapshot)[0] is UpdateDarkReference


def test_what_cannot_tune_is_not_asked_to_and_no_plan_asks_for_nothing() -> None:
    found = kinds_until_work(night(100.0, ready=True, tunes=False))
    assert TuneBeam not in found
    plain = night(100.0, ready=True)
    plain = replace(plain, grids=(replace(plain.grids[0], protocol=CollectionProtocol()),))
    assert type(next_step(plain)) is ExposeGroup


def test_a_grid_is_brought_before_anything_is_kept_up_for_it() -> None:
    assert type(next_step(night(100.0, loaded_position=None, valves_open=False))) is LoadGrid


@given(pitch=st.floats(1.6, 6.0), turn=st.floats(0.0, 3.1), x=st.floats(-500, 500))
def test_the_beam_is_tuned_between_the_holes_of_any_square_lattice(
    pitch: float, turn: float, x: float
) -> None:
    holes = [
        Point(
            x + pitch * (i * math.cos(turn) - j * math.sin(turn)),
            pitch * (i * math.sin(turn) + j * math.cos(turn)),
        )
        for i in range(-3, 4)
        for j in range(-3, 4)
    ]
    place, reach = between(Point(x, 0.0), holes)
    nearest = min(place.distance_um(hole) for hole in holes)
    # half a diagonal is the most there is; within reach of the farthest ring nothing else is nearer
    assert nearest >= min(0.55 * pitch, 0.9 * max(DISTANCES_UM))
    assert reach in DISTANCES_UM


def test_the_same_holes_give_the_same_place() -> None:
    holes = [Point(0.0, 0.0), Point(2.5, 0.0), Point(0.0, 2.5)]
    assert between(holes[0], holes) == between(holes[0], list(reversed(holes)))
    assert between(holes[0], holes)[1] == pytest.approx(max(DISTANCES_UM))

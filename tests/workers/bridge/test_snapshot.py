"""What a decision is taken from: few queries whatever the size, nothing before its time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from smartscope.domain.geometry import Point
from smartscope.domain.snapshot import Instrument, Seen, Snapshot
from smartscope.models import Analysis, Hole
from smartscope.queries.snapshot import take_snapshot
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import START_S, Facility, facility
from workers.bridge.fault_points import Plan, arm

pytestmark = pytest.mark.django_db(transaction=True)

STILL = Instrument(
    has_autoloader=True,
    loaded_position=1,
    valves_open=True,
    stage=Point(0.0, 0.0),
)


@pytest.fixture
def house(tmp_path: Path) -> Facility:
    """A run that ended, its two findings declared to be known at two moments."""
    made = facility(
        tmp_path,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
    )
    made.analyse = find_quickly
    arm(Plan())
    bridge = made.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    return made


def at(house: Facility, now_s: float, *, simulated: bool = True) -> Snapshot:
    return take_snapshot(house.run.pk, STILL, now_s=now_s, simulated=simulated)


def visible_at(kind: str) -> float:
    return Analysis.objects.get(kind=kind).visible_at_s


def test_a_simulated_run_sees_each_finding_from_its_moment_on(house: Facility) -> None:
    squares, holes = visible_at("find_squares"), visible_at("find_holes")
    before = at(house, squares - 0.1).grids[0]
    assert before.atlas_finding.seen is Seen.PENDING
    assert before.atlas_finding.until_s == squares
    assert before.squares == ()
    between = at(house, holes - 0.1).grids[0]
    assert between.atlas_finding.seen is Seen.READY
    assert between.squares[0].finding.seen is Seen.PENDING
    assert between.squares[0].groups == ()
    after = at(house, holes).grids[0]
    assert len(after.squares[0].groups[0].holes) == 2


def test_a_real_run_sees_what_is_there(house: Facility) -> None:
    grid = at(house, START_S, simulated=False).grids[0]
    assert len(grid.squares[0].groups[0].holes) == 2


def test_ten_times_the_holes_cost_no_further_query_and_measuring_them_changes_no_decision(
    house: Facility,
) -> None:
    now_s = visible_at("find_holes")
    with CaptureQueriesContext(
        connection,
    ) as few:
        first = at(house, now_s)
    hole = Hole.objects.get(number=1)
    for number in range(10, 30):
        hole.pk, hole.number, hole.slug = None, number, f"more-{number}"
        hole.save(force_insert=True)
    Hole.objects.update(status="analysed")
    with CaptureQueriesContext(connection) as many:
        second = at(house, now_s)
    assert len(many) == len(few)
    group, grown = (each.grids[0].squares[0].groups[0] for each in (first, second))
    assert grown.holes[:1] == group.holes[:1]
    assert replace(grown, holes=()) == replace(group, holes=())

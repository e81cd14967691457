"""Whole instant runs on real rows, real files and the simulated world."""

from __future__ import annotations

from pathlib import Path

import pytest

from smartscope.models import Exposure, Grid, Run, Square, Step, Wait
from tests.workers.bridge.invariants import check
from tests.workers.bridge.quick_findings import find_quickly
from tests.workers.bridge.rig import facility, small_world

pytestmark = pytest.mark.django_db(transaction=True)

#: one specimen twice, so that what is known of the first is true of the second
GOOD = {"preset": "good", "grid_id": "grid-5-1"}
STEPS_OF_TWO_GRIDS = """
arm
load_grid g01
open_valves g01
atlas g01
square g01
expose g01
finish_grid g01
load_grid g02
open_valves g02
atlas g02
square g02
expose g02
finish_grid g02
safe_state
"""


def test_the_real_finders_bring_a_queued_run_to_its_end(tmp_path: Path) -> None:
    house = facility(tmp_path, squares_per_grid=1, holes_per_square=1)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    house.work_off()
    run = Run.objects.get()
    assert run.state == "done", run.state_reason
    assert Grid.objects.get().status == "done"
    assert Square.objects.exclude(image=None).count() == 1
    exposure = Exposure.objects.get()
    assert exposure.status == "analysed"
    assert exposure.mean_counts is not None
    assert all(wait.ended_at_s is not None for wait in Wait.objects.all())
    check(house, deaths=0)


def test_two_grids_are_taken_one_after_the_other(tmp_path: Path) -> None:
    house = facility(
        tmp_path,
        grids=2,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        image_shift_radius_um=5.0,
        record_dose_e_per_angstrom2=4.0,
        world=small_world(tmp_path, grids={"1": GOOD, "2": GOOD}),
    )
    house.analyse = find_quickly
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
    assert Run.objects.get().state == "done"
    lines = [
        f"{step.kind} {step.grid.slug if step.grid else ''}".strip()
        for step in Step.objects.select_related("grid").order_by("number")
    ]
    assert lines == STEPS_OF_TWO_GRIDS.split("\n")[1:-1]
    check(house, deaths=0)

"""The same seed gives the same night: same targets, same order, however slow the workers are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pytest

from smartscope.analysis.findings import HoleFindings
from smartscope.models import Analysis, Square, Step
from smartscope.operations.begin_analysis import Start, begin_analysis
from smartscope.operations.finish_analysis import result_of
from smartscope.operations.record_holes import record_holes
from smartscope.operations.record_squares import record_squares
from smartscope.operations.signals import analysis_wanted
from tests.workers.bridge.rig import Facility, facility
from tests.workers.night import holes, squares, stitched

pytestmark = pytest.mark.django_db(transaction=True)

SLOW_NAPS = 5
#: every step of the night: a change here is a change of behaviour, to be looked at and then
#: accepted with ACCEPT=1
GOLDEN = Path(__file__).with_name("night_of_seed_5.txt")


def find(analysis_id: UUID) -> None:
    """Hand-made findings through the real choice: the second square imaged offers no hole."""
    analysis = Analysis.objects.get(pk=analysis_id)
    if begin_analysis(analysis_id) is not Start.GO:
        return
    if analysis.kind == "find_squares":
        record_squares(analysis_id, squares("gggcgg"), stitched())
    elif analysis.kind == "find_holes":
        record_holes(analysis_id, _holes_of(analysis))
    else:
        with result_of(analysis_id):
            """Nothing is measured: what exposures show decides nothing here."""


def _holes_of(analysis: Analysis) -> HoleFindings:
    earlier = Analysis.objects.filter(
        kind="find_holes", image__taken_at_s__lt=analysis.image.taken_at_s
    )
    thick = earlier.count() == 1
    return holes(*([300.0] * 4 if thick else [35.0, 40.0, 60.0, 65.0]))


def at_once(house: Facility) -> None:
    """Workers so fast that a result is there before the bridge looks again."""

    def work(sender: object, *, analysis_id: str, **_: object) -> None:
        find(UUID(analysis_id))

    analysis_wanted.connect(work, weak=False, dispatch_uid="test.fast")
    house.analyse = find


def late(house: Facility) -> None:
    """Workers so slow that the bridge looks many times before they begin."""
    waited = 0

    def work_seldom(analysis_id: UUID) -> None:
        nonlocal waited
        waited += 1
        if waited % SLOW_NAPS == 0:
            find(analysis_id)

    house.analyse = work_seldom


@pytest.mark.parametrize("workers", [at_once, late])
def test_a_night_does_not_depend_on_the_workers_speed(
    workers: Callable[[Facility], None], tmp_path: Path
) -> None:
    house = facility(
        tmp_path,
        atlas_tiles_x=1,
        atlas_tiles_y=1,
        squares_per_grid=2,
        holes_per_square=2,
        record_dose_e_per_angstrom2=4.0,
    )
    workers(house)
    bridge = house.bridge()
    try:
        bridge.run_until_idle()
    finally:
        bridge.die()
        analysis_wanted.disconnect(dispatch_uid="test.fast")
    if os.environ.get("ACCEPT"):
        GOLDEN.write_text("\n".join([*night(), ""]), encoding="utf-8")
    assert night() == GOLDEN.read_text(encoding="utf-8").splitlines()


def night() -> list[str]:
    """Every step in order, by what it concerned, and when it began on the microscope's clock."""
    steps = Step.objects.select_related("grid").prefetch_related("items__hole__square")
    first_s = min(step.began_at_s for step in steps)
    return [line(step, first_s) for step in steps.order_by("number")]


def line(step: Step, first_s: float) -> str:
    """One step in words."""
    exposed = [item.hole for item in step.items.all() if item.hole is not None]
    what = ",".join(hole.slug for hole in exposed) or named(step)
    return f"{step.began_at_s - first_s:7.1f} s  {step.kind} {what}".rstrip()


def named(step: Step) -> str:
    """The slug of the square or grid a step is about."""
    if step.kind == "square":
        return str(Square.objects.get(pk=str(step.subject)).slug)
    return step.grid.slug if step.grid else ""

"""A map lost with its process is taken once more, as a new step, while its dose allows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartscope.models import Grid, Run, Square, Step, StepItem
from tests.workers.bridge.invariants import check
from tests.workers.bridge.rig import Bridge, ProcessDeath, dies_at
from tests.workers.bridge.whole_process import quick_facility
from workers.bridge.fault_points import arm

pytestmark = pytest.mark.django_db(transaction=True)
LITTLE, MUCH = 0.02, 0.5


@pytest.fixture
def bridges() -> Iterator[list[Bridge]]:
    opened: list[Bridge] = []
    yield opened
    for bridge in opened:
        bridge.die()


@pytest.mark.parametrize("kind", ["atlas", "square"])
@pytest.mark.parametrize(
    ("dose", "states"), [(LITTLE, ["lost", "done"]), (MUCH, ["lost"])], ids=["little", "much"]
)
def test_a_lost_map_is_taken_once_more_within_the_dose_of_its_area(
    tmp_path: Path, bridges: list[Bridge], kind: str, dose: float, states: list[str]
) -> None:
    """Exposures get 4 e/Å² here, so that all maps of an area may take 0.2."""
    house = quick_facility(tmp_path)
    dies_at(f"{kind}:issued:{kind}", 1)
    bridges.append(house.bridge())
    with pytest.raises(ProcessDeath):
        bridges[0].run_until_idle()
    arm(None)
    bridges.pop().die()
    StepItem.objects.filter(step__kind=kind).update(dose_e_per_angstrom2=dose)
    bridges.append(house.bridge())
    bridges[0].run_until_idle()
    assert Run.objects.get().state == "done"
    steps = Step.objects.filter(kind=kind).order_by("number")
    assert [step.state for step in steps] == states
    if dose == MUCH and kind == "atlas":
        grid = Grid.objects.get()
        assert "too much dose" in grid.status_reason
        assert grid.status == "failed"
    if dose == MUCH and kind == "square":
        assert Square.objects.get(views_lost=1).status == "lost"
    check(house, deaths=1)

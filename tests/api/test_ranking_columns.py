"""What the ranking shows of each grid besides its verdict: the ice, and how much was dirty."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.models import Exposure, Hole, Square
from tests.api.conftest import As
from tests.api.test_series import exposed
from tests.api.world import World


def _ice(as_: As, world: World) -> Any:
    answer = as_("viewer").get(f"/api/v1/sessions/{world.ours.session.name}/ice")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_holes_are_counted_by_thickness_and_the_thickest_stand_together(
    as_: As, world: World
) -> None:
    holes = world.ours.holes
    for hole, ice_nm in zip(holes, (3.0, 38.0, 39.9, 40.0, 900.0, None), strict=True):
        Hole.objects.filter(pk=hole.pk).update(ice_thickness_nm=ice_nm)
    (grid,) = _ice(as_, world)["grids"]
    assert grid["grid"] == str(world.ours.grid.pk)
    counts = {place: n for place, n in enumerate(grid["counts"]) if n}
    assert counts == {0: 1, 3: 2, 4: 1, 19: 1}
    assert (grid["median_nm"], grid["unmeasured"]) == (39.9, 1)


def test_another_programs_holes_are_not_counted(as_: As, world: World) -> None:
    Square.objects.filter(grid=world.ours.grid).update(external=True)
    assert _ice(as_, world)["grids"] == []


@pytest.mark.parametrize(
    ("seen", "judged", "dirty"),
    [
        ({"quality_class": "contaminated", "quality_probability": 0.9}, 1, 1),
        ({"quality_class": "contaminated", "quality_probability": 0.5}, 1, 0),
        ({"quality_class": "contaminated", "quality_probability": 0.9, "label": "good"}, 1, 0),
        ({"quality_class": "good", "quality_probability": 0.9}, 1, 0),
        ({"quality_class": "unknown", "quality_probability": 0.9}, 0, 0),
        ({}, 0, 0),
    ],
)
def test_contamination_is_of_what_was_judged_and_a_persons_word_wins(
    as_: As, world: World, seen: dict[str, Any], judged: int, dirty: int
) -> None:
    Exposure.objects.all().update(quality_class="")
    exposed(world.ours.squares[1], 101, **seen)
    grid = as_("viewer").get(f"/api/v1/grids/{world.ours.grid.pk}").json()
    counts = grid["counts"]
    assert (counts["exposures_judged"], counts["exposures_contaminated"]) == (judged, dirty)

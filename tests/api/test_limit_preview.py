"""What a limit would keep and lose is told before it is set, and nothing is changed by asking."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.models import Grid, Hole, Square
from tests.api.conftest import As
from tests.api.world import World


@pytest.fixture
def grid(world: World) -> Grid:
    """A grid with one square of its own and five holes in it."""
    grid = world.ours.grid
    Square.objects.filter(grid=grid).update(external=True)
    square = Square.objects.create(
        grid=grid,
        number=900,
        slug="s900",
        stage_x_um=3.0,
        stage_y_um=4.0,
        x_px=0.0,
        y_px=0.0,
        area_um2=900.0,
    )
    ices = (("found", 20.0), ("found", 80.0), ("rejected", 30.0), ("done", 25.0), ("found", None))
    for number, (status, ice_nm) in enumerate(ices, start=900):
        Hole.objects.create(
            square=square,
            number=number,
            slug=f"h{number}",
            status=status,
            stage_x_um=0.0,
            stage_y_um=0.0,
            x_px=0.0,
            y_px=0.0,
            radius_um=0.6,
            ice_thickness_nm=ice_nm,
        )
    return grid


def asked(as_: As, grid: Grid, query: str, who: str = "member") -> Any:
    return as_(who).get(f"/api/v1/grids/{grid.pk}/limit-preview?{query}")


def test_kept_lost_and_gained_are_counted(as_: As, grid: Grid) -> None:
    answer = asked(as_, grid, "measure=hole_ice&low=10&high=50")
    assert answer.status_code == 200
    counts = {name: answer.data[name] for name in ("kept", "lost", "gained", "spent")}
    assert counts == {"kept": 1, "lost": 1, "gained": 1, "spent": 1}
    assert (answer.data["unmeasured"], answer.data["unit"]) == (1, "nm")


def test_distances_are_from_the_middle_of_the_grid(as_: As, grid: Grid) -> None:
    assert asked(as_, grid, "measure=square_distance&high=5").data["kept"] == 1
    assert asked(as_, grid, "measure=square_distance&high=4.9").data["lost"] == 1


def test_a_persons_word_stands_above_the_limit(as_: As, grid: Grid) -> None:
    Hole.objects.filter(number=901).update(label="good")
    answer = asked(as_, grid, "measure=hole_ice&high=50")
    counts = {name: answer.data[name] for name in ("lost", "by_people", "overruled")}
    assert counts == {"lost": 0, "by_people": 1, "overruled": 1}


@pytest.mark.parametrize("measure", ["square_area", "square_distance", "hole_diameter"])
def test_any_measured_value_has_a_preview(as_: As, grid: Grid, measure: str) -> None:
    assert asked(as_, grid, f"measure={measure}&low=0").status_code == 200


@pytest.mark.parametrize(
    "query", ["", "measure=colour", "measure=hole_ice&low=thin", "measure=hole_ice&lowest=3"]
)
def test_what_cannot_be_meant_is_refused_with_the_field(as_: As, grid: Grid, query: str) -> None:
    answer = asked(as_, grid, query)
    assert answer.status_code == 400
    assert answer.data["errors"]


def test_strangers_do_not_learn_that_the_grid_exists(as_: As, grid: Grid) -> None:
    assert asked(as_, grid, "measure=hole_ice", who="stranger").status_code == 404

"""How many statements a list costs: the same for one row and for many, and at most five."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from smartscope.models import Grid, Hole
from tests.api.conftest import As
from tests.api.world import World

#: statements per list, signing in (session and person) included
GOLDEN = {
    "microscopes": 4,
    "detectors": 4,
    "sessions": 4,
    "grids": 4,
    "atlases": 4,
    "squares": 4,
    "groups": 5,
    "holes": 4,
    "exposures": 4,
    "images": 4,
    "runs": 4,
    "steps": 5,
    "waits": 4,
    "changesets": 4,
}


@pytest.mark.parametrize("resource", GOLDEN)
def test_a_list_costs_what_it_always_did(resource: str, as_: As, world: World) -> None:
    client = as_("member")

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"/api/v1/{resource}").status_code == 200
        return len(captured)

    statements()  # the first request of a sign-in also notes its age
    few = statements()
    _more(world)
    assert (few, statements()) == (GOLDEN[resource], GOLDEN[resource])
    assert few <= 5


def _more(world: World) -> None:
    for i in range(3, 6):
        Grid.objects.create(session=world.ours.session, slug=f"g{i:02d}", position=i, name=f"n{i}")
    square = world.ours.squares[1]
    for number in range(1, 8):
        Hole.objects.create(
            square=square,
            number=number,
            slug=f"{square.slug}-h{number}",
            stage_x_um=0.0,
            stage_y_um=0.0,
            x_px=0.0,
            y_px=0.0,
            radius_um=0.6,
        )

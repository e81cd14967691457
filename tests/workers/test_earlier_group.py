"""Focus and lean are taken over from the group before only where they still say something."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import pytest

from smartscope.domain.geometry import Point
from smartscope.domain.steps import ExposeGroup
from smartscope.microscope.procedures.requests import FocusPolicy
from smartscope.models import Group, Step
from smartscope.queries.earlier_group import focused_before, leaned_before
from tests.api.world import Scene, World, make_world
from workers.bridge.focusing import focus_policy

pytestmark = pytest.mark.django_db
MEASURED = {
    "offset_x_um": 0.1,
    "offset_y_um": -0.7,
    "focus_corrected_um": 0.3,
    "focused_at_s": 4_000.0,
}


@pytest.fixture
def world() -> World:
    return make_world()


def exposed(scene: Scene, number: int, subject: UUID, **parameters: Any) -> Step:
    """A group's step that ended, with what was measured in it."""
    shape = {"stage_x_um": 3.0, "stage_y_um": 4.0, "tilt_deg": 45.0, "measured": MEASURED}
    return Step.objects.create(
        run=scene.run,
        microscope=scene.run.microscope,
        number=number,
        key=f"expose/{subject}/{number}",
        kind="expose",
        subject=subject,
        grid=scene.grid,
        epoch=1,
        state="done",
        began_at_s=4_000.0 + number,
        ended_at_s=4_100.0 + number,
        parameters=shape | parameters,
    )


def test_the_last_group_of_the_square_tells_its_lean_and_focus(world: World) -> None:
    scene, square = world.ours, world.ours.squares[0].pk
    assert leaned_before(world.microscope.pk, square, 45.0) is None
    exposed(scene, 2, scene.group.pk)
    assert leaned_before(world.microscope.pk, square, 45.0) == Point(0.1, -0.7)
    assert focused_before(world.microscope.pk, square) == (Point(3.0, 4.0), 4_000.0)


def test_another_tilt_square_or_a_group_that_failed_tells_nothing(world: World) -> None:
    scene, square = world.ours, world.ours.squares[0].pk
    exposed(scene, 2, scene.group.pk)
    assert leaned_before(world.microscope.pk, square, 30.0) is None
    assert leaned_before(world.microscope.pk, square, 0.0) is None
    assert leaned_before(world.microscope.pk, world.ours.squares[1].pk, 45.0) is None
    exposed(scene, 3, scene.group.pk, measured={}).save()
    assert leaned_before(world.microscope.pk, square, 45.0) is None
    assert focused_before(world.microscope.pk, square) is not None
    other = Group.objects.create(
        square=world.ours.squares[1], number=1, slug="x", stage_x_um=0.0, stage_y_um=0.0
    )
    exposed(scene, 4, other.pk)
    assert focused_before(world.microscope.pk, square) is None


@pytest.mark.parametrize(
    ("away_um", "tilt_deg", "error", "needed"),
    [
        (4.0, 0.0, "", False),
        (6.0, 0.0, "", True),
        (4.0, 30.0, "", True),
        (6.0, 0.0, "AutofocusFailed", False),
    ],
)
def test_focus_holds_nearby_on_a_level_stage(
    away_um: float, tilt_deg: float, error: str, needed: bool, world: World
) -> None:
    scene = world.ours
    exposed(scene, 2, scene.group.pk)
    at = Point(3.0 + away_um, 4.0)
    step = ExposeGroup(
        grid=scene.grid.pk,
        square=scene.squares[0].pk,
        group=uuid4(),
        centre=at,
        stage_z_um=None,
        shots=(),
        defocus_um=1.0,
        dose_e_per_angstrom2=40.0,
        drift_limit_angstrom_per_s=None,
        tilt_deg=tilt_deg,
        save_frames=True,
    )
    policy: FocusPolicy = focus_policy(world.microscope.pk, step, error)
    assert policy.needed(at, 4_200.0) is needed

"""Exposures as columns: in order, told apart from what changed, and few enough to be drawn."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.models import Analysis, Event, Exposure, Grid, Group, Hole, Image, Square, Step
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.series import MEASURED, MOST_POINTS, Point, downsampled
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
HEAD = {"as_of_seq", "changes_only", "found", "downsampled"}


def exposed(square: Square, number: int, **measured: Any) -> Exposure:
    """An analysed exposure of a new hole."""
    hole = Hole.objects.create(
        square=square,
        number=number,
        slug=f"{square.slug}-h{number}",
        status="analysed",
        stage_x_um=float(number),
        stage_y_um=-1.0,
        x_px=0.0,
        y_px=0.0,
        radius_um=0.6,
    )
    values = {
        "hole": hole,
        "slug": f"{hole.slug}-x1",
        "status": "analysed",
        "pixel_size_angstrom": 0.5,
        "dose_e_per_angstrom2": 40.0,
        "exposed_at_s": 2_000.0 + number,
    }
    return Exposure.objects.create(**(values | measured))


@pytest.fixture
def scene(world: World) -> World:
    """Our grid with the world's exposure at 2,000 s, one before it and three after."""
    square = world.ours.squares[1]
    exposed(square, 101, exposed_at_s=1_500.0, ctf_fit_angstrom=4.0, ice_thickness_nm=20.0)
    exposed(square, 102, ctf_fit_angstrom=9.0)
    exposed(square, 103, status="invalid", reason="blank")
    exposed(square, 104, status="taken", target_defocus_um=1.5)
    return world


def series(as_: As, path: str, who: str = "viewer") -> Any:
    answer = as_(who).get(f"{API}/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_columns_are_in_the_order_of_exposing(as_: As, scene: World) -> None:
    body = series(as_, f"grids/{scene.ours.grid.pk}/series")
    assert {len(column) for name, column in body.items() if name not in HEAD} == {5}
    assert body["number"] == [1, 2, 3, 4, 5]
    assert body["exposed_at_s"] == sorted(body["exposed_at_s"])
    assert body["slugs"][1] == scene.ours.exposure.slug
    assert body["ctf_fit_angstrom"] == [4.0, 4.1, 9.0, None, None]
    assert body["stage_x_um"][0] == 101.0
    assert set(body["grids"]) == {"g01"}
    assert body["target_defocus_um"][4] == 1.5
    assert (body["found"], body["downsampled"], body["changes_only"]) == (5, False, False)


def test_what_does_not_count_says_why(as_: As, scene: World) -> None:
    body = series(as_, f"grids/{scene.ours.grid.pk}/series")
    assert body["fault"] == ["", "", "CTF fit coarser than 6 Å", "", ""]
    assert body["status"][3:] == ["invalid", "taken"]
    assert body["reason"][3] == "blank"


def test_a_session_counts_over_its_grids(as_: As, scene: World) -> None:
    second = Grid.objects.get(session=scene.ours.session, slug="g02")
    square = Square.objects.create(
        grid=second, number=1, slug="g02-s1", stage_x_um=0, stage_y_um=0, x_px=0, y_px=0
    )
    exposed(square, 201)
    body = series(as_, f"sessions/{scene.ours.session.name}/series")
    assert body["number"] == [1, 2, 3, 4, 5, 6]
    assert body["grids"] == ["g01"] * 5 + ["g02"]
    alone = series(as_, f"grids/{second.pk}/series")
    assert (alone["number"], alone["slugs"]) == ([1], ["g02-s1-h201-x1"])


def test_only_what_changed_comes_back_with_its_number(as_: As, scene: World) -> None:
    hour_ago = timezone.now() - timedelta(hours=1)
    Exposure.objects.update(updated_at=hour_ago)
    mark = record_event("grid.edited", BRIDGE, Scope(None, None, None), Told()).seq
    Event.objects.filter(seq=mark).update(time=timezone.now() - timedelta(minutes=30))
    path = f"grids/{scene.ours.grid.pk}/series?after_seq={mark}"
    assert series(as_, path)["ids"] == []
    changed = Exposure.objects.get(slug__endswith="h102-x1")
    changed.label = "good"
    changed.save()
    body = series(as_, path)
    assert (body["ids"], body["number"], body["fault"]) == ([str(changed.pk)], [3], [""])
    assert body["changes_only"] is True
    assert len(series(as_, f"grids/{scene.ours.grid.pk}/series?after_seq=0")["ids"]) == 5


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30])
def test_a_position_that_is_no_number_is_refused(as_: As, scene: World, after: str) -> None:
    answer = as_("viewer").get(f"{API}/grids/{scene.ours.grid.pk}/series?after_seq={after}")
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_failed")


@pytest.mark.parametrize("query", ["", "?after_seq=1"])
@pytest.mark.parametrize("of", ["grid", "session"])
def test_statements_do_not_grow_with_rows(as_: As, scene: World, of: str, query: str) -> None:
    client, row = as_("member"), getattr(scene.ours, of)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get(f"{API}/{of}s/{row.pk}/series{query}").status_code == 200
        return len(captured)

    statements()
    few = statements()
    for number in range(300, 310):
        exposed(scene.ours.squares[1], number)
    assert (few, statements()) == (5, 5)


def test_what_waits_is_counted_by_kind_with_its_age(as_: As, world: World) -> None:
    path = f"sessions/{world.ours.session.name}/backlog"
    assert series(as_, path)["waiting"] == []
    for number, state in enumerate(("wanted", "wanted", "running", "dead", "done")):
        made = Analysis.objects.create(
            image=world.ours.image,
            kind="measure_exposure",
            plugin="align",
            plugin_version=str(number),
            state=state,
            visible_at_s=0.0,
        )
        asked = timezone.now() - timedelta(seconds=1_000 * number)
        Analysis.objects.filter(pk=made.pk).update(created_at=asked)
    (waiting,) = series(as_, path)["waiting"]
    counts = [waiting[name] for name in ("kind", "wanted", "running", "given_up")]
    assert counts == ["measure_exposure", 2, 1, 1]
    assert 2_000 <= waiting["oldest_age_s"] < 2_060


def _points(n: int) -> list[Point]:
    return [
        Point(
            ids=uuid4(),
            slugs="x",
            holes=uuid4(),
            grids="g01",
            number=i + 1,
            exposed_at_s=float(i),
            stage_x_um=0.0,
            stage_y_um=0.0,
            status="analysed",
            reason="",
            label="",
            fault="",
            target_defocus_um=None,
            defocus_um=((i * 7_919) % 10_007) / 1_000,
            astigmatism_nm=None,
            ctf_fit_angstrom=99.0 if i == 12_345 else 3.0 + ((i * 31) % 101) / 100,
            ice_thickness_nm=-5.0 if i == 777 else 30.0,
            drift_total_angstrom=None if i % 3 else float((i * 13) % 997),
            mean_counts=10.0,
            particles=None,
            targeting_error_um=0.3,
            analysed_after_s=1.0,
        )
        for i in range(n)
    ]


def test_every_extreme_is_drawn_though_most_points_are_not() -> None:
    points = _points(20_000)
    kept = downsampled(points)
    assert MOST_POINTS / 4 < len(kept) <= MOST_POINTS
    numbers = [point.number for point in kept]
    assert numbers == sorted(set(numbers))
    assert {1, 778, 12_346, 20_000} <= set(numbers)
    for name in MEASURED:
        everywhere = [v for p in points if (v := getattr(p, name)) is not None]
        drawn = [v for p in kept if (v := getattr(p, name)) is not None]
        assert bool(everywhere) == bool(drawn)
        if everywhere:
            assert (min(drawn), max(drawn)) == (min(everywhere), max(everywhere))


def test_few_points_are_all_drawn() -> None:
    points = _points(MOST_POINTS)
    assert downsampled(points) is points


def test_the_targeting_error_is_what_the_groups_view_showed(as_: As, scene: World) -> None:
    ours = scene.ours
    step = Step.objects.get(run=ours.run)
    step.parameters = {"measured": {"recentred_um": 0.75, "offset_x_um": 0.6}}
    step.save(update_fields=["parameters"])
    Image.objects.filter(pk=ours.image.pk).update(step=step)
    columns = series(as_, f"grids/{ours.grid.pk}/series")
    found = dict(zip(columns["slugs"], columns["targeting_error_um"], strict=True))
    assert found.pop(ours.exposure.slug) == 0.75
    assert set(found.values()) == {None}
    Group.objects.filter(pk=ours.group.pk).update(view_image=ours.image)
    group = as_("viewer").get(f"{API}/groups/{ours.group.pk}").data
    assert (group["seen_offset_x_um"], group["seen_offset_y_um"]) == (0.6, None)

"""Where the time went: every second is a step, a wait, or counted as neither."""

from __future__ import annotations

import csv
import io

import pytest
from pyarrow import parquet

from smartscope.models import Analysis, Grid, Run, Square, Step, Wait
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"


@pytest.fixture
def hour(world: World) -> World:
    """Our run from 1,000 to 4,600 s: atlas to 1,300, a wait to 1,310, squares, an open step."""
    ours = world.ours
    Run.objects.filter(pk=ours.run.pk).update(started_at_s=1_000.0)
    world.microscope.clock_s = 4_600.0
    world.microscope.save()
    common = {"run": ours.run, "microscope": world.microscope, "grid": ours.grid, "epoch": 1}
    Step.objects.create(
        **common,
        number=2,
        key="square/x/1",
        kind="square",
        state="done",
        began_at_s=1_310.0,
        ended_at_s=2_000.0,
    )
    Wait.objects.create(
        run=ours.run, cause="refill", reason="", began_at_s=2_000.0, ended_at_s=2_600.0
    )
    Wait.objects.create(
        run=ours.run, cause="refill", reason="", began_at_s=2_500.0, ended_at_s=2_900.0
    )
    Step.objects.create(
        **common, number=3, key="expose/x/1", kind="expose", state="intent", began_at_s=4_000.0
    )
    Analysis.objects.create(
        image=ours.image,
        kind="find_squares",
        plugin="classical-squares",
        plugin_version="1",
        state="done",
        visible_at_s=1_305.0,
    )
    return world


def test_every_second_is_accounted_for(as_: As, hour: World) -> None:
    body = as_("viewer").get(f"{API}/sessions/{hour.ours.session.pk}/timeline").json()
    assert (body["begin_s"], body["end_s"], body["live"]) == (1_000.0, 4_600.0, True)
    assert body["working_s"] == 300 + 690 + 600, "the open step counts until now"
    assert [(w["cause"], w["seconds"]) for w in body["waiting"]] == [
        ("refill", 900.0),
        ("analysis", 10.0),
    ], "overlapping waits of one cause count once"
    assert body["waiting"][0]["share"] == pytest.approx(900 / 3_600)
    assert body["idle_s"] == pytest.approx(3_600 - 1_590 - 910)
    assert body["steps"] == 3
    assert body["imaging_s"] == body["working_s"], "an atlas, a square and an exposure"
    assert body["moves"] == 3


def test_a_clock_that_was_read_before_the_last_step_ended_makes_nothing_longer_than_the_night(
    as_: As, hour: World
) -> None:
    hour.microscope.clock_s = 3_000.0
    hour.microscope.save()
    Step.objects.filter(number=3).update(state="done", ended_at_s=4_500.0)
    body = as_("viewer").get(f"{API}/sessions/{hour.ours.session.pk}/timeline").json()
    assert body["end_s"] == 4_500.0
    assert body["working_s"] + body["idle_s"] <= body["end_s"] - body["begin_s"]


def test_a_bar_names_the_square_or_the_group_it_was_about(as_: As, hour: World) -> None:
    ours = hour.ours
    square = Square.objects.filter(grid=ours.grid).first()
    assert square is not None
    Step.objects.filter(number=2).update(subject=square.pk)
    body = as_("viewer").get(f"{API}/sessions/{ours.session.pk}/timeline").json()
    assert [span["target"] for span in body["spans"] if span["lane"] == "square"] == [square.slug]


def test_what_was_planned_stands_against_what_it_took(as_: As, hour: World) -> None:
    path = f"{API}/sessions/{hour.ours.session.pk}/timeline"
    body = as_("viewer").get(path).json()
    assert (body["planned_s"], body["actual_s"]) == (None, None), "no grid is done"
    grids = Grid.objects.filter(pk=hour.ours.grid.pk)
    grids.update(status="done", started_at_s=1_000.0, ended_at_s=4_600.0, squares_per_grid=2)
    body = as_("viewer").get(path).json()
    assert body["actual_s"] == 3_600.0
    assumed = 180 + 10 + 240 + 2 * 60 + 2 * 3 * 90
    assert body["planned_s"] == pytest.approx(assumed), "nothing was done here before"


def test_lanes_come_in_the_order_of_the_work(as_: As, hour: World) -> None:
    body = as_("viewer").get(f"{API}/sessions/{hour.ours.session.pk}/timeline").json()
    lanes = list(dict.fromkeys(span["lane"] for span in body["spans"]))
    assert lanes == ["atlas", "square", "exposure", "analysis", "waiting"]
    (looked,) = [span for span in body["spans"] if span["lane"] == "analysis"]
    assert (looked["begin_s"], looked["end_s"], looked["grid"]) == (1_200.0, 1_305.0, "g01")


def test_a_session_that_never_ran_has_an_empty_timeline(as_: As, world: World) -> None:
    Run.objects.filter(pk=world.ours.run.pk).update(started_at_s=None)
    body = as_("viewer").get(f"{API}/sessions/{world.ours.session.pk}/timeline").json()
    assert (body["begin_s"], body["spans"], body["waiting"]) == (None, [], [])


def test_the_table_has_the_same_spans(as_: As, hour: World) -> None:
    path = f"{API}/sessions/{hour.ours.session.pk}/timeline"
    answer = as_("viewer").get(f"{path}.csv")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode())))
    assert len(rows) == len(as_("viewer").get(path).json()["spans"])
    assert [row["end_s"] for row in rows if row["lane"] == "exposure"] == [""]


def test_a_data_frame_has_the_same_spans(as_: As, hour: World) -> None:
    path = f"{API}/sessions/{hour.ours.session.pk}/timeline"
    table = parquet.read_table(io.BytesIO(as_("viewer").get(f"{path}.parquet").content))
    spans = as_("viewer").get(path).json()["spans"]
    assert table.to_pylist() == [
        {name: one.get(name, True) for name in table.column_names} for one in spans
    ], "a simulated microscope says so in each row"


@pytest.mark.parametrize("form", ["", ".csv", ".parquet"])
def test_strangers_see_no_timeline(as_: As, world: World, form: str) -> None:
    path = f"{API}/sessions/{world.ours.session.pk}/timeline{form}"
    assert as_("stranger").get(path).status_code == 404

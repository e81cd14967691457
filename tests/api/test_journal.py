"""What the journal tells people: steps with their images, doses summed, and what is uncertain."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO
from typing import Any

import pytest
from pyarrow import parquet

from smartscope.models import RoutineDose, Step, StepItem
from tests.api.conftest import As
from tests.api.world import World

API = "/api/v1"
SQUARE_DOSE, VIEW_DOSE, RECORD_DOSE = 0.05, 1.5, 40.0


@pytest.fixture
def journal(world: World) -> Step:
    """An atlas, a square, a group whose second hole was lost; returns the step that lost it."""
    ours = world.ours
    atlas = Step.objects.get(run=ours.run)
    item(atlas, "atlas", dose=0.001, at_s=1_010.0)
    square = step(world, 2, "square", ours.squares[0].pk, state="done")
    item(square, "square", dose=SQUARE_DOSE, at_s=1_400.0)
    expose = step(
        world, 3, "expose", ours.group.pk, state="failed", reason="CameraFailed: no image came"
    )
    item(expose, "view", dose=VIEW_DOSE, at_s=1_500.0)
    item(expose, "h0001", hole=ours.holes[0], dose=RECORD_DOSE, at_s=1_510.0)
    item(expose, "h0002", hole=ours.holes[1], dose=RECORD_DOSE, at_s=1_530.0, state="lost")
    item(expose, "h0003", hole=ours.holes[2], dose=RECORD_DOSE, state="abandoned")
    return expose


def step(world: World, number: int, kind: str, subject: Any, **more: Any) -> Step:
    return Step.objects.create(
        run=world.ours.run,
        microscope=world.microscope,
        number=number,
        key=f"{kind}/{subject}/1",
        kind=kind,
        subject=subject,
        grid=world.ours.grid,
        epoch=4,
        began_at_s=1_000.0 + 100 * number,
        ended_at_s=1_050.0 + 100 * number,
        **more,
    )


def item(
    row: Step, name: str, *, dose: float, state: str = "done", hole: Any = None, at_s: Any = None
) -> None:
    StepItem.objects.create(
        step=row, name=name, hole=hole, state=state, issued_at_s=at_s, dose_e_per_angstrom2=dose
    )


def dose(as_: As, path: str, name: str = "viewer") -> dict[str, Any]:
    answer = as_(name).get(f"{API}/{path}/dose")
    assert answer.status_code == 200, answer.content
    shown: dict[str, Any] = answer.json()
    return shown


def test_a_hole_has_had_its_exposure_its_view_its_square_and_its_atlas(
    as_: As, world: World, journal: Step
) -> None:
    ledger = dose(as_, f"holes/{world.ours.holes[0].pk}")
    assert [(one["area"], one["item"]) for one in ledger["doses"]] == [
        ("record", "h0001"),
        ("view", "view"),
        ("square", "square"),
        ("atlas", "atlas"),
    ]
    total = RECORD_DOSE + VIEW_DOSE + SQUARE_DOSE + 0.001
    assert ledger["given_e_per_angstrom2"] == pytest.approx(total)
    assert (ledger["possible_e_per_angstrom2"], ledger["uncertain"]) == (0.0, False)
    assert ledger["planned_e_per_angstrom2"] == 40.0


def test_a_lost_exposure_is_possible_dose_and_flagged(as_: As, world: World, journal: Step) -> None:
    ledger = dose(as_, f"holes/{world.ours.holes[1].pk}")
    assert (ledger["possible_e_per_angstrom2"], ledger["uncertain"]) == (RECORD_DOSE, True)
    assert ledger["given_e_per_angstrom2"] == pytest.approx(VIEW_DOSE + SQUARE_DOSE + 0.001)
    assert (ledger["doses"][0]["certainty"], ledger["doses"][0]["epoch"]) == ("possible", 4)


def test_a_hole_never_issued_has_only_had_what_went_around_it(
    as_: As, world: World, journal: Step
) -> None:
    areas = [one["area"] for one in dose(as_, f"holes/{world.ours.holes[2].pk}")["areas"]]
    assert areas == ["atlas", "square", "view"]
    beside = dose(as_, f"holes/{world.ours.holes[4].pk}")
    assert [one["area"] for one in beside["areas"]] == ["atlas", "square"]


def test_squares_and_grids_sum_what_was_taken_on_them(as_: As, world: World, journal: Step) -> None:
    square = dose(as_, f"squares/{world.ours.squares[0].pk}")
    records = next(one for one in square["areas"] if one["area"] == "record")
    assert records == {
        "area": "record",
        "is_beside": False,
        "images": 2,
        "given_e_per_angstrom2": RECORD_DOSE,
        "possible_e_per_angstrom2": RECORD_DOSE,
    }
    assert dose(as_, f"grids/{world.ours.grid.pk}")["areas"] == square["areas"]
    other = dose(as_, f"squares/{world.ours.squares[1].pk}")
    assert [one["area"] for one in other["areas"]] == ["atlas"]


def test_what_routines_sent_is_told_and_what_landed_beside_is_in_no_sum(
    as_: As, world: World, journal: Step
) -> None:
    group = Step.objects.get(kind="expose")
    common = {"step": group, "stage_x_um": 1.0, "stage_y_um": 2.0, "issued_at_s": 1_520.0}
    RoutineDose.objects.create(
        routine="focus", area="focus", images=3, dose_e_per_angstrom2=2.0, beside_um=2.0,
        ended_at_s=1_525.0, **common,
    )  # fmt: skip
    RoutineDose.objects.create(
        routine="recentre", area="hole", images=1, dose_e_per_angstrom2=0.1, **common
    )
    before = RECORD_DOSE + VIEW_DOSE + SQUARE_DOSE + 0.001
    ledger = dose(as_, f"holes/{world.ours.holes[0].pk}")
    assert ledger["given_e_per_angstrom2"] == pytest.approx(before)
    assert (ledger["possible_e_per_angstrom2"], ledger["uncertain"]) == (pytest.approx(0.1), True)
    assert ledger["beside_e_per_angstrom2"] == pytest.approx(6.0)
    focus = next(one for one in ledger["doses"] if one["area"] == "focus")
    assert (focus["images"], focus["is_beside"], focus["beside_um"]) == (3, True, 2.0)
    square = dose(as_, f"squares/{world.ours.squares[0].pk}")
    assert [one["area"] for one in square["areas"]][-2:] == ["recentre", "focus"]


def test_another_groups_dose_does_not_exist(as_: As, world: World, journal: Step) -> None:
    ours = world.ours
    for path in (
        f"holes/{ours.holes[0].pk}",
        f"squares/{ours.squares[0].pk}",
        f"grids/{ours.grid.pk}",
    ):
        assert as_("stranger").get(f"{API}/{path}/dose").status_code == 404


def test_steps_tell_their_images_duration_epoch_and_error(
    as_: As, world: World, journal: Step
) -> None:
    path = f"{API}/steps?session={world.ours.session.pk}&sort=-number&epoch=4"
    newest, before = as_("viewer").get(path).json()["results"]
    assert (newest["kind"], newest["epoch"], newest["duration_s"]) == ("expose", 4, 50.0)
    assert (newest["error"], newest["grid_slug"]) == ("CameraFailed", "g01")
    assert [(one["name"], one["hole"], one["state"]) for one in newest["items"]] == [
        ("view", None, "done"),
        ("h0001", "g01-s1-h1", "done"),
        ("h0002", "g01-s1-h2", "lost"),
        ("h0003", "g01-s1-h3", "abandoned"),
    ]
    assert (before["kind"], before["error"]) == ("square", "")


def test_a_list_of_steps_costs_the_same_however_many_there_are(
    as_: As, world: World, journal: Step, django_assert_max_num_queries: Any
) -> None:
    client = as_("viewer")
    with django_assert_max_num_queries(8):
        client.get(f"{API}/steps?session={world.ours.session.pk}")


def test_the_journal_is_downloaded_line_by_line_with_the_same_filters(
    as_: As, world: World, journal: Step
) -> None:
    answer = as_("viewer").get(f"{API}/steps.csv?session={world.ours.session.pk}&kind=expose")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert "attachment" in answer["Content-Disposition"]
    lines = list(csv.DictReader(StringIO(answer.content.decode())))
    assert [(line["item"], line["hole"], line["item_state"]) for line in lines] == [
        ("view", "", "done"),
        ("h0001", "g01-s1-h1", "done"),
        ("h0002", "g01-s1-h2", "lost"),
        ("h0003", "g01-s1-h3", "abandoned"),
    ]
    assert {line["reason"] for line in lines} == {"CameraFailed: no image came"}
    assert as_("viewer").get(f"{API}/steps.csv?colour=red").status_code == 400
    theirs = as_("stranger").get(f"{API}/steps.csv?session={world.ours.session.pk}")
    assert len(theirs.content.decode().splitlines()) == 1
    frame = f"{API}/steps.parquet?session={world.ours.session.pk}&kind=expose"
    table = parquet.read_table(BytesIO(as_("viewer").get(frame).content))
    assert table.column_names == list(lines[0])
    assert [one["item"] for one in table.to_pylist()] == [line["item"] for line in lines]
    assert str(table.schema.field("began_at_s").type) == "double"
    empty = parquet.read_table(BytesIO(as_("stranger").get(frame).content))
    assert (empty.num_rows, empty.schema) == (0, table.schema)


def test_text_that_a_spreadsheet_would_run_is_marked_as_text(
    as_: As, world: World, journal: Step
) -> None:
    Step.objects.filter(pk=journal.pk).update(reason="=HYPERLINK(1)")
    text = as_("viewer").get(f"{API}/steps.csv?kind=expose").content.decode()
    assert "'=HYPERLINK(1)" in text

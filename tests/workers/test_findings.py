"""What is found becomes rows once, is chosen for a reason, and never depends on workers' speed."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from smartscope.analysis.findings import PluginUse
from smartscope.domain.actor import Actor
from smartscope.models import Analysis, Event, Exposure, Grid, Group, Hole, Square
from smartscope.operations.begin_analysis import (
    MOST_ATTEMPTS,
    SILENCE,
    Start,
    begin_analysis,
)
from smartscope.operations.edit_targets import edit_holes
from smartscope.operations.fail_analysis import fail_analysis
from smartscope.operations.journal_values import wanted_on
from smartscope.operations.pending_edit import Manner
from smartscope.operations.record_holes import record_holes
from smartscope.operations.record_squares import record_squares
from smartscope.operations.rerank_grid import rerank_grid
from smartscope.operations.square_edits import Wanted
from smartscope.queries.evidence import evidence_of
from tests.workers.night import grid_with_atlas, holes, imaged, squares, stitched
from workers.analyses.wanted import wanted_for

pytestmark = pytest.mark.django_db


def atlas_analysis(grid: Grid) -> Analysis:
    return Analysis.objects.get(image__grid=grid, kind="find_squares")


def after_atlas(labels: str, **parameters: object) -> Grid:
    """A grid with its squares found and chosen."""
    grid = grid_with_atlas(**parameters)
    record_squares(atlas_analysis(grid).pk, squares(labels), stitched())
    grid.refresh_from_db()
    return grid


def queued_squares(grid: Grid) -> list[Square]:
    return list(Square.objects.filter(grid=grid, status="queued").order_by("queue_position"))


def test_good_squares_are_queued_far_apart_and_the_others_say_why_not() -> None:
    grid = after_atlas("gggcgsg", squares_per_grid=3)
    assert [square.number for square in queued_squares(grid)] == [3, 7, 1]
    refused = Square.objects.filter(grid=grid, status="rejected").values_list("reason", flat=True)
    assert sorted(refused) == ["cracked", "small"]
    assert grid.status == "working"


def test_a_result_recorded_twice_changes_nothing() -> None:
    grid = after_atlas("ggg")
    before = (Square.objects.count(), Event.objects.count())
    record_squares(atlas_analysis(grid).pk, squares("ggggg"), stitched())
    assert (Square.objects.count(), Event.objects.count()) == before


def test_each_finding_is_one_event_with_its_reason() -> None:
    after_atlas("ggc", squares_per_grid=1)
    event = Event.objects.get(kind="atlas.analysed")
    assert event.reason == "2 of 3 squares look good; 1 were queued"


def test_a_simulated_run_sees_the_choice_when_the_analysis_would_have_ended() -> None:
    grid = after_atlas("ggg", squares_per_grid=2)
    assert {square.visible_from_s for square in queued_squares(grid)} == {104.0}


def test_holes_out_of_range_are_rejected_with_their_reason() -> None:
    grid = after_atlas("g", ice_min_nm=10.0, ice_max_nm=100.0)
    analysis = imaged(queued_squares(grid)[0], at_s=200.0)
    record_holes(analysis.pk, holes(40.0, 250.0, 2.0, 7.0, None))
    reasons = dict(Hole.objects.values_list("number", "reason"))
    assert (reasons[2], reasons[3], reasons[4]) == ("ice_thick", "empty", "ice_thin")
    assert reasons[1] == reasons[5] == ""


@pytest.mark.parametrize(("wanted", "queued"), [(2, 2), (0, 6)])
def test_screening_queues_as_many_groups_as_asked_and_collection_all(
    wanted: int, queued: int
) -> None:
    grid = after_atlas("g", holes_per_square=wanted)
    analysis = imaged(queued_squares(grid)[0], at_s=200.0)
    record_holes(analysis.pk, holes(*[40.0] * 6))
    assert Group.objects.filter(status="queued").count() == queued
    assert Hole.objects.filter(status="queued").count() == queued


def test_holes_within_the_image_shift_radius_share_a_group_and_one_is_its_centre() -> None:
    grid = after_atlas("g", holes_per_square=0, image_shift_radius_um=2.6, min_group_size=3)
    analysis = imaged(queued_squares(grid)[0], at_s=200.0)
    record_holes(analysis.pk, holes(*[40.0] * 6))
    groups = Group.objects.all()
    assert [group.holes.count() for group in groups] == [3, 3]
    assert all(group.holes.filter(group_role="centre").count() == 1 for group in groups)
    assert all(group.longest_shift_um <= 2.6 for group in groups)


def test_a_square_without_a_usable_hole_is_replaced_within_the_budget() -> None:
    grid = after_atlas("g" * 9, squares_per_grid=2)
    at_s = 200.0
    while waiting := queued_squares(grid):
        record_holes(imaged(waiting[0], at_s=at_s).pk, holes(300.0, 400.0))
        at_s += 60.0
    assert Square.objects.filter(grid=grid, queue_position__isnull=False).count() == 4
    assert set(Square.objects.filter(image__isnull=False).values_list("status", flat=True)) == {
        "done"
    }


def test_holes_of_a_later_square_wait_for_the_earlier_one() -> None:
    grid = after_atlas("gg", squares_per_grid=2)
    first, second = queued_squares(grid)
    earlier, later = imaged(first, at_s=200.0), imaged(second, at_s=260.0)
    assert begin_analysis(later.pk) is Start.LATER
    record_holes(earlier.pk, holes(40.0, 45.0))
    assert begin_analysis(later.pk) is Start.GO


def test_an_analysis_that_kills_every_worker_is_dead_after_three_attempts() -> None:
    grid = grid_with_atlas()
    analysis = atlas_analysis(grid)
    starts = []
    for _ in range(MOST_ATTEMPTS + 1):
        starts.append(begin_analysis(analysis.pk))
        Analysis.objects.update(beat_at=timezone.now() - SILENCE)  # and silent ever since
    assert starts == [Start.GO] * MOST_ATTEMPTS + [Start.ENDED]
    analysis.refresh_from_db()
    assert analysis.state == "dead"
    assert Event.objects.filter(kind="finding.failed").count() == 1


def test_a_second_message_for_work_in_progress_is_no_second_attempt() -> None:
    analysis = atlas_analysis(grid_with_atlas())
    starts = [begin_analysis(analysis.pk) for _ in range(5)]
    assert starts == [Start.GO] + [Start.ENDED] * 4
    analysis.refresh_from_db()
    assert (analysis.state, analysis.attempts) == ("running", 1)


def test_a_broken_file_ends_its_analysis_at_once_and_other_failures_are_tried_again() -> None:
    analysis = atlas_analysis(grid_with_atlas())
    begin_analysis(analysis.pk)
    fail_analysis(analysis.pk, "the disk was slow", final=False)
    analysis.refresh_from_db()
    assert (analysis.state, analysis.error) == ("wanted", "the disk was slow")
    begin_analysis(analysis.pk)
    fail_analysis(analysis.pk, "x.mrc is not an MRC file", final=True)
    analysis.refresh_from_db()
    assert analysis.state == "dead"


def test_a_grid_is_judged_anew_with_each_finding_and_says_why() -> None:
    grid = after_atlas("g" * 30)
    assert grid.suggested_verdict == "undecided"
    for at_s in (200.0, 260.0):
        record_holes(imaged(queued_squares(grid)[0], at_s=at_s).pk, holes(*[40.0] * 400))
    grid.refresh_from_db()
    assert grid.expected_usable_holes == pytest.approx(12_000 * 0.5)
    assert "800 of 800 holes in 2 imaged squares are in range." in grid.verdict_reasons
    assert grid.suggested_verdict == "undecided"
    assert "only 0 exposures were judged" in grid.verdict_reasons[0]
    for hole in Hole.objects.filter(status="queued")[:3]:
        Exposure.objects.create(
            hole=hole,
            slug=hole.slug,
            status="analysed",
            pixel_size_angstrom=1.0,
            dose_e_per_angstrom2=40.0,
            exposed_at_s=300.0,
        )
    rerank_grid(grid)
    grid.refresh_from_db()
    assert grid.suggested_verdict == "collect"
    assert grid.verdict_reasons[0] == "About 6,783 usable holes: 2 days of collection or more."


def test_each_exposure_stands_for_the_holes_of_its_ice() -> None:
    """Two of three exposures failed in ice that is rare: most holes are as the third one was."""
    grid = after_atlas("g" * 30, ice_max_nm=300.0)
    thick, usual, thin = ([ice + 0.01 * n for n in range(380)] for ice in (150.0, 60.0, 20.0))
    ice = [*usual, *thin[:20], *thick[:20]]
    record_holes(imaged(queued_squares(grid)[0], at_s=200.0).pk, holes(*ice))
    common, *rare = Hole.objects.filter(number__in=(5, 385, 395)).order_by("number")
    assert common.cluster not in {hole.cluster for hole in rare}
    for hole, label in zip((common, *rare), ("good", "bad", "bad"), strict=True):
        Exposure.objects.create(
            hole=hole,
            slug=hole.slug,
            label=label,
            status="analysed",
            pixel_size_angstrom=1.0,
            dose_e_per_angstrom2=40.0,
            exposed_at_s=300.0,
        )
    found = evidence_of(grid)
    assert (found.exposures_good, found.exposures_judged) == (1, 3)
    assert found.usable is not None
    assert found.usable.share == pytest.approx(0.95)
    assert found.usable.exposures == pytest.approx(400**2 / (380**2 + 20**2 / 2))


def test_an_imported_session_is_searched_but_never_queued() -> None:
    grid = grid_with_atlas()
    grid.session.imported = True
    grid.session.save()
    record_squares(atlas_analysis(grid).pk, squares("ggg"), stitched())
    assert not queued_squares(grid)


def test_an_empty_grid_is_an_answer() -> None:
    grid = after_atlas("")
    assert (grid.status, grid.suggested_verdict) == ("working", "undecided")
    assert Event.objects.get(kind="atlas.analysed").reason == "no square was found"


def test_the_darkest_holes_leave_the_choice_when_they_stand_apart() -> None:
    grid = after_atlas("g", holes_per_square=0, ice_max_nm=300.0)
    analysis = imaged(queued_squares(grid)[0], at_s=200.0)
    ice = [30.0 + 0.2 * n for n in range(40)] + [180.0 + 0.2 * n for n in range(20)]
    record_holes(analysis.pk, holes(*ice))
    thick = Hole.objects.filter(number__gt=40)
    assert set(thick.values_list("status", flat=True)) == {"rejected"}
    assert not Hole.objects.filter(number__lte=40, status="rejected").exists()


def test_a_person_who_calls_holes_bad_changes_what_the_grid_is_worth() -> None:
    grid = after_atlas("g" * 3)
    record_holes(imaged(queued_squares(grid)[0], at_s=200.0).pk, holes(*[40.0] * 20))
    grid.refresh_from_db()
    assert grid.holes_in_range == 60
    bad = list(Hole.objects.filter(status="found").values_list("pk", flat=True)[:10])
    person = User.objects.create_user("staff", is_staff=True)
    edit_holes(Actor("user", "staff", person.pk), bad, Wanted(label="bad"), Manner())
    grid.refresh_from_db()
    assert grid.holes_in_range == 30


def test_holes_in_doubtful_places_wait_for_a_person_and_another_square_is_taken() -> None:
    grid = after_atlas("ggg", squares_per_grid=1, holes_per_square=0)
    square = queued_squares(grid)[0]
    doubt = "only 31% of the lattice's nodes show a hole"
    found = replace(holes(*[40.0] * 4), needs_review=True, doubts=(doubt,))
    record_holes(imaged(square, at_s=200.0).pk, found)
    assert not Group.objects.exists()
    assert set(Hole.objects.values_list("status", "reason")) == {("found", "needs_review")}
    event = Event.objects.get(kind="square.analysed")
    assert doubt in event.reason
    assert len(queued_squares(grid)) == 1
    square.refresh_from_db()
    assert square.status == "done"


def test_a_film_that_was_declared_wrongly_is_told_and_its_holes_are_exposed() -> None:
    grid = after_atlas("g", squares_per_grid=1, holes_per_square=0)
    record_holes(
        imaged(queued_squares(grid)[0], at_s=200.0).pk,
        replace(holes(*[40.0] * 4), needs_review=True),
    )
    assert Hole.objects.filter(status="queued").count() == 4


def test_an_analysis_names_the_finder_whose_answer_was_kept() -> None:
    grid = after_atlas("g")
    analysis = imaged(queued_squares(grid)[0], at_s=200.0)
    own = PluginUse("yolo-holes", "7", 4.0)
    record_holes(analysis.pk, replace(holes(40.0, 40.0), finder=own))
    analysis.refresh_from_db()
    assert (analysis.plugin, analysis.plugin_version) == ("yolo-holes", "7")


@pytest.mark.parametrize(
    ("film", "finder"),
    [
        ("R1.2/1.3", "classical-holes"),
        ("lacey", "lacey-voids"),
        ("continuous", "continuous-points"),
    ],
)
def test_what_is_wanted_of_a_square_is_named_after_its_film(film: str, finder: str) -> None:
    (wanted,) = wanted_on(wanted_for("square"), film)
    assert (wanted.kind, wanted.plugin) == ("find_holes", finder)

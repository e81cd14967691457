"""Odd images are the specimen's business until they come in a row; black ones never are."""

from __future__ import annotations

from dataclasses import replace
from itertools import count
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.image_watch import (
    LEAST_COMPARABLE,
    LOOKS_TRIED,
    ODD_ALLOWED,
    Flaw,
    ImageWatch,
    Look,
    Place,
)

NUMBERS = count()
VIEWED = Place(x_um=10.0, y_um=20.0, area="hole")
THICK = Place(x_um=90.0, y_um=20.0)


def look(mean: float, kind: str = "movie", **changes: Any) -> Look:
    return Look(kind=kind, mean=mean, sha256=str(next(NUMBERS)), **changes)


def used_to(mean: float, kind: str = "movie") -> ImageWatch:
    watch = ImageWatch()
    for _ in range(LEAST_COMPARABLE):
        watch, flaw = watch.after(look(mean, kind))
        assert flaw is None
    return watch


def test_nothing_is_odd_before_there_is_something_to_compare_with() -> None:
    watch = ImageWatch()
    for mean in (100.0, 3.0, 5000.0):
        watch, flaw = watch.after(look(mean))
        assert flaw is None
    assert watch.may_record


def test_two_dim_images_in_a_row_forbid_records_and_three_dim_looks_more_ask_a_person() -> None:
    watch = used_to(100.0)
    watch, _ = watch.after(look(80.0, kind="view", place=VIEWED))
    for number in range(1, ODD_ALLOWED + LOOKS_TRIED + 1):
        in_doubt = number > ODD_ALLOWED
        assert watch.to_look_at == (VIEWED if in_doubt else None)
        watch, flaw = watch.after(look(30.0, again=in_doubt))
        assert flaw is Flaw.DIM
        assert watch.may_record is (number < ODD_ALLOWED)
        assert watch.beam_lost is (number == ODD_ALLOWED + LOOKS_TRIED)


def test_a_sound_place_that_is_as_it_was_clears_the_odd_ones_and_what_lies_near_them() -> None:
    watch = used_to(100.0)
    watch, _ = watch.after(look(80.0, kind="view", place=VIEWED))
    for _ in range(ODD_ALLOWED):
        watch, _ = watch.after(look(30.0, place=THICK))
    watch, flaw = watch.after(look(70.0, again=True))
    assert flaw is None
    assert watch.may_record
    for number in range(10):
        watch, flaw = watch.after(look(30.0, place=replace(THICK, x_um=THICK.x_um + number)))
        assert flaw is None
        assert watch.may_record
    _, elsewhere = watch.after(look(30.0, place=replace(THICK, x_um=400.0)))
    _, darker = watch.after(look(10.0, place=THICK))
    assert (elsewhere, darker) == (Flaw.DIM, Flaw.DIM)


def test_what_was_cleared_teaches_nobody_that_a_dim_beam_is_usual() -> None:
    watch = used_to(100.0)
    watch, _ = watch.after(look(80.0, kind="view", place=VIEWED))
    for _ in range(ODD_ALLOWED):
        watch, _ = watch.after(look(30.0, place=THICK))
    watch, _ = watch.after(look(70.0, again=True))
    for _ in range(30):
        watch, _ = watch.after(look(30.0, place=THICK))
    assert watch.means["movie"] == (100.0,) * LEAST_COMPARABLE
    assert watch.reference is not None
    assert watch.reference.mean == 80.0


def test_an_opaque_specimen_is_odd_and_only_what_no_beam_reached_is_black() -> None:
    watch = used_to(100.0)
    _, opaque = watch.after(look(2.0, electrons=100.0))
    _, beamless = watch.after(look(0.5, electrons=100.0))
    assert (opaque, beamless) == (Flaw.DIM, Flaw.BLACK)


def test_on_another_grid_there_is_nothing_to_look_at_again() -> None:
    watch = used_to(100.0)
    watch, _ = watch.after(look(80.0, kind="view", place=VIEWED))
    for _ in range(ODD_ALLOWED):
        watch, _ = watch.after(look(30.0))
    assert watch.on_another_grid().to_look_at is None


def test_a_good_view_allows_records_again() -> None:
    watch = used_to(100.0)
    for _ in range(ODD_ALLOWED):
        watch, _ = watch.after(look(250.0))
    assert not watch.may_record
    watch, flaw = watch.after(look(30.0, kind="view"))
    assert flaw is None
    assert watch.may_record


def test_black_saturated_and_repeated_frames_are_the_cameras() -> None:
    watch = used_to(100.0)
    _, black = watch.after(look(100.0, flat=True))
    _, full = watch.after(look(100.0, saturated=True))
    old = Look(kind="movie", mean=100.0, sha256=watch.checksums[0])
    after, repeated = watch.after(old)
    assert (black, full, repeated) == (
        Flaw.BLACK,
        Flaw.SATURATED,
        Flaw.REPEATED,
    )
    assert not after.may_record
    assert after.after(look(0.0))[0].camera_failed


@given(st.lists(st.floats(75.0, 149.0), min_size=1, max_size=60))
def test_ice_within_a_protocols_range_never_stops_a_night(means: list[float]) -> None:
    watch = used_to(100.0)
    for mean in means:
        watch, flaw = watch.after(look(mean))
        assert flaw is None
    assert watch.may_record

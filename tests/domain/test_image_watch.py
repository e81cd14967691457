"""Odd images are the specimen's business until they come in a row; black ones never are."""

from __future__ import annotations

from itertools import count

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.image_watch import (
    LEAST_COMPARABLE,
    ODD_ALLOWED,
    VIEWS_TRIED,
    Flaw,
    ImageWatch,
    Look,
)

NUMBERS = count()


def look(mean: float, kind: str = "movie", **changes: bool) -> Look:
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


def test_two_dim_images_in_a_row_forbid_records_and_three_dim_views_more_ask_a_person() -> None:
    watch = used_to(100.0)
    for number in range(1, ODD_ALLOWED + VIEWS_TRIED + 1):
        watch, flaw = watch.after(look(40.0))
        assert flaw is Flaw.DIM
        assert watch.may_record is (number < ODD_ALLOWED)
        assert watch.beam_lost is (number == ODD_ALLOWED + VIEWS_TRIED)


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
    _, dark = watch.after(look(2.0))
    _, full = watch.after(look(100.0, saturated=True))
    old = Look(kind="movie", mean=100.0, sha256=watch.checksums[0])
    after, repeated = watch.after(old)
    assert (black, dark, full, repeated) == (
        Flaw.BLACK,
        Flaw.BLACK,
        Flaw.SATURATED,
        Flaw.REPEATED,
    )
    assert not after.may_record
    assert after.after(look(0.0))[0].camera_failed


@given(st.lists(st.floats(60.0, 150.0), min_size=1, max_size=60))
def test_ice_within_a_protocols_range_never_stops_a_night(means: list[float]) -> None:
    watch = used_to(100.0)
    for mean in means:
        watch, flaw = watch.after(look(mean))
        assert flaw is None
    assert watch.may_record

"""A limit's preview counts every target once, and people stand above limits."""

from __future__ import annotations

from dataclasses import astuple

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.selector_limits import Consequence, Judged, Limits, consequence

sides = st.one_of(st.none(), st.floats(-100, 100))
targets = st.lists(
    st.builds(Judged, sides, st.one_of(st.none(), st.booleans()), st.booleans(), st.booleans())
)


@given(targets, sides, sides)
def test_every_target_is_counted_once(
    judged: list[Judged], low: float | None, high: float | None
) -> None:
    found = consequence(judged, Limits(low, high))
    # those whom a person wants against the limit are among those decided by people
    assert sum(astuple(found)) - found.overruled == len(judged)
    assert found.overruled <= found.by_people


def test_a_limit_keeps_loses_and_gains() -> None:
    now = [Judged(value, None, wanted) for value in (5.0, 20.0, 90.0) for wanted in (True, False)]
    found = consequence(now, Limits(10.0, 50.0))
    assert found == Consequence(kept=1, gained=1, lost=2, out=2)


def test_limits_are_inclusive_and_a_missing_side_is_open() -> None:
    edge = [Judged(10.0, None, wanted=True)]
    assert consequence(edge, Limits(10.0, 10.0)).kept == 1
    assert consequence(edge, Limits(None, 9.9)).lost == 1
    assert consequence(edge, Limits(9.9, None)).kept == 1


def test_what_people_said_what_is_spent_and_what_was_not_measured_stays() -> None:
    found = consequence(
        [
            Judged(1.0, word=True, wanted=True),
            Judged(30.0, word=False, wanted=False),
            Judged(30.0, None, wanted=True, spent=True),
            Judged(None, None, wanted=True),
        ],
        Limits(10.0, 50.0),
    )
    assert found == Consequence(by_people=2, overruled=1, spent=1, unmeasured=1)

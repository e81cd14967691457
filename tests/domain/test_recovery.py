"""The table of remedies: complete, monotone, and never milder than the trouble."""

from __future__ import annotations

import inspect

from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.errors import InstrumentError
from smartscope.domain.recovery import (
    IN_A_ROW,
    LADDER,
    PER_GRID,
    TREATMENTS,
    Remedy,
    Trouble,
    escalated,
    remedy_for,
)
from smartscope.microscope import errors

KINDS = ("load_grid", "open_valves", "atlas", "square", "expose", "zero_loss", "safe_state")
NAMES = sorted({name for name, _ in TREATMENTS})


def trouble(
    name: str, kind: str = "expose", attempt: int = 1, row: int = 1, on_grid: int = 1
) -> Trouble:
    return Trouble(
        classes=(name, "InstrumentError", "SmartscopeError"),
        step_kind=kind,
        attempt=attempt,
        failures_in_a_row=row,
        failures_on_grid=on_grid,
    )


def test_every_listed_error_exists() -> None:
    known = {
        name
        for name, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, InstrumentError)
    }
    assert set(NAMES) - known <= {"StorageFull", "BadFile"}


def test_an_unlisted_error_pauses_for_a_person() -> None:
    assert remedy_for(trouble("SomethingNew")) is Remedy.PAUSE_FOR_PERSON


def test_a_failed_autofocus_is_tried_once_more_and_then_costs_one_target() -> None:
    assert remedy_for(trouble("AutofocusFailed")) is Remedy.RETRY
    assert remedy_for(trouble("AutofocusFailed", attempt=2)) is Remedy.SKIP_TARGET


def test_three_in_a_row_or_ten_on_a_grid_escalate_one_level() -> None:
    again = trouble("AutofocusFailed", attempt=2, row=IN_A_ROW)
    often = trouble("AutofocusFailed", attempt=2, on_grid=PER_GRID)
    assert remedy_for(again) is remedy_for(often) is Remedy.SKIP_SQUARE


@given(name=st.sampled_from(NAMES), kind=st.sampled_from(KINDS), attempt=st.integers(1, 2))
def test_trouble_that_goes_on_reaches_a_person(name: str, kind: str, attempt: int) -> None:
    asks = (Remedy.PAUSE_FOR_PERSON, Remedy.SAFE_STOP)
    in_a_row = len(LADDER) * IN_A_ROW
    assert remedy_for(trouble(name, kind, attempt, row=in_a_row, on_grid=in_a_row)) in asks
    on_grid = len(LADDER) * PER_GRID
    if name != "StorageFull":
        assert remedy_for(trouble(name, kind, attempt, on_grid=on_grid)) in asks


def test_a_failed_load_stops_safely_and_is_never_tried_again() -> None:
    assert remedy_for(trouble("LoadFailed", kind="load_grid")) is Remedy.SAFE_STOP


def test_a_stage_that_does_not_come_home_is_sent_again_before_anybody_is_asked() -> None:
    homing = [remedy_for(trouble("StageStuck", "load_grid", attempt)) for attempt in (1, 2, 3)]
    assert homing == [Remedy.RETRY, Remedy.RETRY, Remedy.PAUSE_FOR_PERSON]


def test_a_full_disk_is_tried_again_but_not_in_a_row_for_ever() -> None:
    often = trouble("StorageFull", attempt=50, row=IN_A_ROW - 1, on_grid=50)
    assert remedy_for(often) is Remedy.RETRY
    in_a_row = trouble("StorageFull", row=IN_A_ROW, on_grid=IN_A_ROW)
    assert remedy_for(in_a_row) is Remedy.PAUSE_FOR_PERSON


@given(
    name=st.sampled_from(NAMES),
    kind=st.sampled_from(KINDS),
    attempt=st.integers(1, 5),
    row=st.integers(1, 12),
    on_grid=st.integers(1, 12),
)
def test_more_trouble_never_means_a_milder_remedy(
    name: str, kind: str, attempt: int, row: int, on_grid: int
) -> None:
    now = LADDER.index(remedy_for(trouble(name, kind, attempt, row, on_grid)))
    later = LADDER.index(remedy_for(trouble(name, kind, attempt + 1, row + 1, on_grid + 1)))
    assert later >= now


def test_the_strongest_remedy_stays() -> None:
    assert escalated(Remedy.SAFE_STOP) is Remedy.SAFE_STOP

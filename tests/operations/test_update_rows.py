"""Rows written at once: each gets its own values, whatever their type, and nobody else's change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from smartscope.models import Microscope
from smartscope.operations.update_rows import update_rows

NAMES = ("name", "stage_x_um", "valves_open", "loaded_position", "state_since", "driver_settings")


@pytest.fixture
def microscopes(db: None) -> list[Microscope]:
    return [Microscope.objects.create(name=f"T{n}", location="here") for n in range(4)]


def test_every_row_gets_its_own_values_by_one_statement(microscopes: list[Microscope]) -> None:
    *changed, other = microscopes
    for number, row in enumerate(changed):
        row.name = f'it\'s {{{number}}}, "quoted" and 100 %'
        row.stage_x_um = None if number == 0 else 0.1 * number
        row.valves_open = number == 1
        row.loaded_position = None if number == 2 else number
        row.state_since = datetime(2026, 1, 1 + number, tzinfo=UTC)
        row.driver_settings = {"seed": number, "words": ["a", None]}
        row.location = "not written"
    other.name = "not written"
    with CaptureQueriesContext(connection) as seen:
        update_rows(changed, NAMES)
    assert len(seen) == 1
    for row in changed:
        written = Microscope.objects.get(pk=row.pk)
        assert {name: getattr(written, name) for name in NAMES} == {
            name: getattr(row, name) for name in NAMES
        }
        assert written.location == "here"
    assert Microscope.objects.get(pk=other.pk).name == "T3"


def test_what_is_too_long_is_refused_and_never_cut(microscopes: list[Microscope]) -> None:
    length = Microscope._meta.get_field("name").max_length
    assert length is not None
    microscopes[0].name = "x" * (length + 1)
    with pytest.raises(DataError), transaction.atomic():
        update_rows(microscopes, ("name",))


def test_without_rows_or_columns_nothing_is_asked(microscopes: list[Microscope]) -> None:
    with CaptureQueriesContext(connection) as seen:
        update_rows([], NAMES)
        update_rows(microscopes, ())
    assert len(seen) == 0

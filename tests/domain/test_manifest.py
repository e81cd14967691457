"""A pasted table is read cell by cell: a bad cell is named and takes no other row with it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.manifest import Manifest, read_manifest

HEADS = ["Slot", "Grid name", "Film", "Mesh", "tilt_deg"]


def read(*rows: list[str], heads: list[str] = HEADS, **more: object) -> Manifest:
    return read_manifest([heads, *rows], slots=12, **more)  # type: ignore[arg-type]


def wrong(manifest: Manifest) -> dict[int, list[str]]:
    """Columns with a problem, by line."""
    return {row.line: [one.column for one in row.problems] for row in manifest.rows if not row.good}


def test_a_good_row_becomes_a_grid_with_its_parameters() -> None:
    (row,) = read(["3", "apo 2", "quantifoil R 2/2", "400 mesh", "30"]).rows
    assert row.good
    assert row.described is not None
    assert (row.described.position, row.described.name) == (3, "apo 2")
    assert (row.described.hole_type, row.described.mesh) == ("R2/2", "400")
    assert row.parameters == {"tilt_deg": 30.0}


def test_without_heads_the_columns_are_slot_name_sample_film() -> None:
    (row,) = read_manifest([["2", "A", "kinase", "R1.2/1.3"]], slots=12).rows
    assert row.good
    assert row.sample == "kinase"


def test_three_bad_rows_leave_the_others_good() -> None:
    manifest = read(
        ["1", "good", "R2/2", "300", ""],
        ["99", "no such slot", "R2/2", "300", ""],
        ["2", "", "R2/2", "300", ""],
        ["4", "film", "R9/9", "1000", "90"],
        ["5", "also good", "", "", "-20,5"],
    )
    assert wrong(manifest) == {3: ["position"], 4: ["name"], 5: ["tilt_deg", "hole_type", "mesh"]}
    assert manifest.rows[-1].parameters == {"tilt_deg": -20.5}


def test_two_rows_in_one_slot_name_each_other() -> None:
    manifest = read(["1", "A", "", "", ""], ["1", "B", "", "", ""], ["2", "C", "", "", ""])
    assert wrong(manifest) == {2: ["position"], 3: ["position"]}
    assert "line 3" in manifest.rows[0].problems[0].message


def test_a_slot_that_holds_a_grid_already_says_which() -> None:
    manifest = read(["1", "A", "", "", ""], taken={1: "kept"})
    assert "kept" in manifest.rows[0].problems[0].message


def test_heads_that_nobody_knows_or_that_come_twice_are_named() -> None:
    manifest = read(["1", "A", "x", "B"], heads=["slot", "name", "colour", "Name"])
    assert [one.column for one in manifest.problems] == ["colour", "name"]
    assert manifest.rows[0].cells["name"] == "A"


def test_a_row_is_judged_with_the_sessions_parameters() -> None:
    heads = ["slot", "name", "defocus_max_um"]
    manifest = read(["1", "A", "1.5"], heads=heads, usual={"defocus_min_um": 2.0})
    assert wrong(manifest) == {2: ["defocus_max_um"]}


@pytest.mark.parametrize("table", [[], [[""], ["  "]], [["slot", "name"]]])
def test_a_table_without_rows_says_so(table: list[list[str]]) -> None:
    manifest = read_manifest(table, slots=12)
    assert manifest.rows == ()
    assert manifest.problems


@given(st.lists(st.lists(st.text(max_size=12), max_size=8), max_size=8))
def test_whatever_is_pasted_is_answered(table: list[list[str]]) -> None:
    for row in read_manifest(table, slots=12).rows:
        assert row.good or row.problems

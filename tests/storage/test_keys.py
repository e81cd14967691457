"""Keys of stored files are safe whatever people call their sessions and grids."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.domain.errors import InvalidInput
from smartscope.storage.keys import check_key, object_key, object_name, safe_part


def test_a_key_says_session_grid_kind_step_item_and_epoch() -> None:
    name = object_name(step=17, item="hole-4", epoch=3, extension="mrc")
    assert object_key("Night 1", "Grid é (A)", "exposure", name) == (
        "Night-1/Grid-e-A/exposure/17_hole-4_e3.mrc"
    )


@given(st.text(), st.text(), st.text())
def test_whatever_people_type_a_key_is_safe_or_refused(session: str, grid: str, kind: str) -> None:
    try:
        key = object_key(session, grid, kind, "1_2_e3.mrc")
    except InvalidInput:
        return
    assert check_key(key) == key
    parts = key.split("/")
    assert len(parts) == 4
    assert all(part.isascii() and not part.startswith(".") and part != ".." for part in parts)


@given(st.text(min_size=1))
def test_a_safe_part_stays_as_it_is(text: str) -> None:
    try:
        part = safe_part(text)
    except InvalidInput:
        return
    assert safe_part(part) == part


@pytest.mark.parametrize(
    "key",
    [
        "",
        "/etc/passwd",
        "a/../b",
        "a/./b",
        "a//b",
        "a/b/",
        "..",
        ".hidden",
        "a\\b",
        "a\x00b",
        "a b",
        "a\nb",
        "a.",
        "a/b.",
        "x" * 500,
    ],
)
def test_a_key_that_could_leave_the_store_is_refused(key: str) -> None:
    with pytest.raises(InvalidInput):
        check_key(key)


@pytest.mark.parametrize("extension", ["", "MRC", "a.b", "../x", "waytoolongext"])
def test_an_odd_extension_is_refused(extension: str) -> None:
    with pytest.raises(InvalidInput):
        object_name(step=1, item=1, epoch=0, extension=extension)


def test_a_negative_epoch_is_refused() -> None:
    with pytest.raises(InvalidInput):
        object_name(step=1, item=1, epoch=-1, extension="mrc")

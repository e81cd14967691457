"""Which film a lattice is of, and what is told when it is not the declared one."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.analysis.base import FindContext
from smartscope.analysis.detection.film_name import (
    FilmShape,
    Vectors,
    nearest_type,
    shape_of,
    warnings_of,
)

R12 = FindContext(hole_diameter_um=1.2, hole_pitch_um=2.5)


def vectors(pitch: float, between_deg: float, turn_deg: float, stretch: float = 1.0) -> Vectors:
    a, b = math.radians(turn_deg), math.radians(turn_deg + between_deg)
    return (
        (pitch * math.cos(a), stretch * pitch * math.sin(a)),
        (pitch * math.cos(b), stretch * pitch * math.sin(b)),
    )


@given(st.floats(0.3, 8.0), st.floats(-180, 180))
def test_a_lattice_is_named_however_it_is_turned(pitch: float, turn: float) -> None:
    for between, kind in ((90, "square"), (60, "triangular"), (120, "triangular")):
        shape = shape_of(vectors(pitch, between, turn))
        assert shape.kind == kind
        assert shape.anisotropy == pytest.approx(0.0, abs=1e-9)


@given(st.floats(-180, 180))
def test_a_stretch_is_measured_whichever_way_the_lattice_lies(turn: float) -> None:
    assert shape_of(vectors(2.5, 90, turn, 1.06)).anisotropy == pytest.approx(0.06, abs=1e-6)


def test_an_oblique_lattice_has_no_name() -> None:
    assert shape_of(vectors(2.5, 75, 10)).kind == "other"


def test_every_type_is_nearest_to_itself() -> None:
    assert nearest_type("square", 4.0, 2.0, "carbon") == "R2/2"
    assert nearest_type("square", 2.5, 1.2, "gold") == "UltrAuFoil R1.2/1.3"
    assert nearest_type("triangular", 0.6, 0.3, "gold") == "HexAuFoil"
    assert nearest_type("square", 9.0, 2.0, "carbon") is None


def test_another_film_than_declared_is_told_by_name() -> None:
    told = warnings_of(FilmShape("square", 0.004), 4.03, 1.9, R12)
    assert told == ("the film looks like R2/2, not R1.2/1.3",)


def test_a_wrong_tilt_is_told() -> None:
    shape = shape_of(vectors(2.5, 90, 20, math.cos(math.radians(20))))
    assert "check the tilt" in warnings_of(shape, 2.45, 1.2, R12)[0]
    assert warnings_of(shape_of(vectors(2.5, 90, 20, 1.01)), 2.5, 1.2, R12) == ()


def test_vectors_in_either_order_are_the_same_film() -> None:
    first, second = vectors(2.5, 60, 15)
    there, back = shape_of((first, second)), shape_of((second, first))
    assert there.kind == back.kind
    assert np.isclose(there.anisotropy, back.anisotropy)

"""Units and directions of the simulated SerialEM, against the truth: nothing may be guessed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.serialem.orientation import (
    OPERATIONS,
    Orientation,
    inverse,
    specimen_to_shift,
    times,
)
from smartscope.microscope.values import Area
from tests.microscope.simulator.hand import Bench, Hand, bench

PITCH_UM = 2.5


def brightness(pixels: Any, x_px: float, y_px: float) -> float | None:
    """The mean of a few pixels about an image position (Y down from the top left corner)."""
    x, y = int(x_px), int(y_px)
    if not (3 <= x < pixels.shape[1] - 3 and 3 <= y < pixels.shape[0] - 3):
        return None
    return float(pixels[y - 2 : y + 3, x - 2 : x + 3].mean())


def contrast_at_holes(served: Bench, hand: Hand, about: tuple[float, float]) -> float:
    """How much brighter buffer A is in true holes than half a pitch beside them."""
    holes = served.control.truth("holes", x_um=about[0], y_um=about[1], reach_um=20.0)["holes"]
    pixels = hand.image("A")
    inside: list[float] = []
    beside: list[float] = []
    for hole in holes:
        if not hole["visible"] or hole["fault"] != "none":
            continue
        for offset_um, kept in ((0.0, inside), (PITCH_UM / 2, beside)):
            place = hand.numbers(
                "StagePosToBufImagePos", "A", 0, hole["x_um"] + offset_um, hole["y_um"] + offset_um
            )
            value = brightness(pixels, *place)
            if value is not None:
                kept.append(value)
    assert len(inside) > 30
    return float(np.mean(inside) / np.mean(beside))


@pytest.mark.parametrize("orientation", [0, 3, 6])
def test_the_matrix_of_an_image_leads_to_the_true_holes(tmp_path: Path, orientation: int) -> None:
    with bench(tmp_path, error_scale=0.0, orientation=orientation) as served, served.hand() as hand:
        hand.ready()
        x, y = served.good_square()
        hand.call("MoveStageTo", x + 3.0, y - 4.0)
        hand.call("Search")
        straight = contrast_at_holes(served, hand, (x, y))
        assert straight > 1.04
        matrix = hand.numbers("SpecimenToISMatrix", 0)
        specimen = (2.0, 1.0)
        units = (
            matrix[0] * specimen[0] + matrix[1] * specimen[1],
            matrix[2] * specimen[0] + matrix[3] * specimen[1],
        )
        assert hand.call("SetImageShift", *units, 1, 1) == (0.0,)
        hand.call("Search")
        assert contrast_at_holes(served, hand, (x, y)) == pytest.approx(straight, rel=0.03)
        # specimen X lies along the tilt axis (the stage's x), specimen Y against the stage's y
        centre = served.control.truth("centre", area="square")
        assert centre["x_um"] == pytest.approx(x + 3.0 + specimen[0], abs=1e-3)
        assert centre["y_um"] == pytest.approx(y - 4.0 - specimen[1], abs=1e-3)
        own_x, own_y, _, _, stage_x, stage_y = hand.numbers("ReportImageShift")
        assert (own_x, own_y) == pytest.approx(units, abs=1e-4)
        assert (stage_x, stage_y) == pytest.approx((specimen[0], -specimen[1]), abs=1e-4)


def test_taking_the_shift_for_microns_of_the_stage_fails() -> None:
    matrix = specimen_to_shift(Area.RECORD)
    x, y = times(inverse(matrix), 1.0, 0.0)
    assert abs(x - 1.0) > 0.3
    assert abs(y) > 0.3


@pytest.mark.parametrize("orientation", [0, 5])
def test_an_alignment_shift_is_what_undoes_the_image_shift(
    tmp_path: Path, orientation: int
) -> None:
    with bench(tmp_path, error_scale=0.0, orientation=orientation) as served, served.hand() as hand:
        hand.ready()
        hand.call("MoveStageTo", *served.good_square())
        hand.call("View")
        hand.call("Copy", "A", "T")
        assert hand.call("ImageShiftByMicrons", 0.5, -0.3) == (0.0,)
        hand.call("View")
        hand.call("AlignTo", "T", 1)
        shift = hand.numbers("ReportAlignShift")
        assert shift[4:] == pytest.approx((500.0, -300.0), abs=30.0)
        assert np.hypot(shift[0], shift[1]) * 7.0 == pytest.approx(np.hypot(500, 300), abs=30.0)
        back = hand.numbers("ReportISforBufferShift")
        here = hand.numbers("ReportImageShift")[:2]
        assert back == pytest.approx((-here[0], -here[1]), abs=0.05)
        hand.call("ClearAlignment")
        hand.call("AlignTo", "T")
        assert hand.numbers("ReportSpecimenShift") == pytest.approx((0.0, 0.0), abs=0.03)


def test_resetting_the_shift_moves_the_stage_instead(served: Bench, hand: Hand) -> None:
    hand.ready()
    hand.call("MoveStageTo", 10, 20)
    hand.call("ImageShiftByMicrons", 2.0, 1.0)
    before = hand.numbers("ReportImageShift")[4:]
    hand.call("ResetImageShift")
    assert hand.numbers("ReportImageShift") == (0.0,) * 6
    x, y = hand.numbers("ReportStageXYZ")[:2]
    assert (x - 10.0, y - 20.0) == pytest.approx(before, abs=1e-3)


def test_negative_defocus_is_underfocus(tmp_path: Path) -> None:
    with bench(tmp_path, error_scale=0.0) as served, served.hand() as hand:
        hand.ready()
        x, y = served.good_square()
        hand.call("MoveStageTo", x, y, 4.0)
        hand.call("GoToLowDoseArea", "R")
        hand.call("SetTargetDefocus", -1.5)
        hand.call("AutoFocus")
        measured, code = hand.numbers("ReportAutoFocus")
        assert code == 0.0
        reading = hand.numbers("ReportDefocus")[0]
        assert reading == pytest.approx(-measured - 1.5, abs=0.05), "it was at 0 before"
        true = served.control.truth("centre", area="record")["defocus_um"]
        assert true == pytest.approx(1.5, abs=0.1), "underfocus is positive in the truth"
        assert abs(reading + 1.5) > 1.0, "the reading is no defocus: it has the height in it"
        hand.call("SetDefocus", reading - 0.5)
        lower = served.control.truth("centre", area="record")["defocus_um"]
        assert lower == pytest.approx(true + 0.5, abs=1e-6)
        hand.call("ChangeFocus", 0.25)
        assert hand.numbers("ReportDefocus")[0] == pytest.approx(reading - 0.25)


def test_a_positive_tilt_raises_what_lies_at_positive_y(tmp_path: Path) -> None:
    with bench(tmp_path, error_scale=0.0) as served, served.hand() as hand:
        hand.ready()
        hand.call("MoveStageTo", *served.good_square())
        hand.call("GoToLowDoseArea", "R")
        hand.call("TiltTo", 30)
        level = served.control.truth("centre", area="record")
        matrix = hand.numbers("SpecimenToISMatrix", 0)
        hand.call("SetImageShift", -2.0 * matrix[1], -2.0 * matrix[3])  # stage y + 2 µm
        raised = served.control.truth("centre", area="record")
        gained = raised["defocus_um"] - level["defocus_um"]
        bumps = raised["height_excess_um"] - level["height_excess_um"]
        assert gained - bumps == pytest.approx(2.0 * np.tan(np.radians(30)), abs=0.02)


@pytest.mark.parametrize("operation", range(len(OPERATIONS)))
def test_a_turned_camera_shows_the_same_places(operation: int) -> None:
    shape = (3, 5)
    rendered = Affine(0.5, 0.0, 10.0, 0.0, 0.5, -20.0)
    turn = Orientation(operation)
    numbered = np.arange(15).reshape(shape)
    delivered = turn.turned(numbered)
    affine = turn.affine(rendered, shape)
    for row, column in np.ndindex(delivered.shape):
        old_row, old_column = divmod(int(delivered[row, column]), shape[1])
        there = affine.apply(column, row)
        was = rendered.apply(old_column, old_row)
        assert (there.x_um, there.y_um) == pytest.approx((was.x_um, was.y_um))


def test_matrices_are_each_others_inverse(served: Bench, hand: Hand) -> None:
    hand.call("SetLowDoseMode", 1)
    for one, other in (
        ("CameraToSpecimenMatrix", "SpecimenToCameraMatrix"),
        ("ISToSpecimenMatrix", "SpecimenToISMatrix"),
        ("StageToSpecimenMatrix", "SpecimenToStageMatrix"),
    ):
        for index in (0, 5, 21):
            product = np.reshape(hand.numbers(one, index), (2, 2)) @ np.reshape(
                hand.numbers(other, index), (2, 2)
            )
            assert np.allclose(product, np.eye(2))
    camera = np.reshape(hand.numbers("CameraToSpecimenMatrix", 0), (2, 2))
    stage = np.reshape(hand.numbers("StageToCameraMatrix", 0), (2, 2))
    to_stage = np.reshape(hand.numbers("SpecimenToStageMatrix", 0), (2, 2))
    assert np.allclose(to_stage @ camera @ stage, np.eye(2))
    pixel_nm = hand.numbers("CameraProperties")[4]
    assert np.sqrt(abs(np.linalg.det(camera))) * 1e3 == pytest.approx(pixel_nm)

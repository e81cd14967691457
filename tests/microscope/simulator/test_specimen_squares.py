"""Squares are named for what they are: labels follow from numbers measured on the finished one."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from smartscope.microscope.simulator.specimen.labels import label_square
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Pose,
    Square,
    SquareLabel,
    SquareNumbers,
)
from smartscope.microscope.simulator.specimen.world import Specimen

NUMBERS = {
    "visible_fraction": 1.0,
    "missing_foil_fraction": 0.0,
    "contaminated_fraction": 0.0,
    "bright_fraction": 1.0,
    "median_hole_ice_nm": 40.0,
    "iqr_hole_ice_nm": 5.0,
    "holes": 500,
    "usable_holes": 480,
    "mean_transmission": 0.8,
}


@pytest.mark.parametrize(
    ("change", "label", "sub_label"),
    [
        ({}, SquareLabel.GOOD, ""),
        ({"visible_fraction": 0.69}, SquareLabel.PARTIAL, ""),
        ({"missing_foil_fraction": 0.005}, SquareLabel.CRACKED, ""),
        ({"missing_foil_fraction": 0.3, "median_hole_ice_nm": 0}, SquareLabel.CRACKED, "broken"),
        ({"missing_foil_fraction": 0.95}, SquareLabel.CRACKED, "empty"),
        ({"contaminated_fraction": 0.07}, SquareLabel.CONTAMINATED, ""),
        ({"median_hole_ice_nm": 4.9}, SquareLabel.DRY, ""),
        ({"bright_fraction": 0.44}, SquareLabel.SMALL, ""),
    ],
)
def test_the_first_rule_that_matches_names_the_square(
    change: dict[str, float], label: SquareLabel, sub_label: str
) -> None:
    numbers = SquareNumbers(**(NUMBERS | change))  # type: ignore[arg-type]
    assert label_square(numbers)[:2] == (label, sub_label)


def test_a_square_is_the_same_whatever_box_it_was_asked_in() -> None:
    spec = preset_spec(Preset.DAMAGED, "boxes")
    together = Specimen(spec).squares(Box.around(0, 0, 120))
    assert len(together) >= 4
    for square in together:
        alone = Specimen(spec).squares(Box.around(square.stage_x_um, square.stage_y_um, 1.0))
        assert alone == [square]


def test_presets_make_the_grids_they_are_named_for() -> None:
    counts = {}
    for preset in Preset:
        world = Specimen(preset_spec(preset, "presets", mesh="400"))
        squares = world.squares(Box.around(0, 0, 260))
        counts[preset] = Counter(square.label for square in squares)
        assert sum(counts[preset].values()) > 50
    good = counts[Preset.GOOD]
    assert good.most_common(1)[0][0] is SquareLabel.GOOD
    assert counts[Preset.DRY].most_common(1)[0][0] is SquareLabel.DRY
    assert counts[Preset.THICK][SquareLabel.SMALL] > 2 * good[SquareLabel.SMALL]
    assert (
        counts[Preset.CONTAMINATED][SquareLabel.CONTAMINATED] > 3 * good[SquareLabel.CONTAMINATED]
    )
    assert counts[Preset.DAMAGED][SquareLabel.CRACKED] > 2 * good[SquareLabel.CRACKED]


def rendered_middle(
    world: Specimen, square: Square
) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    side = 100
    pixel_um = 0.9 * square.opening_um / side
    return world.render(
        Pose(x_um=square.stage_x_um, y_um=square.stage_y_um, rotation_deg=square.rotation_deg),
        (side, side),
        pixel_um,
    ).transmission


def test_labels_agree_with_what_an_image_shows() -> None:
    world = Specimen(preset_spec(Preset.DAMAGED, "presets"))
    squares = world.squares(Box.around(0, 0, 260))
    for square in squares:
        image = rendered_middle(world, square)
        if square.label is SquareLabel.SMALL:
            assert (image > 0.3).mean() < 0.62
        if square.sub_label == "empty":
            assert np.median(image) > 0.97
        if square.sub_label == "broken":
            assert (image > 0.97).mean() > 0.15
        if square.label is SquareLabel.GOOD and square.usable:
            assert 0.5 < np.median(image) < 0.95
    labels = {square.label for square in squares}
    assert {SquareLabel.GOOD, SquareLabel.CRACKED} <= labels


def test_squares_beyond_the_rim_are_partial() -> None:
    world = Specimen(preset_spec(Preset.GOOD, "rim"))
    outside = [
        s
        for s in world.squares(Box(900.0, -300.0, 1100.0, 300.0))
        if np.hypot(s.stage_x_um, s.stage_y_um) > 1010
    ]
    assert outside
    assert {square.label for square in outside} == {SquareLabel.PARTIAL}


def test_no_dirt_hangs_where_the_foil_is_gone() -> None:
    world = Specimen(preset_spec(Preset.DAMAGED, "presets"))
    empty = [s for s in world.squares(Box.around(0, 0, 300)) if s.sub_label == "empty"]
    assert empty
    for square in empty:
        box = Box.around(square.stage_x_um, square.stage_y_um, 0.3 * square.opening_um)
        assert world.contaminants(box, 0.0) == []
        assert float(rendered_middle(world, square)[40:60, 40:60].min()) > 0.999

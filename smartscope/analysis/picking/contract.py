"""What every picker must keep, as checks for its authors.

Each function raises `AssertionError` with a sentence; none needs a test framework.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatImage, UnusableImage
from smartscope.analysis.picking.picks import Picker, Picks

#: pixels by which a pick may move when only the camera's counts change
SAME_WITHIN_PX = 2.0


def awkward_micrographs() -> tuple[NDArray[np.generic], ...]:
    """Pictures nobody wants: black, constant, without a number, one pixel, a strip, a cube."""
    return (
        np.zeros((256, 256), dtype=np.uint16),
        np.full((256, 256), 7, dtype=np.uint8),
        np.full((256, 256), np.nan, dtype=np.float32),
        np.ones((1, 1), dtype=np.float32),
        np.arange(900, dtype=np.float32).reshape(1, 900),
        np.ones((2, 64, 64), dtype=np.float32),
    )


def check_picker(
    picker: Picker, picture: FloatImage, *, pixel_angstrom: float, diameter_angstrom: float
) -> None:
    """Well-formed answers, the same twice, in other counts and beside dirt; a sentence for what
    cannot be looked at, and for a pixel size that cannot be.
    """
    card = picker.manifest
    assert card.kind == "picker", f"{card.name}: kind is {card.kind!r}"

    def pick(shown: NDArray[np.generic], dirt: BoolArray | None = None) -> Picks:
        return picker.pick(
            shown,
            pixel_size_angstrom=pixel_angstrom,
            diameter_angstrom=diameter_angstrom,
            dirt=dirt,
        )

    before = picture.copy()
    first = pick(picture)
    assert np.array_equal(picture, before), f"{card.name}: changed its input"
    check_picks(first, picture.shape, card.name)
    assert first.count > 0, f"{card.name}: finds nothing where there are particles"
    again = pick(picture)
    assert np.array_equal(first.centres_px, again.centres_px), f"{card.name}: differs twice"
    other = pick(16.0 * picture)
    assert abs(other.count - first.count) <= 0.05 * first.count + 1, (
        f"{card.name}: {first.count} picks, {other.count} in other counts"
    )
    dirt = np.zeros(picture.shape, dtype=np.bool_)
    dirt[:, : picture.shape[1] // 2] = True
    beside = pick(picture, dirt)
    check_picks(beside, picture.shape, card.name)
    left = beside.centres_px[:, 0] < picture.shape[1] // 2 - SAME_WITHIN_PX
    assert not left.any(), f"{card.name}: picks dirt"
    _check_refusals(picker, picture, pixel_angstrom, diameter_angstrom)


def check_picks(picks: Picks, shape: tuple[int, ...], name: str) -> None:
    """Shapes agree, best first, inside the picture, and a reason where there are none."""
    assert picks.centres_px.shape == (len(picks.scores), 2), f"{name}: {picks.centres_px.shape}"
    assert np.isfinite(picks.centres_px).all(), f"{name}: a place is not a number"
    assert np.isfinite(picks.scores).all(), f"{name}: a score is not a number"
    assert (np.diff(picks.scores) <= 0).all(), f"{name}: not best first"
    inside = (picks.centres_px >= -0.5) & (picks.centres_px <= np.array(shape[::-1]) - 0.5)
    assert inside.all(), f"{name}: a pick lies outside the picture"
    assert picks.count or picks.reason, f"{name}: no picks and no reason"


def _check_refusals(picker: Picker, picture: FloatImage, pixel: float, diameter: float) -> None:
    name = picker.manifest.name
    wrong = [(awkward, pixel) for awkward in awkward_micrographs()]
    wrong += [(picture, size) for size in (0.0, -1.0, float("nan"), diameter)]
    for shown, size in wrong:
        said = ""
        try:
            picker.pick(shown, pixel_size_angstrom=size, diameter_angstrom=diameter)
        except UnusableImage as refusal:
            said = str(refusal)
        assert said.endswith("."), f"{name}: {shown.shape} at {size} Å was picked, or said {said!r}"

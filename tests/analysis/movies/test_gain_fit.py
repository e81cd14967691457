"""A gain that lies wrongly is told, with the way it fits; a right one and a flat one are not."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.io.orientation import Orientation, oriented
from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.analysis.movies.gain_fit import fit_gain
from tests.analysis.movies.moving_specimen import burst_and_drift, record

#: which way undoes each way
BACK = {
    Orientation.TURNED_90: Orientation.TURNED_270,
    Orientation.TURNED_270: Orientation.TURNED_90,
}


def camera(side: int = 300) -> tuple[np.ndarray, np.ndarray]:
    """A gain factor, and the sum of a movie's raw counts, 20 electrons a pixel."""
    rng = np.random.default_rng(1)
    factor = rng.normal(1.0, 0.05, (side, side)).astype(np.float32)
    return factor, rng.poisson(20.0 / factor).astype(np.float32)


@pytest.mark.parametrize("orientation", list(Orientation))
def test_the_way_it_lies_is_named(orientation: Orientation) -> None:
    factor, total = camera()
    found = fit_gain(total, oriented(factor, orientation).astype(np.float32))
    assert found.orientation is BACK.get(orientation, orientation)
    assert not found.reciprocal
    assert (found.doubt == "") == (orientation is Orientation.AS_IS)


def test_a_reciprocal_is_told() -> None:
    factor, total = camera()
    found = fit_gain(total, (1.0 / factor).astype(np.float32))
    assert found.reciprocal
    assert "divided by" in found.doubt


def test_a_reference_that_fits_no_way_is_not_doubted() -> None:
    _, total = camera()
    noise = np.random.default_rng(9).normal(1.0, 0.05, total.shape).astype(np.float32)
    assert fit_gain(total, noise).doubt == ""
    assert fit_gain(total, np.ones_like(noise)).doubt == ""


def test_an_aligned_movie_says_so() -> None:
    gain = np.random.default_rng(4).normal(1.0, 0.08, (360, 400)).astype(np.float32)
    recorded = record(burst_and_drift(12), gain=gain)
    taken = Taken(pixel_size_angstrom=1.2, dose_per_frame_e_per_a2=1.0)
    right = align_movie(recorded.movie, taken, gain=gain)
    wrong = align_movie(recorded.movie, taken, gain=np.ascontiguousarray(gain[:, ::-1]))
    assert not [text for text in right.warnings if "gain" in text]
    assert [text for text in wrong.warnings if "flipped" in text]

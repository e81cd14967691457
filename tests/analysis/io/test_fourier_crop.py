"""A cropped picture keeps every detail below its new Nyquist, its mean, and gets no alias."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartscope.analysis.io.fourier_crop import crop_to, fourier_crop, smooth_shape
from smartscope.domain.errors import InvalidInput


def wave(shape: tuple[int, int], cycles: tuple[float, float], phase: float = 0.3) -> np.ndarray:
    y, x = np.mgrid[: shape[0], : shape[1]]
    turn = cycles[0] * y / shape[0] + cycles[1] * x / shape[1]
    made: np.ndarray = (5.0 + np.cos(2 * np.pi * turn + phase)).astype(np.float32)
    return made


@given(
    rows=st.integers(8, 40),
    columns=st.integers(8, 40),
    down=st.integers(-3, 3),
    right=st.integers(-3, 3),
)
def test_a_wave_below_the_new_nyquist_is_the_same_wave(
    rows: int, columns: int, down: int, right: int
) -> None:
    found = crop_to(wave((60, 48), (down, right)), (min(rows, 60), min(columns, 48)))
    assert np.allclose(found, wave(found.shape, (down, right)), atol=1e-5)


@pytest.mark.parametrize("cycles", [(25, 3), (2, 20), (-28, 19)])
def test_a_wave_above_the_new_nyquist_leaves_nothing(cycles: tuple[int, int]) -> None:
    found = crop_to(wave((64, 48), cycles), (32, 24))
    assert np.allclose(found, 5.0, atol=1e-5)


def test_the_result_is_real_and_whole_when_nothing_is_cut() -> None:
    image = np.random.default_rng(1).normal(size=(30, 41)).astype(np.float32)
    assert np.allclose(crop_to(image, (30, 41)), image, atol=1e-5)


@given(height=st.integers(64, 6000), width=st.integers(64, 6000), factor=st.floats(0.1, 1.0))
def test_the_new_size_transforms_fast_and_is_near_what_was_asked(
    height: int, width: int, factor: float
) -> None:
    shape = smooth_shape((height, width), factor)
    for side, new in zip((height, width), shape, strict=True):
        assert 1 <= new <= side
        assert abs(new - side * factor) <= max(5.0, 0.06 * side * factor)


def test_a_camera_s_pixels_stay_square() -> None:
    for camera in ((4096, 4096), (4092, 5760), (8184, 11520), (3838, 3710)):
        rows, columns = smooth_shape(camera, 0.2)
        assert abs(rows * camera[1] / (columns * camera[0]) - 1) < 1e-3


def test_the_pixel_size_is_the_exact_one() -> None:
    cropped = fourier_crop(wave((1000, 1000), (3, 5)), pixel_size_angstrom=0.83, wanted_angstrom=4)
    side = cropped.pixels.shape[0]
    assert cropped.pixel_size_angstrom == pytest.approx(0.83 * 1000 / side)
    assert cropped.pixel_size_angstrom == pytest.approx(4.0, rel=0.06)
    assert cropped.pixels.mean() == pytest.approx(5.0, abs=1e-5)


@pytest.mark.parametrize(("pixel", "wanted"), [(0.0, 2.0), (1.0, float("nan")), (2.0, 1.0)])
def test_what_cannot_be_is_refused(pixel: float, wanted: float) -> None:
    with pytest.raises(InvalidInput):
        fourier_crop(np.ones((8, 8)), pixel_size_angstrom=pixel, wanted_angstrom=wanted)
    with pytest.raises(InvalidInput, match="cannot be cropped"):
        crop_to(np.ones((8, 8)), (9, 8))

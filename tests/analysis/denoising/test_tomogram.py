"""Halves of a tomogram give one with less noise; what is no pair is refused."""

from __future__ import annotations

import dataclasses
from importlib.util import find_spec

import numpy as np
import pytest
from scipy import ndimage

from smartscope.analysis.base import UnusableImage
from smartscope.analysis.denoising.tomogram import (
    DenoisedTomogram,
    Denoising,
    by_acquisition,
    denoise_tomogram,
)
from smartscope.analysis.denoising.tomogram_settings import TomogramNetwork
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.domain.errors import InvalidInput

NEEDS_TORCH = pytest.mark.skipif(find_spec("torch") is None, reason="torch is not installed")
SMALL = TomogramNetwork(widths=(8, 16), patch_px=16, batch=4, steps=40, rate=7e-3)


def halves(noise: float = 1.5, seed: int = 1) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    soft = ndimage.gaussian_filter(rng.normal(size=(32, 48, 48)), 2.0)
    truth = 5.0 + soft / soft.std()
    even, odd = (truth + rng.normal(0.0, noise, truth.shape) for _ in range(2))
    return truth, even, odd


def likeness(found: np.ndarray, truth: np.ndarray) -> float:
    return float(np.corrcoef(found.ravel(), truth.ravel())[0, 1])


def denoised(
    even: np.ndarray, odd: np.ndarray, method: Denoising = Denoising.WIENER
) -> DenoisedTomogram:
    return denoise_tomogram(
        even, odd, pixel_size_angstrom=10.0, method=method, network=SMALL, seed=1
    )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "method", [Denoising.WIENER, pytest.param(Denoising.T2T, marks=NEEDS_TORCH)]
)
def test_the_answer_is_nearer_to_the_truth_and_keeps_its_level(method: Denoising) -> None:
    truth, even, odd = halves()
    found = denoised(even, odd, method).volume
    assert likeness(found, truth) > likeness(0.5 * (even + odd), truth) + 0.15
    assert found.mean() == pytest.approx(truth.mean(), abs=0.2)
    assert found.shape == truth.shape


def test_noise_without_anything_in_it_is_quietened() -> None:
    rng = np.random.default_rng(3)
    even, odd = rng.normal(size=(2, 32, 32, 32))
    found = denoised(even, odd).volume
    assert found.std() < 0.35 * (0.5 * (even + odd)).std()


def test_a_denoised_tomogram_is_not_taken_for_data() -> None:
    _, even, odd = halves()
    with pytest.raises(TypeError, match="for eyes"):
        np.asarray(denoised(even, odd))


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("shape", "Two volumes of one shape"),
        ("nan", "odd half is empty or not finite"),
        ("flat", "odd half is empty or not finite"),
        ("same", "Both halves are the same"),
    ],
)
def test_what_is_no_pair_is_refused(spoil: str, sentence: str) -> None:
    _, even, odd = halves()
    if spoil == "shape":
        odd = odd[:-1]
    elif spoil == "nan":
        odd[3, 3, 3] = np.nan
    elif spoil == "flat":
        odd[:] = 1.0
    else:
        odd = even.copy()
    with pytest.raises(UnusableImage, match=sentence):
        denoised(even, odd)


@NEEDS_TORCH
def test_cubes_that_do_not_fit_are_refused() -> None:
    _, even, odd = halves()
    with pytest.raises(InvalidInput, match="do not fit"):
        denoise_tomogram(
            even, odd, pixel_size_angstrom=10.0, method=Denoising.T2T, network=TomogramNetwork()
        )


def test_tilts_are_told_apart_by_when_they_were_taken() -> None:
    geometry = TiltGeometry.of_angles(np.array([-6.0, -3.0, 0.0, 3.0, 6.0]))
    dosed = dataclasses.replace(
        geometry, dose_before_e_per_a2=np.array([12.0, 6.0, 0.0, 3.0, 9.0]), dose_e_per_a2=3.0
    )
    assert [each.tolist() for each in by_acquisition(dosed)] == [[0, 1, 2], [3, 4]]
    assert [each.tolist() for each in by_acquisition(geometry)] == [[0, 2, 4], [1, 3]]

"""The displayed spectrum has its rings where the optics put them, at the scale it states."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import fft

from smartscope.analysis.ctf.power_spectrum import power_spectrum
from smartscope.domain.errors import InvalidInput


def ringed_noise(side: int, pixel_size_angstrom: float, ring_per_angstrom: float) -> np.ndarray:
    """White noise with ten times the amplitude in a thin ring."""
    noise = np.random.default_rng(1).normal(size=(side, side))
    k = np.hypot(
        np.fft.fftfreq(side, pixel_size_angstrom)[:, None],
        np.fft.rfftfreq(side, pixel_size_angstrom)[None, :],
    )
    boost = 1.0 + 9.0 * np.exp(-(((k - ring_per_angstrom) / 0.004) ** 2))
    return np.asarray(fft.irfft2(fft.rfft2(noise) * boost)).astype(np.float32)


def brightest_ring_per_angstrom(amplitude: np.ndarray, step: float) -> float:
    axis = np.arange(len(amplitude)) - len(amplitude) // 2
    radius = np.rint(np.hypot(axis[:, None], axis[None, :])).astype(int)
    profile = np.bincount(radius.ravel(), amplitude.ravel()) / np.bincount(radius.ravel())
    return float(profile[: len(amplitude) // 2].argmax() * step)


@pytest.mark.parametrize("pixel_size_angstrom", [0.5, 1.0, 1.5, 4.0])
def test_a_ring_is_shown_at_its_frequency(pixel_size_angstrom: float) -> None:
    image = ringed_noise(1024, pixel_size_angstrom, 0.1)
    spectrum = power_spectrum(image, pixel_size_angstrom=pixel_size_angstrom)
    found = brightest_ring_per_angstrom(spectrum.amplitude, spectrum.frequency_step_per_angstrom)
    assert found == pytest.approx(0.1, abs=2 * spectrum.frequency_step_per_angstrom)
    assert spectrum.tiles >= 4


def test_one_wave_is_two_spots_mirrored_through_the_middle() -> None:
    y, x = np.mgrid[:512, :512]
    image = np.cos(2 * np.pi * (0.25 * x + 0.125 * y)).astype(np.float32)
    image += np.random.default_rng(2).normal(size=image.shape).astype(np.float32) * 0.1
    spectrum = power_spectrum(image, pixel_size_angstrom=2.0)
    middle = len(spectrum.amplitude) // 2
    bright = {
        (int(row) - middle, int(column) - middle)
        for row, column in np.argwhere(spectrum.amplitude > 0.95)
    }
    assert (middle // 4, middle // 2) in bright
    assert bright == {(-row, -column) for row, column in bright}


def test_fine_pixels_are_cropped_to_what_the_eye_can_follow() -> None:
    image = np.random.default_rng(3).normal(size=(2048, 2048)).astype(np.float32)
    spectrum = power_spectrum(image, pixel_size_angstrom=0.7)
    assert spectrum.amplitude.shape == (512, 512)
    assert spectrum.finest_angstrom == pytest.approx(2.8, abs=0.05)


@pytest.mark.parametrize("shape", [(64, 64), (65, 200), (100, 1000), (512, 700)])
def test_small_and_oblong_images_have_a_spectrum(shape: tuple[int, int]) -> None:
    image = np.random.default_rng(4).normal(size=shape).astype(np.float32)
    spectrum = power_spectrum(image, pixel_size_angstrom=1.0)
    side = len(spectrum.amplitude)
    assert spectrum.amplitude.shape == (side, side)
    assert 64 <= side <= 512
    assert np.isfinite(spectrum.amplitude).all()
    assert 0.0 <= spectrum.amplitude.min() < spectrum.amplitude.max() <= 1.0


def test_a_flat_image_has_a_flat_spectrum() -> None:
    spectrum = power_spectrum(np.full((200, 200), 5.0, np.float32), pixel_size_angstrom=1.0)
    assert np.all(spectrum.amplitude == 0.5)


@pytest.mark.parametrize(
    ("image", "pixel_size_angstrom"),
    [
        (np.zeros((63, 200), np.float32), 1.0),
        (np.zeros((2, 200, 200), np.float32), 1.0),
        (np.zeros((200, 200), np.float32), 0.0),
        (np.zeros((200, 200), np.float32), float("nan")),
        (np.full((200, 200), np.nan, np.float32), 1.0),
    ],
)
def test_what_has_no_spectrum_is_refused(image: np.ndarray, pixel_size_angstrom: float) -> None:
    with pytest.raises(InvalidInput):
        power_spectrum(image, pixel_size_angstrom=pixel_size_angstrom)

"""The distortion of a gold ring is measured with its error, undone, and not seen where none is."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.movies.gold_rings import (
    GOLD_ANGSTROM,
    mean_power,
    measure_magnification,
)
from smartscope.analysis.movies.magnification import Magnification
from smartscope.domain.errors import InvalidInput

PIXEL_ANGSTROM = 0.83


def gold(magnification: Magnification, *, images: int = 10, seed: int = 1) -> list[np.ndarray]:
    """Noise and a ring of many crystals, as the projector would distort it."""
    rng = np.random.default_rng(seed)
    ky = np.fft.fftfreq(512, PIXEL_ANGSTROM)[:, None]
    kx = np.fft.rfftfreq(512, PIXEL_ANGSTROM)[None, :]
    true = np.linalg.inv(magnification.matrix().T)
    radius = np.hypot(true[0, 0] * kx + true[0, 1] * ky, true[1, 0] * kx + true[1, 1] * ky)
    ring = np.exp(-0.5 * ((radius - 1 / GOLD_ANGSTROM) / 0.003) ** 2)
    made = []
    for _ in range(images):
        spectrum = np.fft.rfft2(rng.normal(size=(512, 512))) * ring
        made.append(np.fft.irfft2(spectrum, s=(512, 512)) * 3 + rng.normal(size=(512, 512)))
    return [image.astype(np.float32) for image in made]


@pytest.mark.parametrize(("ratio", "angle"), [(0.005, 20.0), (0.01, 110.0), (0.03, 175.0)])
def test_a_distortion_is_measured(ratio: float, angle: float) -> None:
    power = mean_power(gold(Magnification(ratio=ratio, angle_deg=angle)))
    found = measure_magnification(power, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert found is not None
    assert found.magnification.ratio == pytest.approx(ratio, abs=0.0008)
    away = (found.magnification.angle_deg - angle + 90.0) % 180.0 - 90.0
    assert abs(away) < 5.0
    assert found.ratio_error < 0.001
    assert 1 / found.ring_per_angstrom == pytest.approx(GOLD_ANGSTROM, rel=0.003)


def test_no_distortion_is_within_its_error_of_none() -> None:
    power = mean_power(gold(Magnification(ratio=0.0, angle_deg=0.0)))
    found = measure_magnification(power, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert found is not None
    assert found.magnification.ratio < 4.0 * found.ratio_error + 2e-4


def test_without_a_ring_nothing_is_claimed() -> None:
    noise = [np.random.default_rng(3).normal(size=(512, 512)).astype(np.float32)]
    assert measure_magnification(mean_power(noise), pixel_size_angstrom=PIXEL_ANGSTROM) is None


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InvalidInput, match="beyond the spectrum"):
        measure_magnification(np.ones((512, 512), np.float32), pixel_size_angstrom=1.5)
    with pytest.raises(InvalidInput, match="larger ones"):
        mean_power([np.ones((100, 100), np.float32)])
    with pytest.raises(InvalidInput, match="cannot be"):
        Magnification(ratio=0.5, angle_deg=0.0)


def test_the_matrix_stretches_along_its_axis() -> None:
    matrix = Magnification(ratio=0.02, angle_deg=90.0).matrix()
    assert np.allclose(matrix @ [0.0, 1.0], [0.0, 1.01])
    assert np.allclose(matrix @ [1.0, 0.0], [0.99, 0.0])

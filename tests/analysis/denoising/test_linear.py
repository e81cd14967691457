"""What both halves share stays, what they do not share goes, and awkward pairs are refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from smartscope.analysis import registry
from smartscope.analysis.base import UnusableImage
from smartscope.analysis.denoising.background import background
from smartscope.analysis.denoising.contract import check_denoiser
from smartscope.analysis.denoising.wiener import WienerDenoiser
from tests.analysis.denoising.noisy_pair import PIXEL_ANGSTROM, noisy_pair, of_truth


def test_it_keeps_the_contract_and_beats_every_gaussian() -> None:
    pair = noisy_pair()
    clean = check_denoiser(registry.denoiser("wiener-halves"), pair.even, pair.odd, PIXEL_ANGSTROM)
    likeness, slope = of_truth(clean.pixels, pair.truth)
    total = pair.even + pair.odd
    best = max(
        of_truth(ndimage.gaussian_filter(total, sigma), pair.truth)[0]
        for sigma in (1, 2, 4, 6, 8, 12, 16)
    )
    assert likeness > best
    assert slope == pytest.approx(1.0, abs=0.1)


def test_pure_noise_leaves_nothing() -> None:
    even, odd = np.random.default_rng(5).poisson(30, (2, 512, 640)).astype(np.float32)
    clean = WienerDenoiser().denoise(even, odd, pixel_size_angstrom=1.0).pixels
    assert float(clean.var()) < 1e-3 * float((even + odd).var())
    assert float(clean.mean()) == pytest.approx(60.0, abs=0.1)


def test_halves_of_unequal_dose_keep_the_scale() -> None:
    equal, unequal = (
        noisy_pair(seed=3, contrast=0.3),
        noisy_pair(seed=3, contrast=0.3, even_share=0.7),
    )
    slopes = [
        of_truth(
            WienerDenoiser().denoise(p.even, p.odd, pixel_size_angstrom=PIXEL_ANGSTROM).pixels,
            p.truth,
        )[1]
        for p in (equal, unequal)
    ]
    assert slopes[1] == pytest.approx(slopes[0], abs=0.04)


def test_a_steep_edge_stays_where_it_is() -> None:
    pair = noisy_pair(contrast=0.0, ramp=0.0)
    light = np.ones(pair.truth.shape, dtype=np.float32)
    light[:, 300:] = 0.2
    random = np.random.default_rng(2)
    even, odd = (random.poisson(60 * light).astype(np.float32) for _ in range(2))
    clean = WienerDenoiser().denoise(even, odd, pixel_size_angstrom=PIXEL_ANGSTROM).pixels
    profile = clean.mean(axis=0)
    assert np.abs(profile[40:280] - 120.0).max() < 4.0
    assert np.abs(profile[320:470] - 24.0).max() < 4.0


def test_the_shade_is_smooth_and_follows_the_ramp() -> None:
    rows = np.linspace(10.0, 20.0, 700, dtype=np.float32)
    image = np.repeat(rows[:, None], 500, axis=1)
    shade = background(image, pixel_size_angstrom=2.0)
    inside = slice(350, -350)
    assert np.abs(shade - image)[inside].max(initial=0.0) < 0.2
    assert float(np.abs(np.diff(shade, axis=1)).max()) < 1e-4
    tiny = background(image[:64, :64], pixel_size_angstrom=40.0)
    assert np.isfinite(tiny).all()


@pytest.mark.parametrize("pixel", [0.0, -1.0, float("nan"), float("inf")])
def test_a_pixel_size_that_cannot_be_is_refused(pixel: float) -> None:
    pair = noisy_pair(128)
    with pytest.raises(UnusableImage, match="no pixel size"):
        WienerDenoiser().denoise(pair.even, pair.odd, pixel_size_angstrom=pixel)

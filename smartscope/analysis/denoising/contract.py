"""What every denoiser must keep, as a check for its author's tests.

Raises `AssertionError` with a sentence; no test framework is needed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.denoising.denoised import DenoisedImage, Denoiser

#: in other counts, the same but for this part of the picture's spread
SAME_WITHIN = 1e-2

Pair = tuple[NDArray[np.generic], NDArray[np.generic]]


def awkward_pairs() -> tuple[Pair, ...]:
    """What is no pair of pictures: dark, without a number, too small, of two shapes, one twice."""
    noise = np.random.default_rng(0).poisson(20, (2, 256, 256)).astype(np.float32)
    broken = noise[0].copy()
    broken[3, 4] = np.nan
    return (
        (np.zeros((256, 256), np.uint16), np.zeros((256, 256), np.uint16)),
        (np.full((256, 256), 7, np.uint8), np.full((256, 256), 7, np.uint8)),
        (broken, noise[1]),
        (np.ones((1, 1)), np.ones((1, 1))),
        (np.arange(300.0).reshape(1, 300), np.arange(300.0).reshape(1, 300)),
        (noise, noise),
        (noise[0], noise[1, :, :128]),
        (noise[0], noise[0]),
    )


def check_denoiser(
    denoiser: Denoiser, even: FloatImage, odd: FloatImage, pixel_size_angstrom: float
) -> DenoisedImage:
    """A whole picture in the sum's counts, the same twice and with halves exchanged, that scales
    with the counts; a sentence for what is no pair. Returns the picture.
    """
    card = denoiser.manifest
    assert card.kind == "denoiser", f"{card.name}: kind is {card.kind!r}"
    before = even.copy(), odd.copy()

    def clean(one: FloatImage, other: FloatImage) -> DenoisedImage:
        return denoiser.denoise(one, other, pixel_size_angstrom=pixel_size_angstrom)

    first = clean(even, odd)
    assert first.pixels.shape == even.shape, f"{card.name}: the shape is {first.pixels.shape}"
    assert first.pixels.dtype == np.float32, f"{card.name}: pixels are {first.pixels.dtype}"
    assert np.isfinite(first.pixels).all(), f"{card.name}: pixels that are not finite"
    assert (first.method, first.version) == (card.name, card.version), f"{card.name}: who made it?"
    unchanged = all(np.array_equal(a, b) for a, b in zip(before, (even, odd), strict=True))
    assert unchanged, f"{card.name}: changed its input"
    again = clean(even, odd)
    assert np.array_equal(first.pixels, again.pixels), f"{card.name}: differs the second time"
    total = float((even + odd).mean(dtype=np.float64))
    spread = float(first.pixels.std())
    assert abs(float(first.pixels.mean()) - total) < spread, f"{card.name}: not the sum's counts"
    for other, scale in ((clean(odd, even), 1.0), (clean(16.0 * even, 16.0 * odd), 16.0)):
        apart = float(np.abs(other.pixels / scale - first.pixels).max())
        assert apart <= SAME_WITHIN * spread, f"{card.name}: {apart:g} counts away from itself"
    for one, two in awkward_pairs():
        said = _refusal(denoiser, one, two)
        assert said, f"{card.name}: {one.shape} {one.dtype} was denoised"
        assert said.endswith((".", "?")), f"{card.name}: {said} is no sentence"
    return first


def _refusal(denoiser: Denoiser, even: NDArray[np.generic], odd: NDArray[np.generic]) -> str:
    try:
        denoiser.denoise(even, odd, pixel_size_angstrom=1.0)
    except UnusableImage as refusal:
        return str(refusal)
    return ""

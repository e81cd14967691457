"""Whole pictures as JPEG: a small preview of an image and of its power spectrum."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from smartscope.analysis.ctf.power_spectrum import PowerSpectrum
from smartscope.analysis.previews.render import Contrast, Grey, contrast, halve, render

QUALITY: Final = 85


def encode(grey: Grey) -> bytes:
    """A grey JPEG; the same pixels always give the same bytes."""
    out = io.BytesIO()
    PillowImage.fromarray(grey).save(out, "JPEG", quality=QUALITY, optimize=False)
    return out.getvalue()


def preview_jpeg(
    image: NDArray[np.generic], *, longest_side_px: int = 1024, shown: Contrast | None = None
) -> bytes:
    """A preview of an image (height, width), reduced to at most `longest_side_px`, never enlarged.

    Halved by averaging, then resampled the last step. Raises `InvalidInput` as `contrast`.
    """
    limits = contrast(image) if shown is None else shown
    reduced = image
    while max(reduced.shape) >= 2 * longest_side_px:
        reduced = halve(reduced)
    return encode(_fitted(render(reduced, limits), longest_side_px))


def power_spectrum_jpeg(spectrum: PowerSpectrum, *, side_px: int = 512) -> bytes:
    """The spectrum as a square picture of at most `side_px`."""
    return encode(_fitted(render(spectrum.amplitude, Contrast(0.0, 1.0)), side_px))


def _fitted(grey: Grey, longest_side_px: int) -> Grey:
    scale = longest_side_px / max(grey.shape)
    if scale >= 1.0:
        return grey
    height, width = (max(1, round(side * scale)) for side in grey.shape)
    picture = PillowImage.fromarray(grey).resize(
        (width, height), PillowImage.Resampling.BOX, reducing_gap=None
    )
    return np.asarray(picture)

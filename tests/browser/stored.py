"""Pictures in the store as a night leaves them: previews, tiles, and spectra beside their fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from io import BytesIO
from typing import Any

from smartscope.analysis.ctf.estimate import CtfFit
from smartscope.analysis.ctf.estimator import RingEstimator
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.power_spectrum import power_spectrum
from smartscope.analysis.ctf.ring_picture import ring_picture
from smartscope.analysis.previews.jpeg import power_spectrum_jpeg, preview_jpeg
from smartscope.analysis.previews.tiles import write_tiles
from smartscope.storage.current import current_store
from tests.browser import pictures


@dataclass(frozen=True, slots=True)
class Picture:
    """A preview and tiles in the store; images of many rows may show the same one."""

    key: str
    width_px: int
    height_px: int


@cache
def micrographs() -> list[tuple[Picture, Picture, CtfFit]]:
    """Micrographs with their power spectra beside the fit, and the fit."""
    found = []
    for seed in range(3):
        pixels = pictures.micrograph(seed)
        result = RingEstimator().estimate(pixels, None, pixel_size_angstrom=0.83, optics=Optics())
        assert result.fit is not None, result.reason
        assert result.profile is not None
        plain = power_spectrum(pixels, pixel_size_angstrom=0.83)
        shown = replace(plain, amplitude=ring_picture(plain, result.fit, result.profile, Optics()))
        rings = stored(f"rings-{seed}", shown.amplitude, power_spectrum_jpeg(shown))
        found.append((stored(f"micrograph-{seed}", pixels), rings, result.fit))
    return found


def stored(key: str, pixels: pictures.Pixels, jpeg: bytes | None = None) -> Picture:
    store = current_store()
    if not store.exists(f"{key}.zip"):
        preview = jpeg if jpeg is not None else preview_jpeg(pixels)
        tiles = BytesIO()
        write_tiles(tiles, pixels)
        store.write_atomic(f"{key}.jpg", lambda out: _write(out, preview))
        store.write_atomic(f"{key}.zip", lambda out: _write(out, tiles.getvalue()))
    return Picture(key, pixels.shape[1], pixels.shape[0])


def _write(out: Any, data: bytes) -> None:
    out.write(data)

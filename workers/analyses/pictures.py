"""Write what people look at beside the image it was made from: preview, deep-zoom tiles, sums."""

from __future__ import annotations

from pathlib import PurePosixPath

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.ctf.power_spectrum import PowerSpectrum
from smartscope.analysis.io.mrc import write_mrc_image
from smartscope.analysis.previews.jpeg import power_spectrum_jpeg, preview_jpeg
from smartscope.analysis.previews.tiles import write_tiles
from smartscope.domain.geometry import Affine
from smartscope.models import Image, ImageKind
from smartscope.operations.derived_image import Derived
from smartscope.storage.current import current_store
from smartscope.storage.store import StoredFile


def beside(key: str, kind: str, suffix: str) -> str:
    """The key of something derived: same session, grid and stem, another kind and suffix."""
    session, grid, _, name = PurePosixPath(key).parts
    return f"{session}/{grid}/{kind}/{PurePosixPath(name).stem}{suffix}"


def write_preview(key: str, pixels: NDArray[np.generic], *, made: str = "") -> str:
    """A JPEG preview of `pixels` (height, width); returns its key.

    `made` is the kind of a derived image: several of one movie have previews of their own.
    """
    suffix = f"-{made}.jpg" if made else ".jpg"
    return _write_bytes(beside(key, "preview", suffix), preview_jpeg(pixels)).key


def write_pyramid(key: str, pixels: NDArray[np.generic], *, made: str = "") -> str:
    """Deep-zoom tiles of `pixels` (height, width); returns the archive's key.

    `made` is as in `write_preview`.
    """
    suffix = f"-{made}.zip" if made else ".zip"
    stored = current_store().write_atomic(
        beside(key, "tiles", suffix), lambda stream: write_tiles(stream, pixels)
    )
    return stored.key


def write_derived(
    source: Image,
    kind: ImageKind,
    pixels: NDArray[np.float32],
    *,
    pixel_size_angstrom: float,
    to_stage: Affine | None,
    tiles: bool = False,
    shown: NDArray[np.float32] | None = None,
) -> Derived:
    """An MRC file of `pixels` with its preview (and tiles), ready to become a row.

    `shown` is what the preview shows instead: the same picture made easier on the eye.
    """
    key = beside(source.key, kind.value, ".mrc")
    stored = current_store().write_atomic(
        key,
        lambda stream: write_mrc_image(stream, pixels, pixel_size_angstrom=pixel_size_angstrom),
    )
    return _derived(kind, stored, pixels.shape, pixel_size_angstrom).with_pictures(
        to_stage=to_stage,
        preview_key=write_preview(key, pixels if shown is None else shown, made=kind.value),
        tiles_key=write_pyramid(key, pixels, made=kind.value) if tiles else "",
    )


def write_spectrum(source: Image, spectrum: PowerSpectrum) -> Derived:
    """The power spectrum as a picture; pixel size is the micrograph's."""
    key = beside(source.key, ImageKind.POWER_SPECTRUM.value, ".jpg")
    stored = _write_bytes(key, power_spectrum_jpeg(spectrum))
    return _derived(
        ImageKind.POWER_SPECTRUM, stored, spectrum.amplitude.shape, source.pixel_size_angstrom
    ).with_pictures(to_stage=None, preview_key=key)


def _derived(
    kind: ImageKind, stored: StoredFile, shape: tuple[int, ...], pixel_size_angstrom: float
) -> Derived:
    return Derived(
        kind=kind.value,
        key=stored.key,
        sha256=stored.sha256,
        size_bytes=stored.bytes,
        width_px=shape[1],
        height_px=shape[0],
        pixel_size_angstrom=pixel_size_angstrom,
    )


def _write_bytes(key: str, data: bytes) -> StoredFile:
    return current_store().write_atomic(key, lambda stream: stream.write(data))

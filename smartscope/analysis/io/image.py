"""One way to read a single picture; pictures made for the eye are marked, never to be measured."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import UnidentifiedImageError

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.limits import HARMLESS_PX, MAX_EXPANSION, MAX_IMAGE_PX
from smartscope.analysis.io.movie import MRC_SUFFIXES, TIFF_SUFFIXES
from smartscope.analysis.io.mrc import read_mrc_image
from smartscope.analysis.io.tiff import open_tiff
from smartscope.domain.errors import BadFile

DISPLAY_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg"})


@dataclass(frozen=True, slots=True, eq=False)
class ImageFile:
    """Pixels (height, width) float32; `display_only` when contrast was stretched for the eye."""

    pixels: FloatImage
    pixel_size_angstrom: float | None
    display_only: bool


def read_image(path: Path) -> ImageFile:
    """Read MRC or TIFF (counts), PNG or JPEG (display only, colours averaged to grey).

    Raises `BadFile` when it is broken, too large, or of another format.
    """
    suffix = path.suffix.lower()
    if suffix in MRC_SUFFIXES:
        pixels, header = read_mrc_image(path)
        return ImageFile(pixels, header.pixel_size_angstrom, display_only=False)
    if suffix in TIFF_SUFFIXES:
        return _read_tiff(path)
    if suffix in DISPLAY_SUFFIXES:
        return ImageFile(_read_display(path), None, display_only=True)
    raise BadFile(f"{path.name} is no image format that is read here; give MRC, TIFF, PNG or JPEG.")


def _read_tiff(path: Path) -> ImageFile:
    frames = open_tiff(path)
    try:
        if frames.frames != 1:
            raise BadFile(f"{path.name} holds {frames.frames} frames where one was expected.")
        pixels = frames.read(0).astype(np.float32)
    finally:
        frames.close()
    if not np.isfinite(pixels).all():
        raise BadFile(f"{path.name} contains pixels that are not finite numbers.")
    return ImageFile(pixels, frames.pixel_size_angstrom, display_only=False)


def _read_display(path: Path) -> FloatImage:
    try:
        with PillowImage.open(path, formats=("PNG", "JPEG")) as picture:
            _require_in_budget(path, picture.width * picture.height)
            grey = picture if picture.mode in ("L", "I;16", "I", "F") else picture.convert("L")
            return np.asarray(grey, dtype=np.float32)
    except (
        OSError,
        SyntaxError,
        ValueError,
        UnidentifiedImageError,
        PillowImage.DecompressionBombError,
    ) as err:
        raise BadFile(f"{path.name} is not a PNG or JPEG that can be read ({err}).") from err


def _require_in_budget(path: Path, pixels: int) -> None:
    """Raises BadFile for more pixels than are read, or far more than its bytes make likely."""
    if pixels > MAX_IMAGE_PX:
        raise BadFile(f"{path.name} claims more than {MAX_IMAGE_PX:,} pixels.")
    if pixels > HARMLESS_PX and pixels > MAX_EXPANSION * path.stat().st_size:
        raise BadFile(f"{path.name} would swell to more than {MAX_EXPANSION} times its size.")

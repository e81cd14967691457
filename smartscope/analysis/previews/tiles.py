"""The deep-zoom pyramid of an image: JPEG tiles in one archive (IIIF Image API 3.0, level 0).

One file per image instead of hundreds: it is written, checked, copied and deleted as a whole. Tiles
are named by source region and own size, `x,y,w,h/w,h`. The same pixels always give the same bytes.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.previews.jpeg import encode
from smartscope.analysis.previews.render import Contrast, contrast, halve, render

TILE_PX: Final = 512
INFO_NAME: Final = "info.json"
_ZIP_EPOCH: Final = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class TilePyramid:
    """What was written: `shown` is the contrast all tiles share."""

    width_px: int
    height_px: int
    scale_factors: tuple[int, ...]
    tiles: int
    shown: Contrast


@dataclass(frozen=True, slots=True)
class _Tile:
    name: str
    jpeg: bytes


def write_tiles(
    stream: BinaryIO, image: NDArray[np.generic], *, shown: Contrast | None = None
) -> TilePyramid:
    """Write the archive of `image` (height, width) to `stream`, which needs no seek.

    Memory beside the image: a third of it in float32 and one level in 8 bit. Raises `InvalidInput`
    as `contrast`.
    """
    limits = contrast(image) if shown is None else shown
    height, width = image.shape
    scales = scale_factors(width, height)
    count = 0
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        _add(archive, INFO_NAME, json.dumps(_info(width, height, scales), indent=1).encode())
        level: NDArray[np.generic] | FloatImage = image
        for scale in scales:
            level = image if scale == 1 else halve(level)
            for tile in _level_tiles(level, scale, width, height, limits):
                _add(archive, tile.name, tile.jpeg)
                count += 1
    return TilePyramid(width, height, scales, count, limits)


def scale_factors(width_px: int, height_px: int) -> tuple[int, ...]:
    """1, 2, 4 ... up to the first that shows the whole image in one tile."""
    scales = [1]
    while max(width_px, height_px) > TILE_PX * scales[-1]:
        scales.append(2 * scales[-1])
    return tuple(scales)


def _level_tiles(
    level: NDArray[np.generic], scale: int, width: int, height: int, shown: Contrast
) -> Iterator[_Tile]:
    for top in range(0, level.shape[0], TILE_PX):
        strip = render(level[top : top + TILE_PX], shown)
        for left in range(0, level.shape[1], TILE_PX):
            grey = strip[:, left : left + TILE_PX]
            x, y = left * scale, top * scale
            region_width = min(TILE_PX * scale, width - x)
            region_height = min(TILE_PX * scale, height - y)
            name = f"{x},{y},{region_width},{region_height}/{grey.shape[1]},{grey.shape[0]}"
            yield _Tile(name, encode(np.ascontiguousarray(grey)))


def _info(width: int, height: int, scales: tuple[int, ...]) -> dict[str, object]:
    whole = [-(-side // scales[-1]) for side in (width, height)]
    return {
        "@context": "http://iiif.io/api/image/3/context.json",
        "id": "",
        "type": "ImageService3",
        "protocol": "http://iiif.io/api/image",
        "profile": "level0",
        "width": width,
        "height": height,
        "tiles": [{"width": TILE_PX, "height": TILE_PX, "scaleFactors": list(scales)}],
        "sizes": [{"width": whole[0], "height": whole[1]}],
    }


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=_ZIP_EPOCH)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, data)

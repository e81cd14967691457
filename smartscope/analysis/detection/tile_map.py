"""Which tile of a montage each pixel was taken from, so that no lattice is drawn across a seam."""

from __future__ import annotations

import numpy as np

from smartscope.analysis.base import Image, IntArray


def tile_map(image: Image, shape: tuple[int, ...], factor: float) -> IntArray | None:
    """(height, width) the number of the tile that holds each pixel deepest, as `Image.stage_of`
    takes it; `None` for a picture of one frame.

    `shape` and `factor` are those of the picture after binning by `factor`.
    """
    if len(image.tiles) < 2:
        return None
    rows, columns = (np.arange(side) * factor + (factor - 1) / 2 for side in shape)
    depths = []
    for tile in image.tiles:
        left, top = columns - tile.x_px, rows - tile.y_px
        across = np.minimum(left, tile.width_px - 1 - left)
        down = np.minimum(top, tile.height_px - 1 - top)
        depths.append(np.minimum.outer(down, across))
    return np.asarray(np.argmax(np.array(depths), axis=0), dtype=np.int64)

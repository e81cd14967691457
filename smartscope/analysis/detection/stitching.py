"""Join montage tiles: where the instrument laid them, corrected by what their overlaps show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from scipy import fft

from smartscope.analysis.base import (
    FloatArray,
    FloatImage,
    Image,
    Level,
    PlacedTile,
    Tile,
    UnusableImage,
)
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.domain.geometry import Affine

SMALLEST_OVERLAP_PX = 8
LARGEST_SHIFT_OF_OVERLAP = 0.45
CONVINCING_PEAK_SD = 6.0
LAYOUT_WEIGHT = 0.02


@dataclass(frozen=True, slots=True)
class Overlap:
    """Tile `second` lies at tile `first` plus `offset_px` (x, y), as measured, with a weight."""

    first: int
    second: int
    offset_px: tuple[float, float]
    weight: float


class CorrelationStitcher:
    """Piece coordinates refined by cross-correlation of overlaps, least squares over the whole
    montage.
    """

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.detection") / "stitching.toml")

    @property
    def manifest(self) -> Manifest:
        """Name and version."""
        return self._manifest

    def stitch(self, tiles: Sequence[Tile], *, level: Level, to_stage: Affine | None) -> Image:
        """One image of all tiles; each keeps its own stage map for positions found in it.

        `to_stage` maps piece coordinates; without it the tiles' own maps are averaged, and every
        tile must have one. Raises `UnusableImage` when there is no tile or no geometry.
        """
        if not tiles:
            raise UnusableImage("A montage without tiles cannot be stitched; take the atlas again.")
        pixels = [np.array(tile.pixels, dtype=np.float32) for tile in tiles]
        if any(frame.ndim != 2 or frame.size == 0 for frame in pixels):
            raise UnusableImage("A montage tile is not a two-dimensional image; check the file.")
        laid = np.array([[tile.piece_x_px, tile.piece_y_px] for tile in tiles], dtype=np.float64)
        overall = to_stage or _average_map(tiles)
        placed = solve_positions(laid, measure_overlaps(pixels, laid))
        return _blend(pixels, tiles, laid, placed, level, overall)


def measure_overlaps(pixels: Sequence[FloatImage], laid: FloatArray) -> list[Overlap]:
    """Offsets of every overlapping pair whose correlation peak is convincing."""
    found = []
    for first in range(len(pixels)):
        for second in range(first + 1, len(pixels)):
            offset = np.rint(laid[second] - laid[first]).astype(int)
            here, there = _shared(pixels[first].shape, pixels[second].shape, offset)
            if here is None or there is None:
                continue
            shift = _correlate(pixels[first][here], pixels[second][there])
            if shift is not None:
                measured = offset + shift
                size = float(pixels[first][here].size)
                found.append(Overlap(first, second, (float(measured[0]), float(measured[1])), size))
    return found


def solve_positions(laid: FloatArray, overlaps: Sequence[Overlap]) -> FloatArray:
    """Tile positions (N, 2) that agree best with measured offsets, and weakly with the layout."""
    count = len(laid)
    scale = max((overlap.weight for overlap in overlaps), default=1.0)
    design = np.zeros((len(overlaps) + count, count))
    target = np.zeros((len(overlaps) + count, 2))
    for row, overlap in enumerate(overlaps):
        root = np.sqrt(overlap.weight / scale)
        design[row, overlap.second], design[row, overlap.first] = root, -root
        target[row] = root * np.asarray(overlap.offset_px)
    tail = np.arange(count)
    design[len(overlaps) + tail, tail] = LAYOUT_WEIGHT
    target[len(overlaps) :] = LAYOUT_WEIGHT * laid
    return np.asarray(np.linalg.lstsq(design, target, rcond=None)[0])


def _shared(
    first: tuple[int, ...],
    second: tuple[int, ...],
    offset: np.ndarray[tuple[int], np.dtype[np.int64]],
) -> tuple[tuple[slice, slice] | None, tuple[slice, slice] | None]:
    """The overlap of two tiles as slices of each; `None` where it is too narrow to measure."""
    x0, y0 = max(0, int(offset[0])), max(0, int(offset[1]))
    x1 = min(first[1], int(offset[0]) + second[1])
    y1 = min(first[0], int(offset[1]) + second[0])
    if x1 - x0 < SMALLEST_OVERLAP_PX or y1 - y0 < SMALLEST_OVERLAP_PX:
        return None, None
    here = (slice(y0, y1), slice(x0, x1))
    dx, dy = int(offset[0]), int(offset[1])
    return here, (slice(y0 - dy, y1 - dy), slice(x0 - dx, x1 - dx))


def _correlate(here: FloatImage, there: FloatImage) -> FloatArray | None:
    """How far (x, y) the second picture must move to lie on the first; `None` when nothing stands
    out.
    """
    window = np.outer(np.hanning(here.shape[0] + 2)[1:-1], np.hanning(here.shape[1] + 2)[1:-1])
    shape = [fft.next_fast_len(2 * side, real=True) for side in here.shape]
    a, b = (fft.rfft2((part - part.mean()) * window, shape) for part in (here, there))
    power = np.sqrt(np.abs(a) * np.abs(b)) + 1e-12
    correlation = fft.irfft2(a * np.conj(b) / power, shape)
    limit = [max(2, int(LARGEST_SHIFT_OF_OVERLAP * side)) for side in here.shape]
    rows, columns = np.arange(-limit[0], limit[0] + 1), np.arange(-limit[1], limit[1] + 1)
    near = correlation[np.ix_(rows, columns)]
    row, column = np.unravel_index(int(np.argmax(near)), near.shape)
    spread = float(near.std())
    if spread == 0 or float(near[row, column] - near.mean()) < CONVINCING_PEAK_SD * spread:
        return None
    return np.array([columns[column], rows[row]], dtype=np.float64)


def _average_map(tiles: Sequence[Tile]) -> Affine:
    """The least-squares map from piece coordinates to stage through the corners of all tiles."""
    pieces, stage = [], []
    for tile in tiles:
        if tile.to_stage is None:
            raise UnusableImage(
                "The montage has no stage map and a tile has none either; "
                "give the montage's map or each tile's stage position."
            )
        height, width = tile.pixels.shape
        for x, y in ((0, 0), (width - 1, 0), (0, height - 1), (width - 1, height - 1)):
            point = tile.to_stage.apply(x, y)
            pieces.append((tile.piece_x_px + x, tile.piece_y_px + y, 1.0))
            stage.append((point.x_um, point.y_um))
    (a, c), (b, d), (tx, ty) = np.linalg.lstsq(np.array(pieces), np.array(stage), rcond=None)[0]
    return Affine(float(a), float(b), float(tx), float(c), float(d), float(ty))


def _blend(
    pixels: Sequence[FloatImage],
    tiles: Sequence[Tile],
    laid: FloatArray,
    placed: FloatArray,
    level: Level,
    overall: Affine,
) -> Image:
    """Feathered mean where tiles overlap; positions rounded to whole pixels."""
    corner = np.floor(placed.min(axis=0))
    starts = np.rint(placed - corner).astype(int)
    height = max(int(y) + frame.shape[0] for (_, y), frame in zip(starts, pixels, strict=True))
    width = max(int(x) + frame.shape[1] for (x, _), frame in zip(starts, pixels, strict=True))
    total = np.zeros((height, width), dtype=np.float32)
    weight = np.zeros((height, width), dtype=np.float32)
    parts = []
    for tile, frame, (x, y), piece in zip(tiles, pixels, starts.tolist(), laid, strict=True):
        rows, columns = frame.shape
        ramp = np.minimum.outer(_to_edge(rows), _to_edge(columns)).astype(np.float32)
        finite = np.isfinite(frame)
        ramp = np.where(finite, ramp, np.float32(0.0))
        window = (slice(y, y + rows), slice(x, x + columns))
        total[window] += ramp * np.where(finite, frame, np.float32(0.0))
        weight[window] += ramp
        parts.append(
            PlacedTile(float(x), float(y), columns, rows, tile.to_stage or _moved(overall, piece))
        )
    imaged = weight > 0
    stitched = np.where(imaged, total / np.maximum(weight, 1e-6), 0.0).astype(np.float32)
    mask = None if imaged.all() else imaged
    return Image(stitched, level, _moved(overall, corner), 0.0, mask, tuple(parts))


def _to_edge(size: int) -> FloatArray:
    """Distance to the nearer end of a line of pixels, starting at 1."""
    position = np.arange(size, dtype=np.float64)
    return np.minimum(position, size - 1 - position) + 1


def _moved(affine: Affine, start_px: FloatArray) -> Affine:
    """The same map for pixels counted from `start_px` (x, y)."""
    point = affine.apply(float(start_px[0]), float(start_px[1]))
    return Affine(affine.a, affine.b, point.x_um, affine.c, affine.d, point.y_um)

"""Openings of a mesh as seen in an atlas, with what each looks like, and as findings once judged.

Finders differ in how they judge; where squares are is one code.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import (
    BoolArray,
    FindContext,
    Findings,
    FloatArray,
    FloatImage,
    Image,
)
from smartscope.analysis.detection.flatten import binned, scaled_grey
from smartscope.analysis.detection.lattice import enlarged, nodes_within
from smartscope.analysis.detection.openings import Openings, Region, find_openings
from smartscope.analysis.detection.square_features import (
    SquareFeatures,
    measure_squares,
    mesh_axes,
    whole_centre,
)
from smartscope.analysis.detection.square_pictures import square_pictures

WORKING_PITCH_PX = 96
WORKING_LONG_SIDE_PX = 1024
OUTLINE_DIRECTIONS = 24
SMALLEST_IMAGE_PX = 8


@dataclass(frozen=True, slots=True)
class SeenSquares:
    """An atlas in working pixels, `factor` times coarser: scaled grey, imaged area, regions, what
    each looks like.
    """

    grey: FloatImage
    mask: BoolArray
    factor: int
    openings: Openings
    features: tuple[SquareFeatures, ...]

    def middles_px(self) -> FloatArray:
        """(N, 2) middles of the seen regions in pixels of the image as given."""
        middles = [
            _extent_middle(self.openings, region, self.mask.shape[1])
            for region in self.openings.regions
        ]
        return np.array(middles) * self.factor + (self.factor - 1) / 2


def see_squares(image: Image, context: FindContext) -> SeenSquares | None:
    """Regions of an atlas and their features, before any judgement; `None` where nothing is
    open.
    """
    pitch_um, opening_um = context.mesh_pitch_um, context.mesh_opening_um
    factor = _binning(image, pitch_um)
    pixel_um = image.pixel_size_um * factor
    coarse, mask = binned(image.pixels, image.imaged, factor)
    scaled = scaled_grey(coarse, mask)
    if scaled is None or min(coarse.shape) < SMALLEST_IMAGE_PX:
        return None
    openings = find_openings(
        scaled[0],
        mask,
        pitch_px=pitch_um / pixel_um if pitch_um else None,
        opening_px=opening_um / pixel_um if opening_um else None,
    )
    if openings is None or not openings.regions:
        return None
    open_area = np.zeros(mask.shape, dtype=np.bool_)
    for region in openings.regions:
        open_area.ravel()[region.pixels] = True
    pictures = square_pictures(scaled[0], open_area, pixel_um)
    features = measure_squares(pictures, mask, openings, pixel_um)
    return SeenSquares(scaled[0], mask, factor, openings, features)


def no_squares(labels: tuple[str, ...], reason: str) -> Findings:
    """The answer about an atlas on which nothing is open."""
    return Findings(
        positions_px=np.empty((0, 2)),
        boxes_px=np.empty((0, 4)),
        radii_px=np.empty(0),
        scores=np.empty(0),
        probabilities=np.empty((0, len(labels))),
        labels=labels,
        predicted=np.empty(0, dtype=np.bool_),
        diagnostics={"reason": reason},
    )


def judged(seen: SeenSquares, labels: tuple[str, ...], probabilities: FloatArray) -> Findings:
    """What was seen as findings; `probabilities` (N, L) of the regions, in their order."""
    openings, factor = seen.openings, seen.factor
    width = seen.mask.shape[1]
    scores = np.array(
        [_score(openings, r, f.level) for r, f in zip(openings.regions, seen.features, strict=True)]
    )
    boxes = np.array([_whole_box(openings, region) for region in openings.regions])
    shift = (factor - 1) / 2
    lattice = None if openings.lattice is None else enlarged(openings.lattice, factor)
    return Findings(
        positions_px=seen.middles_px(),
        boxes_px=boxes * factor + shift,
        radii_px=np.full(len(boxes), openings.side_px * factor / 2),
        scores=scores,
        probabilities=probabilities,
        labels=labels,
        predicted=np.zeros(len(boxes), dtype=np.bool_),
        indices=None,
        outlines_px=tuple(_outline(region, width) * factor + shift for region in openings.regions),
        areas_px=np.array([len(r.pixels) for r in openings.regions]) * float(factor**2),
        lattice=lattice,
        missing_px=missing_nodes(seen),
        diagnostics={
            "separation": openings.components.separation,
            "rejected_regions": openings.rejected,
            "side_px": openings.side_px * factor,
            "measured_side_px": openings.measured_side_px * factor,
            "pitch_px": openings.pitch_px * factor,
        },
    )


def _binning(image: Image, pitch_um: float | None) -> int:
    """Whole-number binning so that a mesh pitch keeps 96 px, or the long side 1024 px."""
    long_side: int = max(image.pixels.shape)
    by_size = max(1, math.ceil(long_side / WORKING_LONG_SIDE_PX))
    if pitch_um is None:
        return by_size
    return max(1, int(pitch_um / image.pixel_size_um / WORKING_PITCH_PX))


def _score(openings: Openings, region: Region, brightness: float) -> float:
    """How surely this is an opening: brightness above the bars, on the lattice, large enough."""
    area = len(region.pixels) / openings.side_px**2
    placed = 1.0 if region.index is not None or openings.lattice is None else 0.6
    return float(placed * min(1.0, area / 0.1) ** 0.5 * min(1.0, brightness / 0.2) ** 0.25)


def _whole_box(openings: Openings, region: Region) -> tuple[float, float, float, float]:
    """The upright box round the whole opening, turned with the mesh."""
    x, y = whole_centre(openings, region)
    reach = openings.side_px / 2 * np.abs(mesh_axes(openings)).sum(axis=1)
    return x - reach[0], y - reach[1], x + reach[0], y + reach[1]


def _extent_middle(openings: Openings, region: Region, width: int) -> tuple[float, float]:
    """Middle of the seen part along the mesh axes, trimmed by 2 % so that a speck does not move
    it.
    """
    rows, columns = np.divmod(region.pixels, width)
    axes = mesh_axes(openings)
    along = np.linalg.inv(axes) @ np.stack([columns, rows]).astype(np.float64)
    middle = axes @ np.percentile(along, [2, 98], axis=1).mean(axis=0)
    return float(middle[0]), float(middle[1])


def _outline(region: Region, width: int) -> FloatArray:
    """The farthest seen pixel in each of 24 directions from the middle, as a polygon (24, 2)."""
    rows, columns = np.divmod(region.pixels, width)
    x, y = columns - region.middle_px[0], rows - region.middle_px[1]
    turn = np.arctan2(y, x) / (2 * np.pi) * OUTLINE_DIRECTIONS
    sector = np.rint(turn).astype(np.int64) % OUTLINE_DIRECTIONS
    reach = np.zeros(OUTLINE_DIRECTIONS)
    np.maximum.at(reach, sector, np.hypot(x, y))
    angles = np.arange(OUTLINE_DIRECTIONS) * 2 * np.pi / OUTLINE_DIRECTIONS
    return np.column_stack(
        [
            region.middle_px[0] + reach * np.cos(angles),
            region.middle_px[1] + reach * np.sin(angles),
        ]
    )


def missing_nodes(seen: SeenSquares) -> FloatArray:
    """Nodes (N, 2) in px of the image as given, inside it and next to two or more squares, where
    no square was seen.
    """
    openings, mask = seen.openings, seen.mask
    if openings.lattice is None:
        return np.empty((0, 2))
    taken = {region.index for region in openings.regions if region.index is not None}
    height, width = mask.shape
    nodes = nodes_within(openings.lattice, (0.0, 0.0, width - 1.0, height - 1.0))
    positions = openings.lattice.nodes(nodes)
    missing = []
    for (i, j), (x, y) in zip(nodes.tolist(), positions, strict=True):
        around = [(i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)]
        if (
            (i, j) not in taken
            and sum(node in taken for node in around) >= 2
            and mask[int(y), int(x)]
        ):
            missing.append((x, y))
    found = np.array(missing, dtype=np.float64).reshape(-1, 2)
    return np.asarray(found * seen.factor + (seen.factor - 1) / 2)

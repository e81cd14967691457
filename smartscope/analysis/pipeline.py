"""What workers call after an image arrived: arrays and geometry in, sorted plain findings out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Finder, Image, Level, Tile
from smartscope.analysis.chains import HOLE_FINDERS, SQUARE_FINDERS, STITCHER
from smartscope.analysis.detection.hole_findings import describe_holes, find_holes_by
from smartscope.analysis.detection.ice_classes import cluster_holes
from smartscope.analysis.detection.square_findings import describe_squares, find_squares_by
from smartscope.analysis.findings import HoleClusters, HoleFindings, SquareFindings
from smartscope.analysis.grouping.plan import Grouping, HoleGroup, group_holes
from smartscope.analysis.grouping.reach import Tilt
from smartscope.domain.geometry import Affine, Point

__all__ = [
    "HoleClusters",
    "HoleFindings",
    "SquareFindings",
    "cluster_holes",
    "find_holes",
    "find_squares",
    "group",
    "stitch_atlas",
]


def stitch_atlas(
    tiles: Sequence[Tile], to_stage: Affine | None = None, *, level: Level = Level.ATLAS
) -> Image:
    """Join montage tiles (atlas or square) by piece coordinates, refined on their overlaps.

    `to_stage` maps piece coordinates; without it the map is fitted to the tiles' own. Tiles with
    their own map keep it for stage positions found in them. Raises `UnusableImage`.
    """
    return registry.stitcher(STITCHER).stitch(tiles, level=level, to_stage=to_stage)


def find_squares(
    atlas: Image, context: FindContext, *, chain: Sequence[str | Finder] = SQUARE_FINDERS
) -> SquareFindings:
    """The squares of an atlas, a single image or one from `stitch_atlas`.

    `chain` holds finders, or their names, in the order tried; the first whose result the mesh finds
    plausible wins, else the best is kept and `needs_review` is set. An empty grid is an answer, not
    an error.
    """
    finder, found, verdict, empty = find_squares_by(chain, atlas, context)
    return describe_squares(finder, atlas, found, context, verdict, grid_empty=empty)


def find_holes(
    square: Image, context: FindContext, *, chain: Sequence[str | Finder] = HOLE_FINDERS
) -> HoleFindings:
    """The holes of one square's image; `chain` as in `find_squares`."""
    finder, found, verdict = find_holes_by(chain, square, context)
    return describe_holes(finder, square, found, context, verdict)


def group(
    positions: Sequence[Point],
    *,
    radius_um: float,
    min_size: int = 1,
    max_size: int | None = None,
    weights: Sequence[float] | None = None,
    fixed: Sequence[tuple[int, tuple[int, ...]]] = (),
    tilt_deg: float = 0.0,
    tilt_axis_deg: float = 0.0,
    max_focus_change_um: float | None = None,
    seed: int = 0,
) -> Grouping:
    """Group holes shot by image shift from one stage position; see `grouping.plan.group_holes`.

    Indices in the answer refer to `positions`. `fixed` are (centre, members) that stay as they are.
    """
    return group_holes(
        np.array([(p.x_um, p.y_um) for p in positions], dtype=np.float64).reshape(-1, 2),
        radius_um=radius_um,
        min_size=min_size,
        max_size=max_size,
        weights=None if weights is None else np.asarray(weights, dtype=np.float64),
        fixed=[HoleGroup(centre, members) for centre, members in fixed],
        tilt=Tilt(tilt_deg, tilt_axis_deg, max_focus_change_um),
        seed=seed,
    )

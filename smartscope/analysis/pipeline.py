"""What workers call after an image arrived: arrays and geometry in, sorted plain findings out."""

from __future__ import annotations

from collections.abc import Sequence

from smartscope.analysis.base import FindContext, Image, Level, Tile
from smartscope.analysis.findings import HoleClusters, HoleFindings, SquareFindings
from smartscope.analysis.grouping.plan import Grouping
from smartscope.domain.geometry import Affine, Point

SQUARE_FINDERS = ("classical-squares",)
HOLE_FINDERS = ("classical-holes",)


def find_squares(
    atlas: Image, context: FindContext, *, chain: Sequence[str] = SQUARE_FINDERS
) -> SquareFindings:
    """The squares of an atlas (level `ATLAS`, single or stitched by `stitch_atlas`).

    `chain` names finders in the order tried; the first whose result the mesh finds plausible wins.
    Raises `UnusableImage` for an image without geometry; an empty grid is an answer, not an error.
    """
    raise NotImplementedError


def stitch_atlas(tiles: Sequence[Tile], to_stage: Affine, *, level: Level = Level.ATLAS) -> Image:
    """Join montage tiles by piece coordinates, refined by correlating their overlaps.

    `to_stage` maps the montage as laid out; tiles with their own map keep it for stage positions.
    """
    raise NotImplementedError


def find_holes(
    square: Image, context: FindContext, *, chain: Sequence[str] = HOLE_FINDERS
) -> HoleFindings:
    """The holes of one square's image (level `SQUARE`)."""
    raise NotImplementedError


def cluster_holes(
    relative_intensities: Sequence[float | None],
    *,
    clusters: int | None = None,
    rejection: str = "when_separated",
    attenuation_length_nm: float = 300.0,
    thickness_limit_nm: float | None = None,
) -> HoleClusters:
    """Cluster all holes of a grid by ln I; `clusters` None lets the data choose 1 to 6 (BIC).

    Values are I/I0 (or grey over one common reference); `None` stays unclustered. `rejection` is
    "always" (the darkest cluster goes), "when_separated" or "never".
    """
    raise NotImplementedError


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
    seed: int = 0,
) -> Grouping:
    """Group holes shot by image shift from one stage position; see `grouping.plan.group_holes`.

    Indices in the answer refer to `positions`. `fixed` are (centre, members) that stay as they are.
    """
    raise NotImplementedError

"""Findings as plain numbers, ready for rows: squares of an atlas, holes of a square, clusters of a
grid.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import Image
from smartscope.domain.geometry import Affine, Point


@dataclass(frozen=True, slots=True)
class PluginUse:
    """Which plug-in made a finding; results are keyed by it, so reprocessing adds and never
    overwrites.
    """

    name: str
    version: str
    declared_duration_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareTarget:
    """One grid square. Pixels are of the stitched atlas; the outline is what is seen, the box the
    whole square.

    `relative_intensity` is the mean grey of the visible part over I0 (or over the atlas's 99th
    percentile where I0 is unknown). `fill` is the visible fraction of a whole opening (0-1).
    """

    x_px: float
    y_px: float
    stage: Point
    box_px: tuple[float, float, float, float]
    outline_px: tuple[tuple[float, float], ...]
    area_um2: float
    label: str
    probabilities: Mapping[str, float]
    mean_intensity: float
    relative_intensity: float
    fill: float
    score: float
    known_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareFindings:
    """Everything an atlas told: squares sorted by position, lattice nodes without a square,
    diagnostics.

    `pixels` is the stitched atlas (float32, height x width) and `to_stage` its overall map. Each
    square's stage position comes from its own tile. `needs_review` says that no finder passed its
    acceptance; `grid_empty` that two ways of looking agree there is nothing usable.
    """

    pixels: NDArray[np.float32]
    to_stage: Affine
    image: Image
    squares: tuple[SquareTarget, ...]
    missing: tuple[Point, ...]
    finder: PluginUse
    needs_review: bool
    grid_empty: bool
    pitch_um: float | None
    rotation_deg: float | None
    expected_count: float | None
    vacuum_intensity: float | None
    diagnostics: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleTarget:
    """One hole of a square. `origin` is "detected" or "predicted" (the lattice says it is there).

    `relative_intensity` is I/I0, `grey` the raw median of the inner 0.6 radius. Thickness and its
    standard error are `None` where no vacuum reference exists (`HoleFindings.ice_reason` says why).
    """

    x_px: float
    y_px: float
    stage: Point
    radius_um: float
    origin: str
    label: str
    score: float
    grey: float
    relative_intensity: float | None
    ice_thickness_nm: float | None
    ice_thickness_error_nm: float | None
    contaminant_fraction: float
    off_lattice: bool
    lattice_index: tuple[int, int] | None
    known_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleFindings:
    """Everything a square's image told: holes sorted by position, the lattice, the film as
    measured.

    `lattice_vectors_um` are the two basis vectors on the stage ((ax, ay), (bx, by)). `needs_review`
    says that no finder passed its acceptance; `doubts` are the reasons not to trust the places.
    """

    holes: tuple[HoleTarget, ...]
    finder: PluginUse
    needs_review: bool
    doubts: tuple[str, ...] = ()
    lattice_vectors_um: tuple[tuple[float, float], tuple[float, float]] | None
    pitch_um: float | None
    diameter_um: float | None
    lattice_kind: str | None
    vacuum_intensity: float | None
    ice_reason: str | None
    contaminated_fraction: float
    diagnostics: Mapping[str, float | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class HoleClusters:
    """Ice clusters over a whole grid; cluster 0 is the darkest.

    `cluster` has one number per given hole (`None`: its grey is unknown or it is empty). `rejected`
    are positions in the given order with a reason: "darkest", "thick" or "empty".
    """

    cluster: tuple[int | None, ...]
    mean_relative_intensity: tuple[float, ...]
    population: tuple[int, ...]
    rejected: Mapping[int, str]
    ashman_d: float | None

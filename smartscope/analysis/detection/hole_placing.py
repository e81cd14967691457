"""From candidate centres to holes: what any finder, classical or network, does after it has
looked.

Lattice, dark holes, torn foil and strays are judged here once; nothing here looks for candidates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from scipy.spatial import cKDTree

from smartscope.analysis.base import (
    BoolArray,
    Findings,
    FloatArray,
    FloatImage,
    Image,
    IntArray,
    Lattice,
)
from smartscope.analysis.detection.hole_lattice import (
    ON_LATTICE_PITCHES,
    LatticeHoles,
    complete,
    grow_patches,
    local_residual_px,
)
from smartscope.analysis.detection.lattice import UNINDEXED, enlarged
from smartscope.analysis.detection.ring_phase import ring_elsewhere
from smartscope.analysis.detection.sound_foil import clear_of_bars, on_sound_foil
from smartscope.analysis.detection.sublattice import coarsest

HOLE_LABELS = ("hole", "contaminated", "off_lattice")
PREDICTED_SCORE = 0.3
SHARP_PITCHES = 0.08
#: a weaker candidate off the lattice is noise, not a stray hole
STRAY_STRENGTH = 0.75
#: a hole whose rim was seen has foil around it
ROOM_RADII = 1.6


@dataclass(frozen=True, slots=True)
class Candidates:
    """Centres (N, 2) x, y in working px, strengths (N,) 0-1 (1 is a typical hole), one radius,
    the film's period as columns of `basis_px` (2, 2).
    """

    positions_px: FloatArray
    strengths: FloatArray
    radius_px: float
    basis_px: FloatArray


@dataclass(frozen=True, slots=True)
class Ground:
    """Where holes may be: grey (0 at the bars), the mesh opening, and the montage tile of each
    pixel (`None`: one image). All (height, width) in working px.
    """

    smooth: FloatImage
    foil: BoolArray
    tile_map: IntArray | None = None


@dataclass(frozen=True, slots=True)
class PlacedHoles:
    """Holes in working px: on the lattice first, then strays. `source` (N,) is the candidate's
    number, -1 where the lattice predicts a hole; `explained` the share of candidates on sound foil
    that lie on the lattice; `residual_px` how far holes lie from where their neighbours put them.
    """

    positions_px: FloatArray
    source: IntArray
    indices: IntArray
    is_off: BoolArray
    scores: FloatArray
    radius_px: float
    lattice: Lattice
    patches: int
    explained: float
    residual_px: float

    @property
    def detected_share(self) -> float:
        """The share of the lattice's nodes on sound foil where a hole was seen (0-1)."""
        on = ~self.is_off
        return float((self.source[on] >= 0).mean()) if on.any() else 0.0

    @property
    def plausibility(self) -> float:
        """How much of what was seen the lattice explains, and how many nodes were seen (0-1)."""
        sharp = 1.0 if self.residual_px < SHARP_PITCHES * self.lattice.pitch_px else 0.3
        return self.detected_share * self.explained * sharp


def place_holes(
    candidates: Candidates, ground: Ground, *, rims_only: bool = False
) -> PlacedHoles | None:
    """The lattice through candidate centres and every hole on sound foil; `None` without a lattice.

    With `rims_only` holes are as grey as the film: neither a tear nor a lattice too fine is told by
    brightness.
    Needs twelve candidates that agree. A node without a candidate is a predicted hole; a candidate
    more than a quarter pitch from every node is a stray (`is_off`).
    """
    where = candidates.positions_px
    tiles = None if ground.tile_map is None else _at(ground.tile_map, where)
    patches = grow_patches(where, candidates.basis_px, tiles)
    if not patches:
        return None
    if not rims_only:
        patches = [coarsest(p, where, candidates.strengths) or p for p in patches]
    on = complete(where, patches, ground.foil, ground.tile_map)
    off = _strays(candidates, on, ground.foil, patches[0].lattice.pitch_px)
    centres = np.concatenate([on.positions_px, where[off]])
    source = np.concatenate([on.source, off])
    is_off = np.arange(len(centres)) >= len(on.positions_px)
    seen = (source >= 0) & ~is_off
    if rims_only:
        sound = clear_of_bars(ground.smooth, ground.foil, centres, candidates.radius_px)
    else:
        sound = on_sound_foil(ground.smooth, ground.foil, centres, seen, candidates.radius_px)
    count = int((sound & seen).sum())
    explained = count / max(count + int((sound & is_off).sum()), 1)
    strength = np.where(source >= 0, candidates.strengths[source], PREDICTED_SCORE)
    outside = np.full((len(off), 2), UNINDEXED, dtype=np.int64)
    return PlacedHoles(
        positions_px=centres[sound],
        source=source[sound],
        indices=np.concatenate([on.indices, outside])[sound],
        is_off=is_off[sound],
        scores=np.where(is_off, strength * (1 - explained), strength)[sound],
        radius_px=candidates.radius_px,
        lattice=patches[0].lattice,
        patches=len(patches),
        explained=explained,
        residual_px=local_residual_px(where, patches[0]),
    )


def place_on_rings(
    image: Image,
    placed: PlacedHoles,
    ground: Ground,
    *,
    scale: float,
    declared_radius_px: float | None = None,
) -> PlacedHoles:
    """The same holes, or, where rims show that they lie elsewhere in the lattice's cell, these.

    `scale` is image px per working px; the declared radius is in working px.
    """
    on = placed.positions_px[~placed.is_off]
    ring = ring_elsewhere(
        image,
        on * scale + (scale - 1) / 2,
        placed.lattice.pitch_px * scale,
        None if declared_radius_px is None else declared_radius_px * scale,
    )
    if ring is None:
        return placed
    seen = (placed.source >= 0) & ~placed.is_off
    moved = placed.positions_px[seen] + np.asarray(ring.offset_px) / scale
    height, width = ground.foil.shape
    inside = (moved >= 0).all(axis=1) & (moved <= np.array([width - 1, height - 1])).all(axis=1)
    candidates = Candidates(
        moved[inside],
        placed.scores[seen][inside],
        ring.radius_px / scale,
        np.asarray(placed.lattice.basis_px),
    )
    room = replace(ground, foil=ground.foil | _about(candidates, ground.foil.shape))
    return place_holes(candidates, room, rims_only=True) or placed


def _about(candidates: Candidates, shape: tuple[int, ...]) -> BoolArray:
    """(height, width) where candidates have foil around them, wherever the opening was thought to
    end.
    """
    apart = np.ones(shape, dtype=np.bool_)
    columns, rows = np.rint(candidates.positions_px).astype(np.int64).T
    apart[rows, columns] = False
    return np.asarray(ndimage.distance_transform_edt(apart) <= ROOM_RADII * candidates.radius_px)


def _strays(candidates: Candidates, on: LatticeHoles, foil: BoolArray, pitch_px: float) -> IntArray:
    """Numbers of clear candidates on the foil that are a quarter pitch or more off every node."""
    where = candidates.positions_px
    used = np.zeros(len(where), dtype=np.bool_)
    used[on.source[on.source >= 0]] = True
    stray = ~used & (candidates.strengths >= STRAY_STRENGTH) & _at(foil, where)
    return np.flatnonzero(stray & _far(on, where, pitch_px)).astype(np.int64)


def findings_of(
    placed: PlacedHoles, *, scale: float, diagnostics: Mapping[str, float | str]
) -> Findings:
    """Everything in pixels of the image as given, sorted by y, then x.

    `scale` is image px per working px; a working pixel's centre lies at scale·x + (scale - 1)/2.
    Labels are `HOLE_LABELS`.
    """
    order = np.lexsort((placed.positions_px[:, 0], placed.positions_px[:, 1]))
    centres = placed.positions_px[order] * scale + (scale - 1) / 2
    radius = placed.radius_px * scale
    probabilities = np.zeros((len(order), len(HOLE_LABELS)))
    probabilities[:, 0] = np.where(placed.is_off[order], placed.scores[order], 1.0)
    probabilities[:, 2] = 1 - probabilities[:, 0]
    return Findings(
        positions_px=centres,
        boxes_px=np.column_stack([centres - radius, centres + radius]),
        radii_px=np.full(len(centres), radius),
        scores=placed.scores[order],
        probabilities=probabilities,
        labels=HOLE_LABELS,
        predicted=placed.source[order] < 0,
        indices=placed.indices[order],
        lattice=enlarged(placed.lattice, scale),
        diagnostics={
            "patches": placed.patches,
            "detected_share_of_nodes": placed.detected_share,
            "share_on_lattice": placed.explained,
            "lattice_residual_pitches": placed.residual_px / placed.lattice.pitch_px,
            "plausibility": placed.plausibility,
            **diagnostics,
        },
    )


def no_holes(reason: str) -> Findings:
    """The answer of a finder that found nothing, with the reason in a sentence."""
    return Findings(
        positions_px=np.empty((0, 2)),
        boxes_px=np.empty((0, 4)),
        radii_px=np.empty(0),
        scores=np.empty(0),
        probabilities=np.empty((0, len(HOLE_LABELS))),
        labels=HOLE_LABELS,
        predicted=np.empty(0, dtype=np.bool_),
        diagnostics={"reason": reason},
    )


def _far(holes: LatticeHoles, positions: FloatArray, pitch_px: float) -> BoolArray:
    """(N,) True where no hole of the lattice is within a quarter pitch."""
    if len(holes.positions_px) == 0:
        return np.ones(len(positions), dtype=np.bool_)
    return np.asarray(
        cKDTree(holes.positions_px).query(positions)[0] > ON_LATTICE_PITCHES * pitch_px
    )


def _at(picture: IntArray | BoolArray, positions: FloatArray) -> NDArray[Any]:
    """(N,) values of the pixels nearest to positions (N, 2)."""
    columns, rows = np.rint(positions).astype(np.int64).T
    height, width = picture.shape
    return np.asarray(picture[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)])

"""Holes on a lattice that may bend or break: which detections belong, and where unseen holes must
be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray, IntArray, Lattice
from smartscope.analysis.detection.lattice import UNINDEXED, fit_lattice, nodes_within
from smartscope.analysis.detection.lattice_warp import LatticeWarp, fit_warp

SMALLEST_PATCH = 12
#: neighbours in place before a detection may pass its index on
SUPPORT = 3
#: detections on a montage tile of its own that are enough to place it when the film is known
SMALLEST_TILE = 3
TILE_AGREEMENT_PITCHES = 0.15
LOCAL_PITCHES = 2.0
LOCAL_NEIGHBOURS = 12
EXTRAPOLATION_PITCHES = 6.0
ON_LATTICE_PITCHES = 0.25
SAME_HOLE_PITCHES = 0.12
OWN_HOLE_PITCHES = 0.6
#: how far holes of a good film stray from its lattice, per axis (assumed)
FILM_JITTER_PITCHES = 0.008


@dataclass(frozen=True, slots=True)
class LatticePatch:
    """One unbroken stretch of film: its lattice, how that bends, and the detections on it.

    `members` (N,) are numbers of detections, `indices` (N, 2) their nodes; `tile` is the montage
    tile the stretch lies on (0 where there is one image).
    """

    lattice: Lattice
    warp: LatticeWarp
    members: IntArray
    indices: IntArray
    tile: int = 0

    def nodes(self, indices: IntArray) -> FloatArray:
        """Positions (N, 2) in px of nodes (N, 2), the film's overall bend included."""
        return self.lattice.nodes(indices) + self.warp.offsets(indices)


@dataclass(frozen=True, slots=True)
class LatticeHoles:
    """Detections kept and nodes added: `source` (N,) is the detection's number, -1 where
    predicted.
    """

    positions_px: FloatArray
    source: IntArray
    indices: IntArray
    patch: IntArray

    def kept(self, mask: BoolArray) -> LatticeHoles:
        """Only the holes where `mask` (N,) is True."""
        return LatticeHoles(
            self.positions_px[mask], self.source[mask], self.indices[mask], self.patch[mask]
        )


def grow_patches(
    positions_px: FloatArray, basis_px: FloatArray, tiles: IntArray | None = None
) -> list[LatticePatch]:
    """Split detections (N, 2) into unbroken stretches, largest first.

    A montage break starts a new one. `tiles` (N,) says on which tile each detection lies: then no
    stretch reaches across tiles, and a tile with few holes takes the film's basis from the largest.
    """
    where = np.zeros(len(positions_px), dtype=np.int64) if tiles is None else tiles
    patches: list[LatticePatch] = []
    for tile in np.unique(where):
        patches += _on_tile(positions_px, basis_px, np.flatnonzero(where == tile), int(tile))
    patches.sort(key=lambda patch: (-len(patch.members), int(patch.members[0])))
    if patches and tiles is not None:
        sparse = sorted({int(t) for t in np.unique(tiles)} - {patch.tile for patch in patches})
        found = (_placed_tile(positions_px, tiles, tile, patches[0].lattice) for tile in sparse)
        patches += [patch for patch in found if patch is not None]
    return patches


def complete(
    positions_px: FloatArray,
    patches: list[LatticePatch],
    foil: BoolArray,
    tile_map: IntArray | None = None,
) -> LatticeHoles:
    """One hole per node on the foil: the detection nearest to it, or the node itself where none is.

    Nodes follow the film's local bend (the mean offset of detections nearby). A detected hole lies
    between its own response and its node: noise moves the one, the film's jitter the other.
    Nodes reach at most six pitches beyond the nearest detection of their own patch, and never off
    their own tile (`tile_map`, (height, width) like `foil`). `foil` is True where a centre may lie.
    """
    taken_positions: list[FloatArray] = []
    parts: list[tuple[FloatArray, IntArray, IntArray, IntArray]] = []
    for number, patch in enumerate(patches):
        pitch = patch.lattice.pitch_px
        nodes, indices = _bent_nodes(positions_px, patch, foil)
        if tile_map is not None:
            columns, rows = np.rint(nodes).astype(np.int64).T
            own = tile_map[rows, columns] == patch.tile
            nodes, indices = nodes[own], indices[own]
        nearer = _nearest_to_own(nodes, positions_px, patches, number)
        nodes, indices = nodes[nearer], indices[nearer]
        if parts:
            free = cKDTree(np.concatenate(taken_positions)).query(nodes)[0]
            own = free > OWN_HOLE_PITCHES * pitch
            nodes, indices = nodes[own], indices[own]
        if len(nodes) == 0:
            continue
        source = _nearest_detection(nodes, positions_px, pitch)
        share = _own_share(local_residual_px(positions_px, patch), pitch) * (source >= 0)
        final = nodes + share[:, None] * (positions_px[source] - nodes)
        taken_positions.append(final)
        parts.append((final, source, indices, np.full(len(final), number, dtype=np.int64)))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return LatticeHoles(np.empty((0, 2)), empty, np.empty((0, 2), dtype=np.int64), empty)
    return LatticeHoles(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def local_residual_px(positions_px: FloatArray, patch: LatticePatch) -> float:
    """Median distance of detections from where their neighbours alone would put them.

    What a film bends over many holes is no error of finding; what neighbours disagree about is.
    """
    own = positions_px[patch.members]
    bend = own - patch.nodes(patch.indices)
    shift = _local_bend(own, bend, patch.lattice.pitch_px, own, leave_out_nearest=True)[0]
    return float(np.median(np.linalg.norm(bend - shift, axis=1)))


def _own_share(residual_px: float, pitch_px: float) -> float:
    """How far a hole lies from its node towards its own response (0.1-0.5).

    What neighbours disagree about is noise of finding and jitter of the film; the film's share is
    assumed, and the rest is noise that averages out over neighbours.
    """
    jitter = FILM_JITTER_PITCHES * pitch_px
    variance = max((residual_px / 1.1774) ** 2, 1e-12)
    return float(np.clip(jitter**2 / variance, 0.1, 0.5))


def _on_tile(
    positions_px: FloatArray, basis_px: FloatArray, remaining: IntArray, tile: int
) -> list[LatticePatch]:
    patches: list[LatticePatch] = []
    while len(remaining) >= SMALLEST_PATCH:
        basis = np.asarray(patches[0].lattice.basis_px) if patches else basis_px
        fitted = fit_lattice(
            positions_px[remaining], basis, minimum=SMALLEST_PATCH, support=SUPPORT
        )
        if fitted is None:
            break
        lattice, indices = fitted
        known = indices[:, 0] != UNINDEXED
        members = remaining[known].astype(np.int64)
        warp = fit_warp(positions_px[members], indices[known], lattice)
        patches.append(LatticePatch(lattice, warp, members, indices[known], tile))
        remaining = remaining[~known]
    return patches


def _placed_tile(
    positions_px: FloatArray, tiles: IntArray, tile: int, film: Lattice
) -> LatticePatch | None:
    """A tile with too few holes for a fit of its own: the film's basis, its own origin."""
    members = np.flatnonzero(tiles == tile).astype(np.int64)
    if len(members) < SMALLEST_TILE:
        return None
    coordinates = film.coordinates(positions_px[members])
    turn = np.exp(2j * np.pi * coordinates).mean(axis=0)
    shift = np.angle(turn) / (2 * np.pi)
    indices = np.rint(coordinates - shift).astype(np.int64)
    origin = np.asarray(film.origin_px) + np.asarray(film.basis_px) @ shift
    placed = Lattice((float(origin[0]), float(origin[1])), film.basis_px, film.residual_px)
    away = np.linalg.norm(positions_px[members] - placed.nodes(indices), axis=1)
    agree = away < TILE_AGREEMENT_PITCHES * film.pitch_px
    if agree.sum() < SMALLEST_TILE:
        return None
    return LatticePatch(placed, LatticeWarp.none(), members[agree], indices[agree], tile)


def _nearest_to_own(
    nodes: FloatArray, positions_px: FloatArray, patches: list[LatticePatch], number: int
) -> BoolArray:
    """(N,) True for nodes no farther from their own patch's detections than from any other's."""
    tile = patches[number].tile
    others = [p.members for n, p in enumerate(patches) if n != number and p.tile == tile]
    if not others or len(nodes) == 0:
        return np.ones(len(nodes), dtype=np.bool_)
    own = cKDTree(positions_px[patches[number].members]).query(nodes)[0]
    other = cKDTree(positions_px[np.concatenate(others)]).query(nodes)[0]
    return np.asarray(own <= other)


def _bent_nodes(
    positions_px: FloatArray, patch: LatticePatch, foil: BoolArray
) -> tuple[FloatArray, IntArray]:
    height, width = foil.shape
    pitch = patch.lattice.pitch_px
    indices = nodes_within(
        patch.lattice, (-2 * pitch, -2 * pitch, width + 2 * pitch, height + 2 * pitch)
    )
    nodes = patch.nodes(indices)
    own = positions_px[patch.members]
    bend = own - patch.nodes(patch.indices)
    shift, away = _local_bend(own, bend, pitch, nodes)
    nodes = nodes + shift
    columns, rows = np.rint(nodes).astype(np.int64).T
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    inside &= away <= EXTRAPOLATION_PITCHES * pitch
    inside[inside] = foil[rows[inside], columns[inside]]
    return nodes[inside], indices[inside]


def _local_bend(
    own: FloatArray,
    bend: FloatArray,
    pitch_px: float,
    places: FloatArray,
    *,
    leave_out_nearest: bool = False,
) -> tuple[FloatArray, FloatArray]:
    """Mean offset (N, 2) of the detections round each place, and how far (N,) the nearest is."""
    first = int(leave_out_nearest)
    wanted = min(LOCAL_NEIGHBOURS + first, len(own))
    ranks = list(range(1, wanted + 1))
    away, nearest = (np.asarray(a) for a in cKDTree(own).query(places, k=ranks))
    away, nearest = away[:, first:], nearest[:, first:]
    weight = np.exp(-0.5 * (away / (LOCAL_PITCHES * pitch_px)) ** 2) + 1e-12
    middle = np.median(bend[nearest], axis=1)
    apart = np.linalg.norm(bend[nearest] - middle[:, None], axis=2)
    weight = weight * ((apart < ON_LATTICE_PITCHES * pitch_px) + 1e-6)
    shift = (bend[nearest] * weight[..., None]).sum(axis=1) / weight.sum(axis=1)[:, None]
    return shift, away[:, 0]


def _nearest_detection(nodes: FloatArray, positions_px: FloatArray, pitch_px: float) -> IntArray:
    """(N,) the detection within 0.12 pitch of each node, -1 where there is none."""
    away, nearest = cKDTree(positions_px).query(
        nodes, distance_upper_bound=SAME_HOLE_PITCHES * pitch_px
    )
    return np.where(np.isfinite(away), nearest, -1).astype(np.int64)

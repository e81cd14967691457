"""Holes on a lattice that may bend or break: which detections belong, and where unseen holes must
be.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray, IntArray, Lattice
from smartscope.analysis.detection.lattice import UNINDEXED, fit_lattice, nodes_within

SMALLEST_PATCH = 12
LOCAL_PITCHES = 2.0
EXTRAPOLATION_PITCHES = 3.5
ON_LATTICE_PITCHES = 0.25
SAME_HOLE_PITCHES = 0.12
OWN_HOLE_PITCHES = 0.6


@dataclass(frozen=True, slots=True)
class LatticePatch:
    """One unbroken stretch of film: its lattice, and the detections on it with their indices."""

    lattice: Lattice
    members: IntArray
    indices: IntArray


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


def grow_patches(positions_px: FloatArray, basis_px: FloatArray) -> list[LatticePatch]:
    """Split detections (N, 2) into unbroken stretches, largest first; a montage break starts a new
    one.
    """
    remaining = np.arange(len(positions_px))
    patches: list[LatticePatch] = []
    while len(remaining) >= SMALLEST_PATCH:
        basis = np.asarray(patches[0].lattice.basis_px) if patches else basis_px
        fitted = fit_lattice(positions_px[remaining], basis, minimum=SMALLEST_PATCH)
        if fitted is None:
            break
        lattice, indices = fitted
        known = indices[:, 0] != UNINDEXED
        patches.append(LatticePatch(lattice, remaining[known].astype(np.int64), indices[known]))
        remaining = remaining[~known]
    return patches


def complete(
    positions_px: FloatArray, patches: list[LatticePatch], foil: BoolArray
) -> LatticeHoles:
    """One hole per node on the foil: the detection nearest to it, or the node itself where none is.

    Nodes follow the film's local bend (the mean offset of detections nearby), so a detected hole
    lies halfway between its own response and its node: noise moves the one, jitter the other.
    Nodes reach at most 3.5 pitches beyond the nearest detection of their own patch. `foil` is True
    where a centre may lie.
    """
    taken_positions: list[FloatArray] = []
    parts: list[tuple[FloatArray, IntArray, IntArray, IntArray]] = []
    for number, patch in enumerate(patches):
        pitch = patch.lattice.pitch_px
        nodes, indices = _bent_nodes(positions_px, patch, foil)
        nearer = _nearest_to_own(nodes, positions_px, patches, number)
        nodes, indices = nodes[nearer], indices[nearer]
        if parts:
            free = cKDTree(np.concatenate(taken_positions)).query(nodes)[0]
            own = free > OWN_HOLE_PITCHES * pitch
            nodes, indices = nodes[own], indices[own]
        if len(nodes) == 0:
            continue
        source = _nearest_detection(nodes, positions_px, pitch)
        final = np.where((source >= 0)[:, None], (positions_px[source] + nodes) / 2, nodes)
        taken_positions.append(final)
        parts.append((final, source, indices, np.full(len(final), number, dtype=np.int64)))
    if not parts:
        empty = np.empty(0, dtype=np.int64)
        return LatticeHoles(np.empty((0, 2)), empty, np.empty((0, 2), dtype=np.int64), empty)
    return LatticeHoles(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _nearest_to_own(
    nodes: FloatArray, positions_px: FloatArray, patches: list[LatticePatch], number: int
) -> BoolArray:
    """(N,) True for nodes no farther from their own patch's detections than from any other's."""
    others = [p.members for n, p in enumerate(patches) if n != number]
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
    indices = nodes_within(patch.lattice, (-pitch, -pitch, width + pitch, height + pitch))
    nodes = patch.lattice.nodes(indices)
    own = positions_px[patch.members]
    bend = own - patch.lattice.nodes(patch.indices)
    neighbours = min(12, len(own))
    away, nearest = (np.asarray(a) for a in cKDTree(own).query(nodes, k=neighbours))
    weight = np.exp(-0.5 * (away / (LOCAL_PITCHES * pitch)) ** 2) + 1e-12
    local = np.median(bend[nearest], axis=1) if neighbours > 1 else bend[nearest]
    robust = np.linalg.norm(bend[nearest] - local[:, None], axis=2) < ON_LATTICE_PITCHES * pitch
    weight = weight * (robust + 1e-6)
    shift = (bend[nearest] * weight[..., None]).sum(axis=1) / weight.sum(axis=1)[:, None]
    nodes = nodes + shift
    columns, rows = np.rint(nodes).astype(np.int64).T
    inside = (rows >= 0) & (columns >= 0) & (rows < height) & (columns < width)
    inside &= away[:, 0] <= EXTRAPOLATION_PITCHES * pitch
    inside[inside] = foil[rows[inside], columns[inside]]
    return nodes[inside], indices[inside]


def _nearest_detection(nodes: FloatArray, positions_px: FloatArray, pitch_px: float) -> IntArray:
    """(N,) the detection within 0.12 pitch of each node, -1 where there is none."""
    away, nearest = cKDTree(positions_px).query(
        nodes, distance_upper_bound=SAME_HOLE_PITCHES * pitch_px
    )
    return np.where(np.isfinite(away), nearest, -1).astype(np.int64)

"""Holes by a network: a map of disc centres at the film's own scale, then the lattice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FindContext, Findings, FloatArray, Image, Lattice
from smartscope.analysis.detection.hole_film import core_and_ring
from smartscope.analysis.detection.hole_lattice import (
    ON_LATTICE_PITCHES,
    LatticeHoles,
    complete,
    grow_patches,
)
from smartscope.analysis.detection.lattice import UNINDEXED
from smartscope.analysis.detection.periodicity import Period, measure_period
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.hole_maps import MAP_PITCH_PX, HoleMaps, look
from smartscope.analysis.networks.network import Trained, chosen

OTHER_PITCHES_PX = (24.0, 60.0, 150.0)
#: a scale this far from the film's own is corrected before holes are named
SAME_SCALE = 0.12
#: what must be measured of the pitch at a scale for the next look: the network sees at .75 to 1.33
SEARCH = (0.55, 1.8)
DETECTED_ABOVE = 0.3
CONVINCING = 0.5
PREDICTED_SCORE = 0.3
CONTAMINATED_ABOVE = 0.35
FEWEST_TO_COMPARE = 12
#: larger pictures are looked at in full only at the declared pitch
LARGEST_GUESS_PX = 4096

_HERE = files("smartscope.analysis.networks")


@dataclass(frozen=True, slots=True)
class _Sighting:
    """Holes of one look, in map pixels."""

    maps: HoleMaps
    where: FloatArray
    strength: FloatArray
    radius_px: float
    on: LatticeHoles
    off: FloatArray
    off_strength: FloatArray
    lattice: Lattice
    diagnostics: dict[str, float | str]

    @property
    def plausibility(self) -> float:
        """How much of what was seen the lattice explains, and how many nodes were seen (0-1)."""
        seen = float(self.diagnostics["detected_share_of_nodes"])
        return seen * float(self.diagnostics["share_on_lattice"])


class NetworkHoleFinder:
    """A small U-Net at the film's scale, its period from its own answer, a robust lattice."""

    def __init__(self, trained: Trained | None = None) -> None:
        """With the shipped weights, or with others; raises `UnusableWeights` without any."""
        card = read_manifest(_HERE / "network_holes.toml")
        self._manifest, self._network = chosen(card, _HERE, trained)

    @property
    def manifest(self) -> Manifest:
        """Name, version, labels and the weights' checksum."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Holes of a square's image: detected, or predicted by the lattice inside the opening.

        The declared pitch is tried first; other scales only when it explains little of what is
        seen.
        """
        best: _Sighting | None = None
        for pitch_px in _guesses(image, context):
            seen = self._at_scale(image, pitch_px)
            if seen and (best is None or seen.plausibility > best.plausibility):
                best = seen
            if best and best.plausibility > CONVINCING:
                break
        return self._nothing() if best is None else self._findings(best)

    def _at_scale(self, image: Image, pitch_px: float) -> _Sighting | None:
        """Look, measure the pitch in what was seen, and look again where it differs."""
        maps = look(self._network, image, pitch_px)
        period = None if maps is None else _period(maps)
        if maps is None or period is None:
            return None
        ratio = period.pitch_px / MAP_PITCH_PX
        if abs(ratio - 1) > SAME_SCALE:
            maps = look(self._network, image, period.pitch_px * maps.scale)
            period = None if maps is None else _period(maps)
        return None if maps is None or period is None else _sighting(maps, period)

    def _nothing(self) -> Findings:
        labels = self._manifest.label_keys()
        return Findings(
            positions_px=np.empty((0, 2)),
            boxes_px=np.empty((0, 4)),
            radii_px=np.empty(0),
            scores=np.empty(0),
            probabilities=np.empty((0, len(labels))),
            labels=labels,
            predicted=np.empty(0, dtype=np.bool_),
            diagnostics={"reason": "the network sees no regular holes at any scale"},
        )

    def _findings(self, seen: _Sighting) -> Findings:
        """Everything in pixels of the image as given, sorted by y, then x."""
        on, count_off = seen.on, len(seen.off)
        predicted = np.concatenate([on.source < 0, np.zeros(count_off, dtype=np.bool_)])
        on_score = np.where(on.source >= 0, seen.strength[on.source], PREDICTED_SCORE)
        share_on = float(seen.diagnostics["share_on_lattice"])
        scores = np.concatenate([on_score, seen.off_strength * (1 - share_on)])
        is_off = np.arange(len(scores)) >= len(on_score)
        places = np.concatenate([on.positions_px, seen.off])
        indices = np.concatenate([on.indices, np.full((count_off, 2), UNINDEXED)])
        dirty = seen.maps.dirty(places, seen.radius_px)
        centres = seen.maps.to_image(places)
        order = np.lexsort((centres[:, 0], centres[:, 1]))
        radius = seen.radius_px * seen.maps.scale
        return Findings(
            positions_px=centres[order],
            boxes_px=np.column_stack([centres - radius, centres + radius])[order],
            radii_px=np.full(len(order), radius),
            scores=scores[order],
            probabilities=_probabilities(scores, is_off, dirty)[order],
            labels=self._manifest.label_keys(),
            predicted=predicted[order],
            indices=indices[order],
            lattice=_in_image(seen.lattice, seen.maps),
            diagnostics=seen.diagnostics,
        )


def _guesses(image: Image, context: FindContext) -> list[float]:
    """Pitches (px) to look at, the declared one first, at most so fine that memory suffices."""
    declared = context.hole_pitch_um
    first = [] if declared is None else [declared / image.pixel_size_um]
    longest = max(image.pixels.shape)
    others = [p for p in OTHER_PITCHES_PX if longest * 20.0 / p <= LARGEST_GUESS_PX]
    return [p for p in [*first, *others] if p >= 5.0 and longest >= 3 * p]


def _period(maps: HoleMaps) -> Period | None:
    film = maps.film
    if film.sum() < 9 * MAP_PITCH_PX**2:
        return None
    return measure_period(
        maps.centre,
        film,
        shortest_px=SEARCH[0] * MAP_PITCH_PX,
        longest_px=SEARCH[1] * MAP_PITCH_PX,
        expected_px=None,
    )


def _sighting(maps: HoleMaps, period: Period) -> _Sighting | None:
    pitch = period.pitch_px
    where, strength = maps.centres(pitch)
    strong = strength > DETECTED_ABOVE
    where, strength = where[strong], strength[strong]
    patches = grow_patches(where, period.basis_px)
    if not patches:
        return None
    radius = maps.radius(where[patches[0].members], pitch)
    area = _shrunk(maps.film, radius)
    on = complete(where, patches, area | _around(where, area.shape))
    on = on.kept(_on_foil(maps, on, radius))
    used = np.zeros(len(where), dtype=np.bool_)
    used[on.source[on.source >= 0]] = True
    off = np.flatnonzero(~used & _far(on, where, pitch))
    share_on = float(used.sum()) / max(int(used.sum()) + len(off), 1)
    diagnostics: dict[str, float | str] = {
        "patches": len(patches),
        "period_strength_sd": period.strength_sd,
        "detected_share_of_nodes": float((on.source >= 0).mean()) if len(on.source) else 0.0,
        "share_on_lattice": share_on,
        "lattice_residual_pitches": patches[0].lattice.residual_px / pitch,
        "foil_fraction": float(maps.film.mean()),
    }
    return _Sighting(
        maps,
        where,
        strength,
        radius,
        on,
        where[off],
        strength[off],
        patches[0].lattice,
        diagnostics,
    )


def _around(where: FloatArray, shape: tuple[int, ...]) -> BoolArray:
    """True at the detections: a hole that is seen may lie where the opening was not."""
    seen = np.zeros(shape, dtype=np.bool_)
    columns, rows = np.rint(where).astype(np.int64).T
    seen[np.clip(rows, 0, shape[0] - 1), np.clip(columns, 0, shape[1] - 1)] = True
    return ndimage.binary_dilation(seen, iterations=1)


def _shrunk(film: BoolArray, radius_px: float) -> BoolArray:
    """Where a predicted hole's centre may lie; the image's border does not count."""
    padded = np.pad(film, 1, mode="edge")
    return np.asarray(ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius_px)


def _on_foil(maps: HoleMaps, holes: LatticeHoles, radius_px: float) -> BoolArray:
    """(N,) False for predicted holes around which as much passes as through holes: torn film."""
    core, ring = core_and_ring(maps.grey, holes.positions_px, radius_px)
    seen = holes.source >= 0
    if seen.sum() < FEWEST_TO_COMPARE:
        return np.ones(len(core), dtype=np.bool_)
    as_bright = (np.median(core[seen]) + np.percentile(core[seen], 95)) / 2
    return np.asarray((ring < as_bright) | seen)


def _far(holes: LatticeHoles, positions: FloatArray, pitch_px: float) -> BoolArray:
    """(N,) True where no hole of the lattice is within a quarter pitch."""
    if len(holes.positions_px) == 0 or len(positions) == 0:
        return np.ones(len(positions), dtype=np.bool_)
    away = cKDTree(holes.positions_px).query(positions)[0]
    return np.asarray(away > ON_LATTICE_PITCHES * pitch_px)


def _probabilities(scores: FloatArray, is_off: BoolArray, dirty: FloatArray) -> FloatArray:
    """(N, 3) hole, contaminated, off the lattice; rows sum to one."""
    off = np.where(is_off, 1 - scores, 0.0)
    dirt = np.clip(0.5 * dirty / CONTAMINATED_ABOVE, 0.0, 1.0) * (1 - off)
    return np.column_stack([1 - off - dirt, dirt, off])


def _in_image(lattice: Lattice, maps: HoleMaps) -> Lattice:
    """The lattice in pixels of the image."""
    origin = maps.to_image(np.array([lattice.origin_px]))[0]
    basis = np.asarray(lattice.basis_px) * maps.scale
    return replace(
        lattice,
        origin_px=(float(origin[0]), float(origin[1])),
        basis_px=((basis[0, 0], basis[0, 1]), (basis[1, 0], basis[1, 1])),
        residual_px=lattice.residual_px * maps.scale,
    )

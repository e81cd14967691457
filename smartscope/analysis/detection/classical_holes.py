"""Holes without a network: period first, disc filter at the measured radius, then the lattice."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from scipy import ndimage
from scipy.spatial import cKDTree

from smartscope.analysis.base import (
    BoolArray,
    FindContext,
    Findings,
    FloatArray,
    Image,
    IntArray,
    Lattice,
)
from smartscope.analysis.detection.flatten import binned, scaled_grey
from smartscope.analysis.detection.hole_film import (
    Film,
    core_and_ring,
    disc_response,
    look_at_film,
    peaks,
    typical_radius,
)
from smartscope.analysis.detection.hole_lattice import (
    ON_LATTICE_PITCHES,
    LatticeHoles,
    complete,
    grow_patches,
)
from smartscope.analysis.detection.lattice import UNINDEXED, enlarged
from smartscope.analysis.detection.lattice_mean import lattice_mean
from smartscope.analysis.detection.periodicity import Period
from smartscope.analysis.manifest import Manifest, read_manifest

WORKING_PITCH_PX = 24
OTHER_PITCHES_PX = (16.0, 36.0, 80.0, 180.0)
CONVINCING = 0.5
SHARP_PITCHES = 0.08
STRONG_OF_TYPICAL = 0.45
PREDICTED_SCORE = 0.3
FEWEST_TO_COMPARE = 12
CERTAIN_PERIOD_SD = 4.0

_HERE = files("smartscope.analysis.detection")


class ClassicalHoleFinder:
    """Autocorrelation, disc filter, robust lattice with predicted dark holes."""

    def __init__(self) -> None:
        self._manifest = read_manifest(_HERE / "classical_holes.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version and labels."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Holes of a square's image: on foil, detected or predicted by the lattice.

        The declared pitch is tried first; other scales only when it explains little of what is
        seen.
        """
        hint_um = context.hole_pitch_um
        hints = [hint_um / image.pixel_size_um] if hint_um else []
        best = self._nothing("the film shows no period")
        for pitch_px in [*hints, *OTHER_PITCHES_PX]:
            found = self._at_scale(image, context, pitch_px)
            if _plausibility(found) > _plausibility(best):
                best = found
            if _plausibility(best) > CONVINCING:
                break
        return best

    def _at_scale(self, image: Image, context: FindContext, pitch_px: float) -> Findings:
        factor = max(1, int(pitch_px / WORKING_PITCH_PX))
        coarse, mask = binned(image.pixels, image.imaged, factor)
        scaled = scaled_grey(coarse, mask)
        if scaled is None or min(coarse.shape) < 3 * pitch_px / factor:
            return self._nothing("the image is flat or smaller than a few holes")
        pitch = pitch_px / factor
        film = look_at_film(
            scaled[0],
            mask,
            pitch_px=pitch,
            search=(max(0.55 * pitch, 4.0), 1.8 * pitch),
            is_gold=context.foil == "gold",
        )
        if film.period is None:
            return self._nothing("the film shows no period")
        radius_hint = None
        if context.hole_diameter_um is not None:
            radius_hint = context.hole_diameter_um / image.pixel_size_um / factor / 2
        radius = typical_radius(film.flat, film.foil, film.period.pitch_px, radius_hint)
        found = self._findings(film, film.period, radius, factor, together=False)
        if _plausibility(found) > CONVINCING or film.period.strength_sd < CERTAIN_PERIOD_SD:
            return found
        # The period is certain and yet single holes are not: their neighbours vouch for them.
        together = self._findings(film, film.period, radius, factor, together=True)
        return max(found, together, key=_plausibility)

    def _nothing(self, reason: str) -> Findings:
        labels = self._manifest.label_keys()
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

    def _findings(
        self, film: Film, period: Period, radius_px: float, factor: int, *, together: bool
    ) -> Findings:
        pitch = period.pitch_px
        response = disc_response(film.flat, radius_px)
        if together:
            response = lattice_mean(response, film.foil, period.basis_px)
        where, heights = peaks(response, film.foil, 0.6 * pitch)
        typical = _typical_height(heights, float(film.foil.sum()) / pitch**2)
        strong = heights >= STRONG_OF_TYPICAL * typical
        where, heights = where[strong], heights[strong]
        patches = grow_patches(where, period.basis_px)
        if not patches:
            return self._nothing("too few regular holes for a lattice")
        centre_area = _shrunk(film.foil, radius_px)
        on = complete(where, patches, centre_area)
        on = on.kept(_on_foil(film, on, radius_px))
        used = np.zeros(len(where), dtype=np.bool_)
        used[on.source[on.source >= 0]] = True
        off = np.flatnonzero(~used & _inside(centre_area, where) & _far(on, where, pitch))
        share_on = float(used.sum()) / max(int(used.sum()) + len(off), 1)
        strength = np.clip(heights / typical, 0.0, 1.0)
        positions = np.concatenate([on.positions_px, where[off]])
        predicted = np.concatenate([on.source < 0, np.zeros(len(off), dtype=np.bool_)])
        on_score = np.where(on.source >= 0, strength[on.source], PREDICTED_SCORE)
        outside = np.zeros((len(off), 2), dtype=np.int64) + UNINDEXED
        return self._assemble(
            positions=positions,
            predicted=predicted,
            scores=np.concatenate([on_score, strength[off] * (1 - share_on)]),
            indices=np.concatenate([on.indices, outside]),
            is_off=np.arange(len(positions)) >= len(on.positions_px),
            radius_px=radius_px,
            factor=factor,
            lattice=patches[0].lattice,
            diagnostics={
                "patches": len(patches),
                "period_strength_sd": period.strength_sd,
                "detected_share_of_nodes": float((on.source >= 0).mean())
                if len(on.source)
                else 0.0,
                "share_on_lattice": share_on,
                "lattice_residual_pitches": patches[0].lattice.residual_px / pitch,
                "foil_fraction": float(film.foil.mean()),
                "seen_together": float(together),
            },
        )

    def _assemble(
        self,
        *,
        positions: FloatArray,
        predicted: BoolArray,
        scores: FloatArray,
        indices: IntArray,
        is_off: BoolArray,
        radius_px: float,
        factor: int,
        lattice: Lattice,
        diagnostics: dict[str, float | str],
    ) -> Findings:
        """Everything in pixels of the image as given, sorted by y, then x."""
        shift = (factor - 1) / 2
        order = np.lexsort((positions[:, 0], positions[:, 1]))
        centres = positions[order] * factor + shift
        radius = radius_px * factor
        probabilities = np.zeros((len(order), 3))
        probabilities[:, 0] = np.where(is_off[order], scores[order], 1.0)
        probabilities[:, 2] = 1 - probabilities[:, 0]
        return Findings(
            positions_px=centres,
            boxes_px=np.column_stack([centres - radius, centres + radius]),
            radii_px=np.full(len(centres), radius),
            scores=scores[order],
            probabilities=probabilities,
            labels=self._manifest.label_keys(),
            predicted=predicted[order],
            indices=indices[order],
            lattice=enlarged(lattice, factor),
            diagnostics=diagnostics,
        )


def _plausibility(found: Findings) -> float:
    """How much of what was seen the lattice explains, and how many of its nodes were seen (0-1)."""
    if len(found) == 0:
        return 0.0
    seen = float(found.diagnostics["detected_share_of_nodes"])
    sharp = 1.0 if float(found.diagnostics["lattice_residual_pitches"]) < SHARP_PITCHES else 0.3
    return seen * float(found.diagnostics["share_on_lattice"]) * sharp


def _on_foil(film: Film, holes: LatticeHoles, radius_px: float) -> BoolArray:
    """(N,) False where the film around a hole lets through as much as holes do: it is torn away
    there.
    """
    core, ring = core_and_ring(film.smooth, holes.positions_px, radius_px)
    seen = holes.source >= 0
    if seen.sum() < FEWEST_TO_COMPARE:
        return np.ones(len(core), dtype=np.bool_)
    as_bright = (np.median(core[seen]) + np.percentile(core[seen], 95)) / 2
    return np.asarray((ring < as_bright) | (seen & (core > 1.05 * ring)))


def _far(holes: LatticeHoles, positions: FloatArray, pitch_px: float) -> BoolArray:
    """(N,) True where no hole of the lattice is within a quarter pitch."""
    if len(holes.positions_px) == 0:
        return np.ones(len(positions), dtype=np.bool_)
    return np.asarray(
        cKDTree(holes.positions_px).query(positions)[0] > ON_LATTICE_PITCHES * pitch_px
    )


def _typical_height(heights: FloatArray, expected: float) -> float:
    """Median response of as many of the strongest peaks as the film should have holes (less a
    third).
    """
    if len(heights) == 0:
        return 1.0
    count = max(1, min(len(heights), round(0.67 * expected)))
    return max(float(np.median(np.sort(heights)[-count:])), 1e-9)


def _shrunk(foil: BoolArray, radius_px: float) -> BoolArray:
    """Where a hole's centre may lie: its whole disc on the foil; the image's border does not
    count.
    """
    padded = np.pad(foil, 1, mode="edge")
    return np.asarray(ndimage.distance_transform_edt(padded)[1:-1, 1:-1] > radius_px)


def _inside(area: BoolArray, positions: FloatArray) -> BoolArray:
    columns, rows = np.rint(positions).astype(np.int64).T
    height, width = area.shape
    return np.asarray(area[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)])

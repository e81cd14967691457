"""Holes by a YOLO detector that a site trained: boxes at the film's scale, then the lattice.

No weights come with it, because those made by ultralytics are under the AGPL-3.0.
"""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np
from scipy.spatial import cKDTree

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.hole_film import look_at_film
from smartscope.analysis.detection.hole_placing import (
    Candidates,
    Ground,
    findings_of,
    no_holes,
    place_holes,
)
from smartscope.analysis.detection.tile_map import tile_map
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.hole_input import grey_at_pitch
from smartscope.analysis.networks.network import Trained, chosen
from smartscope.analysis.networks.yolo_boxes import CONTAMINANT, HOLE, Boxes, find_boxes

PITCH_PX = 40.0
SEARCH = (0.55, 1.8)
OTHER_PITCHES_PX = (20.0, 40.0, 80.0, 160.0)
CONTAMINATED_ABOVE = 0.2

_HERE = files("smartscope.analysis.networks")


class YoloHoleFinder:
    """Unavailable until a site registers weights of its own."""

    def __init__(self, trained: Trained | None = None) -> None:
        """Raises `UnusableWeights` without weights."""
        card = read_manifest(_HERE / "yolo_holes.toml")
        self._manifest, self._network = chosen(card, _HERE, trained)

    @property
    def manifest(self) -> Manifest:
        """Name, version, labels and the weights' checksum."""
        return self._manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """Holes of a square's image at the declared pitch, or at the first that convinces."""
        declared = context.hole_pitch_um
        first = [] if declared is None else [declared / image.pixel_size_um]
        longest = max(image.pixels.shape)
        best = no_holes("the film shows no period")
        for pitch_px in (p for p in [*first, *OTHER_PITCHES_PX] if 5 <= p <= longest / 3):
            found = self._at_scale(image, context, pitch_px)
            if _plausibility(found) > _plausibility(best):
                best = found
            if _plausibility(best) > 0.5:
                break
        return best

    def _at_scale(self, image: Image, context: FindContext, pitch_px: float) -> Findings:
        scaled = grey_at_pitch(image.pixels, image.imaged, pitch_px, wanted_px=PITCH_PX)
        if scaled is None:
            return no_holes("the image is flat")
        grey, seen, scale = scaled
        film = look_at_film(
            grey,
            seen,
            pitch_px=PITCH_PX,
            search=(SEARCH[0] * PITCH_PX, SEARCH[1] * PITCH_PX),
            is_gold=context.foil == "gold",
        )
        if film.period is None:
            return no_holes("the film shows no period")
        boxes = find_boxes(self._network, grey)
        holes = boxes.of_class(HOLE) if image.tilt_deg else boxes.of_class(HOLE).round_ones()
        if len(holes.scores) == 0:
            return no_holes("the detector sees no hole")
        radius = float(np.median(holes.sides_px)) / 2
        placed = place_holes(
            Candidates(holes.middles_px, holes.scores, radius, film.period.basis_px),
            Ground(film.smooth, film.foil, tile_map(image, grey.shape, scale)),
        )
        if placed is None:
            return no_holes("too few regular holes for a lattice")
        found = findings_of(
            placed,
            scale=scale,
            diagnostics={"period_strength_sd": film.period.strength_sd},
        )
        on_grey = (found.positions_px - (scale - 1) / 2) / scale
        return _with_dirt(found, _dirty(on_grey, radius, boxes.of_class(CONTAMINANT)))


def _dirty(places: FloatArray, radius_px: float, dirt: Boxes) -> FloatArray:
    """(N,) the largest share of each hole that one contaminant's box may cover."""
    if len(dirt.scores) == 0:
        return np.zeros(len(places))
    reach = dirt.sides_px.max(axis=1) / 2
    away, nearest = cKDTree(dirt.middles_px).query(places)
    overlap = np.clip(radius_px + reach[nearest] - away, 0.0, None) / (2 * radius_px)
    smaller = np.minimum(1.0, reach[nearest] / radius_px) ** 2
    return np.asarray(np.clip(overlap, 0.0, 1.0) * smaller)


def _with_dirt(found: Findings, share: FloatArray) -> Findings:
    dirt = np.clip(0.5 * share / CONTAMINATED_ABOVE, 0.0, 1.0)
    hole, _, off = found.probabilities.T
    return replace(found, probabilities=np.column_stack([hole * (1 - dirt), hole * dirt, off]))


def _plausibility(found: Findings) -> float:
    return float(found.diagnostics.get("plausibility", 0.0))

"""Holes without a network: period first, disc filter at the measured radius, then the lattice."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import files

import numpy as np

from smartscope.analysis.base import FindContext, Findings, FloatArray, Image, IntArray
from smartscope.analysis.detection.flatten import binned, scaled_grey, without_hot_pixels
from smartscope.analysis.detection.hole_film import (
    Film,
    disc_response,
    look_at_film,
    peaks,
    typical_radius,
)
from smartscope.analysis.detection.hole_placing import (
    Candidates,
    Ground,
    PlacedHoles,
    findings_of,
    no_holes,
    place_holes,
    place_on_rings,
)
from smartscope.analysis.detection.lattice_mean import lattice_mean
from smartscope.analysis.detection.periodicity import Period
from smartscope.analysis.detection.sound_foil import clear_holes, ring_levels
from smartscope.analysis.detection.tile_map import tile_map
from smartscope.analysis.manifest import Manifest, read_manifest

WORKING_PITCH_PX = 24
OTHER_PITCHES_PX = (16.0, 36.0, 80.0, 180.0)
CONVINCING = 0.5
STRONG_OF_TYPICAL = 0.45
CERTAIN_PERIOD_SD = 4.0
FAINT_OF_CONTRAST = 0.3

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
        best = no_holes("the film shows no period")
        image = replace(image, pixels=without_hot_pixels(image.pixels, image.imaged))
        for pitch_px in [*hints, *OTHER_PITCHES_PX]:
            found = _at_scale(image, context, pitch_px)
            if _plausibility(found) > _plausibility(best):
                best = found
            if _plausibility(best) > CONVINCING:
                break
        return best


def _at_scale(image: Image, context: FindContext, pitch_px: float) -> Findings:
    factor = max(1, int(pitch_px / WORKING_PITCH_PX))
    coarse, mask = binned(image.pixels, image.imaged, factor)
    scaled = scaled_grey(coarse, mask)
    if scaled is None or min(coarse.shape) < 3 * pitch_px / factor:
        return no_holes("the image is flat or smaller than a few holes")
    pitch = pitch_px / factor
    film = look_at_film(
        scaled[0],
        mask,
        pitch_px=pitch,
        search=(max(0.55 * pitch, 4.0), 1.8 * pitch),
        is_gold=context.foil == "gold",
    )
    if film.period is None:
        return no_holes("the film shows no period")
    radius_hint = None
    if context.hole_diameter_um is not None:
        radius_hint = context.hole_diameter_um / image.pixel_size_um / factor / 2
    radius = typical_radius(film.flat, film.foil, film.period.pitch_px, radius_hint)
    tiles = tile_map(image, coarse.shape, factor)
    placed = _placed(film, film.period, radius, tiles, together=False)
    certain = film.period.strength_sd >= CERTAIN_PERIOD_SD
    together = certain and (placed is None or placed.plausibility <= CONVINCING)
    if together:
        # The period is certain and yet single holes are not: their neighbours vouch for them.
        vouched = _placed(film, film.period, radius, tiles, together=True)
        together = vouched is not None and (
            placed is None or vouched.plausibility > placed.plausibility
        )
        placed = vouched if together else placed
    if placed is None:
        return no_holes("too few regular holes for a lattice")
    placed = place_on_rings(
        image,
        placed,
        Ground(film.smooth, film.foil, tiles),
        scale=factor,
        declared_radius_px=radius_hint,
    )
    diagnostics: dict[str, float | str] = {
        "period_strength_sd": film.period.strength_sd,
        "foil_fraction": float(film.foil.mean()),
        "seen_together": float(together),
    }
    return findings_of(placed, scale=factor, diagnostics=diagnostics)


def _placed(
    film: Film, period: Period, radius_px: float, tiles: IntArray | None, *, together: bool
) -> PlacedHoles | None:
    response = disc_response(film.flat, radius_px)
    if together:
        response = lattice_mean(response, film.foil, period.basis_px)
    where, heights = peaks(response, film.foil, 0.6 * period.pitch_px)
    typical = _typical_height(heights, float(film.foil.sum()) / period.pitch_px**2)
    strong = heights >= STRONG_OF_TYPICAL * typical
    if not together:
        core, ring = ring_levels(film.smooth, where, radius_px)
        strong &= clear_holes(core, np.median(ring, axis=1), strong, FAINT_OF_CONTRAST)
    strengths = np.clip(heights[strong] / typical, 0.0, 1.0)
    candidates = Candidates(where[strong], strengths, radius_px, period.basis_px)
    return place_holes(candidates, Ground(film.smooth, film.foil, tiles))


def _typical_height(heights: FloatArray, expected: float) -> float:
    """Median response of as many of the strongest peaks as the film should have holes (less a
    third).
    """
    if len(heights) == 0:
        return 1.0
    count = max(1, min(len(heights), round(0.67 * expected)))
    return max(float(np.median(np.sort(heights)[-count:])), 1e-9)


def _plausibility(found: Findings) -> float:
    return float(found.diagnostics.get("plausibility", 0.0))

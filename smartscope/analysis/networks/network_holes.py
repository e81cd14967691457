"""Holes by a network: a map of disc centres at the film's own scale, then the lattice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.hole_placing import (
    Candidates,
    Ground,
    PlacedHoles,
    findings_of,
    no_holes,
    place_holes,
)
from smartscope.analysis.detection.periodicity import Period, measure_period
from smartscope.analysis.detection.tile_map import tile_map
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.hole_maps import MAP_PITCH_PX, HoleMaps, look
from smartscope.analysis.networks.network import Trained, chosen

#: tried where no pitch is declared or the declared one shows nothing: no film falls between them
OTHER_PITCHES_PX = (20.0, 32.0, 51.0, 82.0, 131.0, 210.0)
#: a scale this far from the film's own is corrected before holes are named
SAME_SCALE = 0.12
#: pitches looked for, in parts of the pitch assumed
SEARCH = (0.55, 1.8)
#: a film smaller than nine pitches has no period to speak of
SMALLEST_FILM = 9 * MAP_PITCH_PX**2
DETECTED_ABOVE = 0.3
CONVINCING = 0.5
#: chance finds a lattice in anything, but one that explains next to nothing
CHANCE = 0.15
CONTAMINATED_ABOVE = 0.35
#: pictures larger than this are looked at in full only at the declared pitch
LARGEST_GUESS_PX = 2048
FINEST_PITCH_PX = 5.0

_HERE = files("smartscope.analysis.networks")


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What one look showed, on the network's maps."""

    maps: HoleMaps
    period: Period
    placed: PlacedHoles


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
            if seen and (best is None or seen.placed.plausibility > best.placed.plausibility):
                best = seen
            if best and best.placed.plausibility > CONVINCING:
                break
        if best is None or best.placed.plausibility < CHANCE:
            return no_holes("the network sees no regular holes at any scale")
        return _findings(best)

    def _at_scale(self, image: Image, pitch_px: float) -> _Sighting | None:
        """Look, measure the pitch in what was seen, and look again where it differs."""
        maps = look(self._network, image, pitch_px)
        period = None if maps is None else _period(maps)
        if maps is None or period is None:
            return None
        if abs(period.pitch_px / MAP_PITCH_PX - 1) > SAME_SCALE:
            maps = look(self._network, image, period.pitch_px * maps.scale)
            period = None if maps is None else _period(maps)
            if maps is None or period is None:
                return None
        placed = _placed(image, maps, period)
        return None if placed is None else _Sighting(maps, period, placed)


def _guesses(image: Image, context: FindContext) -> list[float]:
    """Pitches (px) to look at, the declared one first."""
    declared = context.hole_pitch_um
    first = [] if declared is None else [declared / image.pixel_size_um]
    longest = max(image.pixels.shape)
    finest = 2 * MAP_PITCH_PX * longest / LARGEST_GUESS_PX
    others = [pitch for pitch in OTHER_PITCHES_PX if pitch >= finest]
    return [pitch for pitch in [*first, *others] if FINEST_PITCH_PX <= pitch <= longest / 3]


def _period(maps: HoleMaps) -> Period | None:
    """The period of the centres seen, which dirt, ice and grey do not disturb."""
    film = maps.film
    if film.sum() < SMALLEST_FILM:
        return None
    return measure_period(
        maps.centre,
        film,
        shortest_px=SEARCH[0] * MAP_PITCH_PX,
        longest_px=SEARCH[1] * MAP_PITCH_PX,
    )


def _placed(image: Image, maps: HoleMaps, period: Period) -> PlacedHoles | None:
    where, strengths = maps.centres(period.pitch_px)
    seen = strengths > DETECTED_ABOVE
    where, strengths = where[seen], strengths[seen]
    if len(where) == 0:
        return None
    radius = maps.radius(where, period.pitch_px)
    candidates = Candidates(where, strengths, radius, period.basis_px)
    tiles = tile_map(image, maps.centre.shape, maps.scale)
    return place_holes(candidates, Ground(maps.grey, _ground(maps.film, where), tiles))


def _ground(film: BoolArray, where: FloatArray) -> BoolArray:
    """The opening, and where holes were seen although it was thought to end before."""
    seen = np.zeros_like(film)
    columns, rows = np.rint(where).astype(np.int64).T
    height, width = film.shape
    seen[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] = True
    return np.asarray(film | ndimage.binary_dilation(seen, iterations=2))


def _findings(seen: _Sighting) -> Findings:
    """In pixels of the image; what dirt covers is called contaminated."""
    scale = seen.maps.scale
    found = findings_of(
        seen.placed,
        scale=scale,
        diagnostics={
            "period_strength_sd": seen.period.strength_sd,
            "foil_fraction": float(seen.maps.film.mean()),
        },
    )
    on_maps = (found.positions_px - (scale - 1) / 2) / scale
    share = seen.maps.dirty(on_maps, seen.placed.radius_px)
    dirt = np.clip(0.5 * share / CONTAMINATED_ABOVE, 0.0, 1.0)
    hole, _, off = found.probabilities.T
    return replace(found, probabilities=np.column_stack([hole * (1 - dirt), hole * dirt, off]))

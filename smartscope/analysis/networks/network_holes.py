"""Holes by a network: a map of disc centres at the film's own scale, then the lattice."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from importlib.resources import files

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FindContext, Findings, FloatArray, Image
from smartscope.analysis.detection.flatten import without_hot_pixels
from smartscope.analysis.detection.hole_placing import (
    Candidates,
    Ground,
    PlacedHoles,
    findings_of,
    no_holes,
    place_holes,
    place_on_rings,
)
from smartscope.analysis.detection.periodicity import Period
from smartscope.analysis.detection.tile_map import tile_map
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.hole_input import PITCH_PX
from smartscope.analysis.networks.hole_maps import HoleMaps, look
from smartscope.analysis.networks.network import Trained, chosen

#: tried where no pitch is declared or the declared one shows nothing: no film falls between them
OTHER_PITCHES_PX = (20.0, 32.0, 51.0, 82.0, 131.0, 210.0)
#: a scale this far from the film's own is corrected before holes are named
SAME_SCALE = 0.12
#: the declared film is the one seen when its pitch agrees so well, seen at up to 45° of tilt
SAME_FILM = 0.16
#: faint is enough where a lattice confirms it
DETECTED_ABOVE = 0.15
CONVINCING = 0.5
#: chance finds a lattice in anything, but one that explains next to nothing
CHANCE = 0.25
CONTAMINATED_ABOVE = 0.35
#: a hole that was seen has foil around it, wherever the opening was thought to end
ROOM_RADII = 1.6
#: pictures larger than this are looked at in full only at the declared pitch
LARGEST_GUESS_PX = 2048
FINEST_PITCH_PX = 5.0

_HERE = files("smartscope.analysis.networks")


@dataclass(frozen=True, slots=True)
class _Sighting:
    """What one look showed, at a scale at which a pitch is about 20 pixels."""

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

        The declared pitch is tried first; when it explains little of what is seen, the best of all
        scales counts: a film seen too fine shows a pattern between its holes as well.
        """
        image = replace(image, pixels=without_hot_pixels(image.pixels, image.imaged))
        declared = context.hole_pitch_um
        best = None
        if declared is not None:
            best = self._best(image, context, [declared / image.pixel_size_um])
        if best is None or best.placed.plausibility <= CONVINCING:
            others = self._best(image, context, _undeclared(image))
            best = max((seen for seen in (best, others) if seen), key=_worth, default=None)
        if best is None or best.placed.plausibility < CHANCE:
            return no_holes("the network sees no regular holes at any scale")
        return _findings(_on_rings(image, context, best))

    def _best(
        self, image: Image, context: FindContext, pitches_px: list[float]
    ) -> _Sighting | None:
        longest = max(image.pixels.shape)
        usable = [pitch for pitch in pitches_px if FINEST_PITCH_PX <= pitch <= longest / 3]
        looks = (self._at_scale(image, context, pitch) for pitch in usable)
        return max((seen for seen in looks if seen), key=_worth, default=None)

    def _at_scale(self, image: Image, context: FindContext, pitch_px: float) -> _Sighting | None:
        """Look, measure the pitch in what was seen, and look again where it differs."""
        seen = self._look(image, pitch_px)
        if seen is not None and abs(seen[1].pitch_px / PITCH_PX - 1) > SAME_SCALE:
            seen = self._look(image, seen[1].pitch_px * seen[0].prepared.scale)
        if seen is None:
            return None
        placed = _placed(image, context, *seen)
        return None if placed is None else _Sighting(*seen, placed)

    def _look(self, image: Image, pitch_px: float) -> tuple[HoleMaps, Period] | None:
        maps = look(self._network, image, pitch_px)
        period = None if maps is None else maps.period()
        return None if maps is None or period is None else (maps, period)


def _undeclared(image: Image) -> list[float]:
    """Pitches (px) to try, none so fine that the picture would grow beyond what memory holds."""
    finest = PITCH_PX * max(image.pixels.shape) / LARGEST_GUESS_PX
    return [pitch for pitch in OTHER_PITCHES_PX if pitch >= finest]


def _worth(seen: _Sighting) -> float:
    """Of two looks the better: explained by its lattice, seen clearly, over more of the picture.

    Chance finds a small patch of some fine lattice in anything.
    """
    placed, shape = seen.placed, seen.maps.prepared.imaged.shape
    cell = abs(float(np.linalg.det(np.asarray(placed.lattice.basis_px))))
    covered = min(1.0, len(placed.scores) * cell / (shape[0] * shape[1]))
    clearly = float(np.median(placed.scores))
    return placed.plausibility * clearly * math.sqrt(covered)


def _placed(
    image: Image, context: FindContext, maps: HoleMaps, period: Period
) -> PlacedHoles | None:
    where, strengths = maps.centres(period.pitch_px)
    seen = strengths > DETECTED_ABOVE
    where, strengths = where[seen], strengths[seen]
    if len(where) == 0:
        return None
    radius = _declared_radius(image, context, maps, period)
    if radius is None:
        radius = maps.radius(where, strengths, period.pitch_px)
    candidates = Candidates(where, strengths, radius, period.basis_px)
    tiles = tile_map(image, maps.prepared.imaged.shape, maps.prepared.scale)
    return place_holes(candidates, Ground(maps.grey(), _ground(maps.film(), where, radius), tiles))


def _on_rings(image: Image, context: FindContext, seen: _Sighting) -> _Sighting:
    """What was seen, with the holes where their rims are."""
    scale = seen.maps.prepared.scale
    declared_um = context.hole_diameter_um
    where = seen.placed.positions_px[seen.placed.source >= 0]
    tiles = tile_map(image, seen.maps.prepared.imaged.shape, scale)
    placed = place_on_rings(
        image,
        seen.placed,
        Ground(seen.maps.grey(), _ground(seen.maps.film(), where, seen.placed.radius_px), tiles),
        scale=scale,
        declared_radius_px=(
            None if declared_um is None else declared_um / image.pixel_size_um / scale / 2
        ),
    )
    return replace(seen, placed=placed)


def _declared_radius(
    image: Image, context: FindContext, maps: HoleMaps, period: Period
) -> float | None:
    """In px of the maps' picture, where the film seen is the declared one: at 20 pixels a pitch
    small holes are blurred and measured too large.
    """
    if context.hole_diameter_um is None or context.hole_pitch_um is None:
        return None
    pixel_um = image.pixel_size_um * maps.prepared.scale
    longest_um = float(np.linalg.norm(period.basis_px, axis=0).max()) * pixel_um
    if abs(longest_um / context.hole_pitch_um - 1) > SAME_FILM:
        return None
    return context.hole_diameter_um / pixel_um / 2


def _ground(film: BoolArray, where: FloatArray, radius_px: float) -> BoolArray:
    """The opening, and where holes were seen although it was thought to end before."""
    apart = np.ones(film.shape, dtype=np.bool_)
    columns, rows = np.rint(where).astype(np.int64).T
    height, width = film.shape
    apart[np.clip(rows, 0, height - 1), np.clip(columns, 0, width - 1)] = False
    return np.asarray(film | (ndimage.distance_transform_edt(apart) <= ROOM_RADII * radius_px))


def _findings(seen: _Sighting) -> Findings:
    """In pixels of the image; what dirt covers is called contaminated."""
    scale = seen.maps.prepared.scale
    found = findings_of(
        seen.placed,
        scale=scale,
        diagnostics={
            "period_strength_sd": seen.period.strength_sd,
            "foil_fraction": float(seen.maps.film().mean()),
        },
    )
    here = (found.positions_px - (scale - 1) / 2) / scale
    share = seen.maps.dirty(here, seen.placed.radius_px)
    dirt = np.clip(0.5 * share / CONTAMINATED_ABOVE, 0.0, 1.0)
    hole, _, off = found.probabilities.T
    return replace(found, probabilities=np.column_stack([hole * (1 - dirt), hole * dirt, off]))

"""Measures finished squares and names them; the generator's intention plays no part.

The first rule that matches wins. Limits are assumed, after SmartScope's six classes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.contamination import DIRT, dirt_in
from smartscope.microscope.simulator.specimen.damage import tear_distance_um, tear_of
from smartscope.microscope.simulator.specimen.film import Film
from smartscope.microscope.simulator.specimen.ice import HOLE_CENTRE, OVER_FILM, sheet_ice_nm
from smartscope.microscope.simulator.specimen.mesh import Mesh
from smartscope.microscope.simulator.specimen.spec import SpecimenSpec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    SquareLabel,
    SquareNumbers,
)

SAMPLES = 64
PARTIAL_BELOW = 0.70
CRACKED_FROM = 0.005
BROKEN_FROM = 0.25
EMPTY_FROM = 0.90
CONTAMINATED_FROM = 0.06
OPAQUE_TRANSMISSION = 0.3
DRY_BELOW_NM = 5.0
SMALL_BELOW = 0.45
# An area counts as bright above 0.3 of vacuum on a carbon film, that is 0.326 of the clean film.
BRIGHT_OF_CLEAN_FILM = 0.326
USABLE_ICE_NM = (15.0, 100.0)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class SquareTraits:
    """What measuring needs to know of one square: index, half opening, damage code."""

    i: int
    j: int
    half_um: float
    damage: int


def measure_square(
    spec: SpecimenSpec, mesh: Mesh, film: Film, traits: SquareTraits, ice: Floats
) -> SquareNumbers:
    """The numbers behind a label, from a 64 x 64 sampling of the opening and from the `ice` (nm)
    at the centres of its visible holes.
    """
    u, v = _samples(mesh, traits)
    x, y = mesh.to_stage(u + traits.i * mesh.spec.pitch_um, v + traits.j * mesh.spec.pitch_um)
    gone = _missing(spec, traits, u, v)
    passes = np.where(gone, 1.0, _mean_transmission(spec, mesh, film, x, y))
    solid = mesh.solid_distance_um(x, y) > 0
    bright = (passes > BRIGHT_OF_CLEAN_FILM * _clean_transmission(film)) & ~solid
    quartiles = np.percentile(ice, [25, 50, 75]) if ice.size else np.zeros(3)
    usable = (ice >= USABLE_ICE_NM[0]) & (ice <= USABLE_ICE_NM[1])
    return SquareNumbers(
        visible_fraction=float(1.0 - solid.mean()),
        missing_foil_fraction=float(gone.mean()),
        contaminated_fraction=_opaque_dirt(spec, mesh, traits),
        bright_fraction=float(bright.mean()),
        median_hole_ice_nm=float(quartiles[1]),
        iqr_hole_ice_nm=float(quartiles[2] - quartiles[0]),
        holes=int(ice.size),
        usable_holes=int(usable.sum()),
        mean_transmission=float((passes * ~solid).mean()),
    )


def label_square(numbers: SquareNumbers) -> tuple[SquareLabel, str, bool]:
    """Label, sub-label ("" for none) and whether a good square is usable."""
    if numbers.visible_fraction < PARTIAL_BELOW:
        return SquareLabel.PARTIAL, "", False
    missing = numbers.missing_foil_fraction
    if missing >= CRACKED_FROM:
        sub = "empty" if missing > EMPTY_FROM else "broken" if missing > BROKEN_FROM else ""
        return SquareLabel.CRACKED, sub, False
    if numbers.contaminated_fraction > CONTAMINATED_FROM:
        return SquareLabel.CONTAMINATED, "", False
    if numbers.median_hole_ice_nm < DRY_BELOW_NM:
        return SquareLabel.DRY, "", False
    if numbers.bright_fraction < SMALL_BELOW:
        return SquareLabel.SMALL, "", False
    low, high = USABLE_ICE_NM
    return SquareLabel.GOOD, "", low <= numbers.median_hole_ice_nm <= high


def _samples(mesh: Mesh, traits: SquareTraits) -> tuple[Floats, Floats]:
    """Mesh offsets (µm) of the samples that lie inside the rounded opening."""
    line = ((np.arange(SAMPLES) + 0.5) / SAMPLES * 2 - 1) * traits.half_um
    u, v = (grid.ravel() for grid in np.meshgrid(line, line))
    radius = 2.0 * mesh.corner_fraction * traits.half_um
    corner = np.hypot(
        np.maximum(np.abs(u) - traits.half_um + radius, 0),
        np.maximum(np.abs(v) - traits.half_um + radius, 0),
    )
    inside = corner <= radius
    return u[inside], v[inside]


def _missing(spec: SpecimenSpec, traits: SquareTraits, u: Floats, v: Floats) -> NDArray[np.bool_]:
    tear = tear_of(spec.seed, traits.i, traits.j, traits.damage, traits.half_um)
    if tear is None:
        return np.zeros(u.shape, dtype=bool)
    missing: NDArray[np.bool_] = (
        tear_distance_um(tear, u.astype(np.float32), v.astype(np.float32))[0] > 0
    )
    return missing


def _mean_transmission(spec: SpecimenSpec, mesh: Mesh, film: Film, x: Floats, y: Floats) -> Floats:
    """Film and holes mixed by area, without dirt, at 300 kV."""
    ice, lengths = sheet_ice_nm(spec, mesh, x, y), attenuation()
    share = film.hole_fraction()
    foil = np.exp(-film.spec.foil_nm / lengths.foil_nm(gold=film.spec.gold))
    mixed: Floats = share * np.exp(-HOLE_CENTRE * ice / lengths.ice_nm)
    mixed += (1 - share) * foil * np.exp(-OVER_FILM * ice / lengths.ice_nm)
    return mixed


def _clean_transmission(film: Film) -> float:
    share, lengths = film.hole_fraction(), attenuation()
    return share + (1 - share) * float(
        np.exp(-film.spec.foil_nm / lengths.foil_nm(gold=film.spec.gold))
    )


def _opaque_dirt(spec: SpecimenSpec, mesh: Mesh, traits: SquareTraits) -> float:
    """Share of the opening under particles that pass less than 0.3, overlaps counted once on
    average.
    """
    pitch = mesh.spec.pitch_um
    x, y = (float(c) for c in mesh.to_stage(traits.i * pitch, traits.j * pitch))
    limit_nm = -attenuation().ice_nm * np.log(OPAQUE_TRANSMISSION)
    r_min = limit_nm / max(kind.ice_equivalent_nm_per_um for kind in DIRT)
    area = 0.0
    for dirt in dirt_in(spec, mesh, Box.around(x, y, 1.5 * traits.half_um), float(r_min)):
        u, v = mesh.to_mesh(dirt.x_um - x + mesh.origin_x_um, dirt.y_um - y + mesh.origin_y_um)
        counted = np.maximum(np.abs(u), np.abs(v)) < traits.half_um
        counted &= dirt.ice_equivalent_nm > limit_nm
        squeeze = 1.0 - dirt.ellipticity[counted]
        area += float(np.sum(np.pi * dirt.radius_um[counted] ** 2 * squeeze))
    return float(1.0 - np.exp(-area / (2 * traits.half_um) ** 2))

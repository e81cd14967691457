"""Where on a simulated grid an exposure of a wanted kind is likely to be found."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from smartscope.analysis.quality.classes import ExposureClass
from smartscope.microscope.simulator.specimen.spec import (
    FILMS,
    IceSpec,
    ParticleSpec,
    Preset,
    SpecimenSpec,
    preset_spec,
)
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Contaminant,
    Hole,
    HoleFault,
    Pose,
)
from smartscope.microscope.simulator.specimen.world import Specimen

_C = ExposureClass
#: molecules too small to be seen in one micrograph (globule60k) are left out
SPECIES = ("t20s", "shell24", "shell60", "rod")
FILM_NAMES = ("R1.2/1.3", "R2/1", "R2/2", "R0.6/1", "UltrAuFoil R1.2/1.3")
_SQUARES = 3
_REACH_UM = 12.0
#: ice of the places looked for, nm
_ICE_NM = {
    _C.THICK: (95.0, 300.0),
    _C.NO_ICE: (0.0, 5.0),
    _C.CRYSTALLINE: (10.0, 150.0),
    _C.CONTAMINATED: (0.0, 150.0),
    _C.FOIL: (5.0, 150.0),
}
_SOUND_NM = (14.0, 85.0)


def spec_for(wanted: ExposureClass, grid_id: str, random: np.random.Generator) -> SpecimenSpec:
    """A grid on which such exposures are common."""
    spec = preset_spec(Preset.GOOD, grid_id, film=str(random.choice(FILM_NAMES)))
    film = FILMS[spec.film.name]
    ice = IceSpec(
        mean_nm=float(random.uniform(110.0, 170.0) if wanted is _C.THICK else _ice(random)),
        empty_hole_probability=0.4 if wanted is _C.NO_ICE else 0.01,
        crystalline_hole_probability=0.067 if wanted is _C.CRYSTALLINE else 0.0,
    )
    absent = wanted is _C.NO_PARTICLES
    particle = ParticleSpec(
        species="none" if absent and random.uniform() < 0.7 else str(random.choice(SPECIES)),
        density_per_um2=float(random.uniform(10, 80) if absent else random.uniform(500, 3500)),
        junk_fraction=float(random.uniform(0.0, 0.2)),
    )
    return replace(
        spec,
        film=replace(film, foil_nm=film.foil_nm * float(random.uniform(0.75, 1.4))),
        ice=ice,
        particle=particle,
        contamination_density=8.0 if wanted is _C.CONTAMINATED else float(random.uniform(0.2, 2.0)),
    )


def place_for(
    wanted: ExposureClass, specimen: Specimen, random: np.random.Generator, field_um: float
) -> tuple[Pose, float] | None:
    """A pose for an exposure of about `field_um`, and the ice (nm) at the centre of its hole.

    None where the squares looked at hold no such place.
    """
    for x_um, y_um in _centres(specimen, random):
        holes = [
            hole
            for hole in specimen.holes(Box.around(x_um, y_um, _REACH_UM))
            if hole.visible and _fits(wanted, hole)
        ]
        if not holes:
            continue
        hole = holes[int(random.integers(len(holes)))]
        x, y = hole.stage_x_um, hole.stage_y_um
        if wanted is _C.CONTAMINATED:
            found = _dirt_in_holes(specimen, holes, Box.around(x_um, y_um, _REACH_UM))
            if not found:
                continue
            dirt, hole = found[int(random.integers(len(found)))]
            x, y = _beside(dirt.stage_x_um, dirt.stage_y_um, 0.8 * dirt.radius_um, random)
            return Pose(x_um=x, y_um=y, rotation_deg=_turn(random)), hole.ice_nm
        radius = hole.diameter_um / 2
        if wanted is _C.FOIL:
            x, y = _beside(x, y, radius + random.uniform(-0.3, 0.5) * field_um, random, share=1.0)
        else:
            x, y = _beside(x, y, max(radius - 0.8 * field_um, 0.0), random)
        return Pose(x_um=x, y_um=y, rotation_deg=_turn(random)), hole.ice_nm
    return None


def _dirt_in_holes(
    specimen: Specimen, holes: list[Hole], box: Box
) -> list[tuple[Contaminant, Hole]]:
    """Dirt of some size and the hole that it lies in."""
    return [
        (dirt, hole)
        for dirt in specimen.contaminants(box, 0.04)
        for hole in holes
        if math.hypot(dirt.stage_x_um - hole.stage_x_um, dirt.stage_y_um - hole.stage_y_um)
        < hole.diameter_um / 2
    ]


def _ice(random: np.random.Generator) -> float:
    return float(np.exp(random.uniform(np.log(18.0), np.log(70.0))))


def _fits(wanted: ExposureClass, hole: Hole) -> bool:
    low, high = _ICE_NM.get(wanted, _SOUND_NM)
    crystalline = hole.fault is HoleFault.CRYSTALLINE
    return low <= hole.ice_nm <= high and crystalline == (wanted is _C.CRYSTALLINE)


def _centres(specimen: Specimen, random: np.random.Generator) -> Iterator[tuple[float, float]]:
    pitch = specimen.mesh.spec.pitch_um
    for _ in range(_SQUARES):
        i, j = (int(n) for n in random.integers(-5, 6, 2))
        x, y = (float(c) for c in specimen.mesh.to_stage(i * pitch, j * pitch))
        yield x, y


def _beside(
    x_um: float,
    y_um: float,
    reach_um: float,
    random: np.random.Generator,
    *,
    share: float | None = None,
) -> tuple[float, float]:
    """A point up to `reach_um` away, or just so far where a `share` of it is given."""
    angle = float(random.uniform(0.0, 2.0 * math.pi))
    away = reach_um * (float(random.uniform()) ** 0.5 if share is None else share)
    return x_um + away * math.cos(angle), y_um + away * math.sin(angle)


def _turn(random: np.random.Generator) -> float:
    return float(random.uniform(0.0, 360.0))

"""Simulated micrographs of one grid with the true places of their particles.

Frames are moved back by their true motion to whole pixels and summed; movie alignment has its own
benchmark.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import K3, MINI, CameraProfile
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.values import (
    Level,
    NoiseKey,
    Recording,
    RecordSettings,
)
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM
from smartscope.microscope.simulator.specimen.spec import ParticleSpec
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.exposures.places import place_for, spec_for
from smartscope.training.specimens import generator, grid_id_of
from smartscope.training.split import Split, split_of

KIND = "micrographs"
NO_PARTICLES = "none"
SPECIES = (*sorted(DIAMETER_NM), NO_PARTICLES)
PICKING_CAMERA = replace(MINI, name="picking", width_px=2048, height_px=2048, mtf=K3.mtf)
#: particles of lower quality are broken: finding one is neither right nor wrong
WHOLE = 0.5
_DIRT_NM = 30.0
_FOIL_SHARE = 0.5
_FRAMES = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """From and to: what makes particles stand out, or not; drawn evenly, the dose once a grid."""

    dose_e_per_a2: tuple[float, float]
    defocus_um: tuple[float, float]


USUAL = Contrast(dose_e_per_a2=(30.0, 55.0), defocus_um=(0.8, 2.8))
#: a third of the dose, and close to focus, where a particle's outline has least contrast
FAINT = Contrast(dose_e_per_a2=(10.0, 20.0), defocus_um=(0.4, 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Micrograph:
    """An aligned sum and its truth.

    `centres_px` (n, 2) x, y of whole particles, also of some beyond the edge; `broken_px` (m, 2) of
    broken ones; `dirty` (height, width) is True under dirt or foil. `diameter_angstrom` is the
    phantom's, None on a grid without particles.
    """

    grid_id: str
    species: str
    diameter_angstrom: float | None
    total: FloatImage
    pixel_size_angstrom: float
    centres_px: FloatArray
    broken_px: FloatArray
    dirty: BoolArray
    ice_nm: float
    dose_e_per_a2: float


def grid_numbers(seed: int, split: Split, species: str, count: int) -> list[int]:
    """The first `count` numbers of grids of one part that carry this species."""
    numbers = (n * len(SPECIES) + SPECIES.index(species) for n in range(100 * count + 100))
    fitting = (n for n in numbers if split_of(grid_id_of(KIND, seed, n)) is split)
    return [next(fitting) for _ in range(count)]


def micrographs_of(
    seed: int,
    number: int,
    count: int,
    *,
    camera: CameraProfile = PICKING_CAMERA,
    contrast: Contrast = USUAL,
) -> Iterator[Micrograph]:
    """At most `count` micrographs of grid `number`, all by one microscope at different defocus.

    Fewer where the grid has no holes with sound ice; one seed gives the same bytes.
    """
    grid_id, random = grid_id_of(KIND, seed, number), generator(KIND, seed, number)
    species = SPECIES[number % len(SPECIES)]
    spec = spec_for(ExposureClass.GOOD, grid_id, random)
    spec = replace(
        spec,
        particle=ParticleSpec(
            species=species,
            density_per_um2=_density(species, random),
            junk_fraction=float(random.uniform(0.0, 0.1)),
        ),
    )
    specimen, settings = Specimen(spec), _settings(random, contrast)
    field_um = min(camera.shape) * settings.pixel_size_angstrom * 1e-4
    for index in range(count):
        found = place_for(ExposureClass.GOOD, specimen, random, field_um)
        defocus_um = float(random.uniform(*contrast.defocus_um))
        if found is None:
            continue
        pose, ice_nm = found
        shot = replace(settings, defocus_um=defocus_um)
        recording = _film(specimen, pose, shot, camera, index)
        yield _micrograph(grid_id, species, recording, shot, ice_nm)


def _density(species: str, random: np.random.Generator) -> float:
    """Per µm²; as many as lie apart from one another, from sparse to crowded."""
    if species == NO_PARTICLES:
        return 0.0
    own_area_um2 = math.pi * (DIAMETER_NM[species] * 1e-3) ** 2 / 4.0
    return float(random.uniform(0.05, 0.3)) / own_area_um2


def _settings(random: np.random.Generator, contrast: Contrast) -> RecordSettings:
    return RecordSettings(
        pixel_size_angstrom=float(random.uniform(0.9, 1.65)),
        dose_e_per_a2=float(random.uniform(*contrast.dose_e_per_a2)),
        frames=_FRAMES,
        exposure_s=_FRAMES / 2.0,
        astigmatism_angstrom=float(random.uniform(0.0, 400.0)),
        astigmatism_angle_deg=float(random.uniform(0.0, 180.0)),
        voltage_kv=float(random.choice([200.0, 300.0])),
        slit_in=bool(random.uniform() < 0.5),
    )


def _film(
    specimen: Specimen, pose: Pose, settings: RecordSettings, camera: CameraProfile, repeat: int
) -> Recording:
    key = NoiseKey(
        seed=specimen.seed,
        level=Level.RECORD,
        stage_x_nm=round(pose.x_um * 1e3),
        stage_y_nm=round(pose.y_um * 1e3),
        repeat=repeat,
    )
    return record_movie(specimen, pose, Camera(camera, seed=1), settings, key)


def _micrograph(
    grid_id: str, species: str, recording: Recording, settings: RecordSettings, ice_nm: float
) -> Micrograph:
    movie, truth = recording.movie, recording.truth
    total = np.zeros(movie.frames.shape[1:], dtype=np.float32)
    middle = truth.shifts_px.mean(axis=0)
    back = np.rint(truth.shifts_px - middle).astype(int)
    for frame, (x, y) in zip(movie.frames, back, strict=True):
        total += np.roll(frame * movie.gain_reference, (-y, -x), axis=(0, 1)).astype(np.float32)
    local = truth.local_px.mean(axis=(0, 1, 2))
    places = truth.particle_px + middle + local
    whole: NDArray[np.bool_] = np.array(
        [particle.quality >= WHOLE for particle in truth.particles], dtype=np.bool_
    )
    diameter = None if species == NO_PARTICLES else 10.0 * DIAMETER_NM[species]
    return Micrograph(
        grid_id,
        species,
        diameter,
        total,
        settings.pixel_size_angstrom,
        places[whole],
        places[~whole],
        (truth.dirt_nm > _DIRT_NM) | (truth.foil > _FOIL_SHARE),
        ice_nm,
        settings.dose_e_per_a2,
    )

"""Simulated micrographs whose particles are known, with junk planted among them.

Junk is of two kinds: empty ice that a picker might take for a particle, and ice dots, where counts
are thinned under a round spot, so that their noise stays what a camera would give.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from benchmarks.movie_films import Floats, Image, film, good_holes, placed
from smartscope.analysis.ctf.optics import Defocus
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import K3, MINI
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM
from smartscope.microscope.simulator.specimen.spec import ParticleSpec, Preset, preset_spec
from smartscope.microscope.simulator.specimen.world import Specimen

PIXEL_ANGSTROM = 1.9
#: particles of lower quality are broken
WHOLE = 0.5
DENSITY_PER_UM2 = 2500.0
#: an ice dot passes this share of the beam in its middle, and has this radius in Å
DOT_PASSES, DOT_RADIUS_ANGSTROM = (0.80, 0.93), (35.0, 80.0)
#: pickers miss the middle by this share of a diameter
PLACE_ERROR = 0.04


@dataclass(frozen=True, slots=True, eq=False)
class Micrograph:
    """`total` (height, width) with `places_px` (n, 2), x and y, of which `true` (n,) are particles.

    `turns` (n, 3, 3) takes a phantom's axes to the picture's where `true`.
    """

    total: Image
    places_px: Floats
    true: NDArray[np.bool_]
    turns: Floats
    defocus: Defocus


def micrographs(
    species: str, count: int, *, dots: int, empty: int, seed: int
) -> Iterator[Micrograph]:
    """`count` summed movies with about so many ice dots and empty places planted in each."""
    spec = replace(
        preset_spec(Preset.GOOD, f"particles-{species}-{seed}"),
        particle=ParticleSpec(species=species, density_per_um2=DENSITY_PER_UM2, junk_fraction=0.0),
        contamination_density=0.2,
    )
    specimen = Specimen(spec)
    camera = Camera(replace(MINI, mtf=K3.mtf), seed=1)
    for number, pose in enumerate(good_holes(specimen, count)):
        random = np.random.default_rng([seed, number])
        settings = RecordSettings(
            pixel_size_angstrom=PIXEL_ANGSTROM,
            frames=5,
            dose_e_per_a2=40.0,
            defocus_um=float(random.uniform(1.2, 2.5)),
        )
        yield _planted(film(camera.profile, pose, specimen, settings), species, dots, empty, random)


def _planted(
    recording: Recording, species: str, dots: int, empty: int, random: np.random.Generator
) -> Micrograph:
    movie, truth = recording.movie, recording.truth
    shifts = truth.shifts_px - truth.shifts_px.mean(axis=0)
    frames = movie.frames.astype(np.int64)
    places = truth.particle_px + truth.shifts_px.mean(axis=0)
    local = truth.local_px.mean(axis=(0, 1, 2))
    free = _free_places(places, frames.shape[1:], 1.2 * DIAMETER_NM[species] * 10.0, random)
    spots = free[:dots]
    thinned = _thinned(frames, spots, random)
    total = sum(
        (
            placed(np.asarray(frame * movie.gain_reference, dtype=np.float32), -shift)
            for frame, shift in zip(thinned, shifts, strict=True)
        ),
        np.zeros(frames.shape[1:], dtype=np.float32),
    )
    whole = np.array([particle.quality >= WHOLE for particle in truth.particles], dtype=bool)
    turns = _matrices(np.array([p.quaternion for p in truth.particles]).reshape(-1, 4)[whole])
    junk = free[: dots + empty]
    every = np.concatenate([places[whole] + local, junk])
    error = PLACE_ERROR * DIAMETER_NM[species] * 10.0 / PIXEL_ANGSTROM
    every = every + random.normal(0.0, error, every.shape)
    true = np.arange(len(every)) < int(whole.sum())
    ctf = truth.ctf
    return Micrograph(
        total,
        every,
        true,
        np.concatenate([turns, np.tile(np.eye(3), (len(junk), 1, 1))]),
        Defocus.of_axes(ctf.defocus_u_angstrom, ctf.defocus_v_angstrom, ctf.astigmatism_angle_deg),
    )


def _thinned(
    frames: NDArray[np.int64], spots: Floats, random: np.random.Generator
) -> NDArray[np.int64]:
    passes = np.ones(frames.shape[1:])
    y, x = np.mgrid[: frames.shape[1], : frames.shape[2]]
    for spot_x, spot_y in spots:
        radius = random.uniform(*DOT_RADIUS_ANGSTROM) / PIXEL_ANGSTROM
        depth = 1.0 - random.uniform(*DOT_PASSES)
        passes -= depth * np.exp(-((x - spot_x) ** 2 + (y - spot_y) ** 2) / (2 * (radius / 2) ** 2))
    return np.asarray(random.binomial(frames, np.clip(passes, 0.0, 1.0)))


def _free_places(
    places: Floats, shape: tuple[int, ...], least_angstrom: float, random: np.random.Generator
) -> Floats:
    """Places at least so far from every particle and from each other."""
    least = least_angstrom / PIXEL_ANGSTROM
    tree = cKDTree(places)
    found: list[Floats] = []
    for _ in range(4000):
        place = random.uniform(least, np.array(shape[::-1]) - least)
        near = tree.query(place)[0] < least
        if not near and all(np.hypot(*(place - other)) >= least for other in found):
            found.append(place)
    return np.array(found).reshape(-1, 2)


def _matrices(quaternions: Floats) -> Floats:
    if not len(quaternions):
        return np.empty((0, 3, 3))
    return np.asarray(Rotation.from_quat(quaternions[:, [1, 2, 3, 0]]).as_matrix())

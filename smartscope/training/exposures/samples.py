"""Simulated exposures with their truth, summed and fitted: what names are learnt from."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.ctf.estimate import Source, fit_ctf, tile_angstrom
from smartscope.analysis.ctf.ice_thickness import thickness_by_rings
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import SpectrumGatherer
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import K3, MINI, CameraProfile
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.values import (
    Level,
    NoiseKey,
    Recording,
    RecordSettings,
)
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.exposures.places import place_for, spec_for
from smartscope.training.exposures.truth import ExposureTruth, class_of, truth_of
from smartscope.training.specimens import generator, grid_id_of
from smartscope.training.split import Split, split_of

KIND = "exposure"
#: ice is seen in the square's image with this relative error and this one in nm, not in all
SEEN_ICE_ERROR = 0.12
SEEN_ICE_ERROR_NM = 3.0
SEEN_ICE_SHARE = 0.75
MTF = K3.mtf
ALIGNER_ERROR_ANGSTROM = 0.3
#: smaller than any camera, and much faster
TRAINING_CAMERA = replace(MINI, name="training", width_px=768, height_px=768)


@dataclass(frozen=True, slots=True, eq=False)
class ExposureSample:
    """One exposure: the aligned sum, what else is known of it, and what it really is.

    `dirty` (height, width) is True under dirt or foil.
    """

    grid_id: str
    total: FloatImage
    pixel_size_angstrom: float
    context: Context
    truth: ExposureTruth
    dirty: NDArray[np.bool_]

    @property
    def label(self) -> ExposureClass:
        """By its truth."""
        return class_of(self.truth)


def sample(
    seed: int, number: int, split: Split, *, camera: CameraProfile = TRAINING_CAMERA
) -> ExposureSample | None:
    """Sample `number`, of a class drawn in turn; None when its grid belongs to another part, or
    has no such place.
    """
    grid_id = grid_id_of(KIND, seed, number)
    if split_of(grid_id) is not split:
        return None
    wanted = CLASSES[number % len(CLASSES)]
    random = generator(KIND, seed, number)
    specimen = Specimen(spec_for(wanted, grid_id, random))
    settings = _settings(wanted, random)
    field_um = min(camera.shape) * settings.pixel_size_angstrom * 1e-4
    found = place_for(wanted, specimen, random, field_um)
    if found is None:
        return None
    pose, hole_ice_nm = found
    recording = film(specimen, pose, settings, replace(camera, mtf=MTF))
    seen = float(random.normal(hole_ice_nm, SEEN_ICE_ERROR * hole_ice_nm + SEEN_ICE_ERROR_NM))
    known = random.uniform() < SEEN_ICE_SHARE
    total, context = measured(recording, settings, max(seen, 0.0) if known else None, random)
    return ExposureSample(
        grid_id,
        total,
        settings.pixel_size_angstrom,
        context,
        truth_of(recording),
        (recording.truth.dirt_nm > 30.0) | (recording.truth.foil > 0.5),
    )


def film(
    specimen: Specimen, pose: Pose, settings: RecordSettings, camera: CameraProfile
) -> Recording:
    """One simulated movie."""
    key = NoiseKey(
        seed=specimen.seed,
        level=Level.RECORD,
        stage_x_nm=round(pose.x_um * 1e3),
        stage_y_nm=round(pose.y_um * 1e3),
    )
    return record_movie(specimen, pose, Camera(camera, seed=1), settings, key)


def measured(
    recording: Recording,
    settings: RecordSettings,
    seen_ice_nm: float | None,
    random: np.random.Generator,
) -> tuple[FloatImage, Context]:
    """The aligned sum, and drift, CTF and ice nearly as a session knows them.

    Frames are moved back by their true motion with an aligner's error, to whole pixels: an aligner
    would take ten times as long. `benchmarks.quality` runs the real one.
    """
    movie, pixel = recording.movie, settings.pixel_size_angstrom
    error = random.normal(0.0, ALIGNER_ERROR_ANGSTROM, recording.truth.shifts_px.shape)
    shifts = recording.truth.shifts_px * pixel + error
    optics = Optics(voltage_kv=settings.voltage_kv)
    tile = tile_angstrom(optics, 1e4 * settings.defocus_um)
    gatherer = SpectrumGatherer(pixel_size_angstrom=pixel, tile_angstrom=tile)
    total = np.zeros(movie.frames.shape[1:], dtype=np.float32)
    for frame, (x, y) in zip(movie.frames, np.rint(shifts / pixel).astype(int), strict=True):
        back = np.roll(frame * movie.gain_reference, (-y, -x), axis=(0, 1)).astype(np.float32)
        gatherer.add(back)
        total += back
    spectrum = gatherer.spectrum()
    fit = fit_ctf({Source.GROUPS: spectrum}, optics=optics, limits=None).fit
    ice = None if fit is None else thickness_by_rings(spectrum, fit, optics)
    return total, Context.of(
        fit=fit, ice=ice, shifts_angstrom=shifts - shifts.mean(axis=0), seen_ice_nm=seen_ice_nm
    )


def _settings(wanted: ExposureClass, random: np.random.Generator) -> RecordSettings:
    blurred = wanted is ExposureClass.BLURRED
    speed = float(random.uniform(7.0, 50.0) if blurred else 3.0 * random.uniform() ** 2)
    angle = float(random.uniform(0.0, 2.0 * math.pi))
    frames = int(random.integers(6, 11))
    return RecordSettings(
        pixel_size_angstrom=float(random.uniform(0.9, 1.65)),
        dose_e_per_a2=float(random.uniform(30.0, 55.0)),
        frames=frames,
        exposure_s=frames / 2.0,
        defocus_um=float(random.uniform(0.7, 2.8)),
        astigmatism_angstrom=float(random.uniform(0.0, 400.0)),
        astigmatism_angle_deg=float(random.uniform(0.0, 180.0)),
        voltage_kv=float(random.choice([200.0, 300.0])),
        slit_in=bool(random.uniform() < 0.5),
        drift_angstrom_per_s=(speed * math.cos(angle), speed * math.sin(angle)),
    )

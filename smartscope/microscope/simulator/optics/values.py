"""Frozen values of the imaging side: levels, conditions, noise keys, images, movies and their
truth.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.values import Particle


class Level(IntEnum):
    """The rungs of the imaging ladder; the number is part of the noise key."""

    ATLAS = 1
    SQUARE = 2
    HOLE = 3
    FOCUS = 4
    RECORD = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseKey:
    """What acquisition noise depends on: never the order of calls or the time.

    Positions are the *commanded* ones in whole nanometres; `repeat` counts earlier exposures with
    the same other fields, so that repeats are independent and a replay is bit-equal.
    """

    seed: int
    level: Level
    stage_x_nm: int
    stage_y_nm: int
    shift_x_nm: int = 0
    shift_y_nm: int = 0
    repeat: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExposureConditions:
    """How an image (not a movie) is taken. Defocus in µm, underfocus positive.

    `beam_radius_um` 0 means wider than the field; the beam's centre is given from the image centre.
    `intensity` scales the illumination (drift of the source, 0 for a closed valve).
    """

    level: Level
    dose_e_per_a2: float
    defocus_um: float = 0.0
    voltage_kv: float = 300.0
    slit_in: bool = False
    beam_radius_um: float = 0.0
    beam_offset_x_um: float = 0.0
    beam_offset_y_um: float = 0.0
    intensity: float = 1.0
    exposure_s: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """A gain-corrected image as the camera saves it: uint16 counts, (height, width)."""

    counts: NDArray[np.uint16]
    pixel_size_um: float
    counts_per_electron: float
    image_to_stage: Affine
    dose_e_per_a2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordSettings:
    """How a movie is taken. Defocus in µm, underfocus positive; astigmatism is u - v in Å.

    `drift_angstrom_per_s` is the stage's (x, y) velocity; `pixel_size_angstrom` at the specimen.
    Defocus is the middle's: with `tilt_deg` it grows down the image by the tilt's tangent.
    """

    pixel_size_angstrom: float = 1.0
    dose_e_per_a2: float = 50.0
    frames: int = 8
    exposure_s: float = 4.0
    defocus_um: float = 1.5
    astigmatism_angstrom: float = 200.0
    astigmatism_angle_deg: float = 30.0
    voltage_kv: float = 300.0
    spherical_aberration_mm: float = 2.7
    amplitude_contrast: float = 0.07
    phase_plate_deg: float = 0.0
    coma_mrad: float = 0.0
    coma_angle_deg: float = 0.0
    b_factor_a2: float = 60.0
    slit_in: bool = True
    drift_angstrom_per_s: tuple[float, float] = (0.0, 0.0)
    intensity: float = 1.0
    tilt_deg: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Movie:
    """Raw frames as a counting camera writes them: gain-unnormalised electrons per pixel.

    `frames` is (frames, height, width) uint8, or uint16 where 255 would not hold them.
    Multiply a frame by `gain_reference` (height, width; float32) to flatten it.
    """

    frames: NDArray[np.uint8] | NDArray[np.uint16]
    gain_reference: NDArray[np.float32]
    defects: NDArray[np.bool_]
    pixel_size_angstrom: float
    frame_dose_e_per_a2: float
    exposure_s: float
    image_to_stage: Affine


@dataclass(frozen=True, slots=True, kw_only=True)
class CtfTruth:
    """The contrast transfer that was applied. Å, degrees; defocus_u >= defocus_v."""

    defocus_u_angstrom: float
    defocus_v_angstrom: float
    astigmatism_angle_deg: float
    phase_shift_deg: float
    voltage_kv: float
    spherical_aberration_mm: float
    amplitude_contrast: float
    b_factor_a2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTruth:
    """What a movie really shows; for truth sinks, tests and benchmarks, never for a driver to
    return.

    `shifts_px` (frames, 2) is the global motion (x, y) at mid-frame, in pixels: a feature at p in
    the specimen appears at p + shift. `local_px` (frames, 16, 16, 2) adds the local part on a grid
    over the field. `noise_free` is the mean of all frames without shot noise or motion, in
    electrons per pixel and frame. `particle_px` (n, 2) are image positions before motion.
    `dirt_nm` is contamination as thickness of ice, `crystalline` where ice has crystallised (0-1).
    """

    ctf: CtfTruth
    shifts_px: NDArray[np.float64]
    local_px: NDArray[np.float64]
    particles: tuple[Particle, ...]
    particle_px: NDArray[np.float64]
    noise_free: NDArray[np.float32]
    ice_nm: NDArray[np.float32]
    foil: NDArray[np.float32]
    dirt_nm: NDArray[np.float32]
    crystalline: NDArray[np.float32]
    gain: NDArray[np.float32]
    mean_ice_nm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A movie and, apart from it, its truth."""

    movie: Movie
    truth: RecordTruth

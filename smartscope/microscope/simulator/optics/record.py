"""Records a movie: noise-free bases, moving ice, motion, then one shot-noise draw per frame and
pixel.

No Ewald curvature and no multislice: right for ice below about 100 nm and beyond about 2.5 Å.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.optics.camera import Camera, shot_key
from smartscope.microscope.simulator.optics.crystalline import crystalline_ice, field_box
from smartscope.microscope.simulator.optics.ctf import ctf_of
from smartscope.microscope.simulator.optics.electron import wavelength_angstrom
from smartscope.microscope.simulator.optics.motion import GRID, Motion, specimen_motion
from smartscope.microscope.simulator.optics.moving_ice import moving_frames
from smartscope.microscope.simulator.optics.resampling import BLOCK, moved
from smartscope.microscope.simulator.optics.shot_noise import poisson_counts
from smartscope.microscope.simulator.optics.specimen_bases import (
    COARSE,
    Bases,
    specimen_bases,
)
from smartscope.microscope.simulator.optics.values import (
    Movie,
    NoiseKey,
    Recording,
    RecordSettings,
    RecordTruth,
)
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.hashing import Channel
from smartscope.microscope.simulator.specimen.values import Box, Particle, PastExposure, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

BLUR_ABOVE_PX = 0.5
MOST_BLUR_STEPS = 3
RESOLUTION_FOR_MARGIN_A = 4.0

Floats = NDArray[np.float64]
FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Field:
    """The frame within its padded field: shapes, margin, and both pixel-to-stage maps."""

    shape: tuple[int, int]
    padded: tuple[int, int]
    margin: tuple[int, int]
    frame_affine: Affine
    padded_affine: Affine


def record_movie(
    specimen: Specimen,
    pose: Pose,
    camera: Camera,
    settings: RecordSettings,
    noise: NoiseKey,
    *,
    earlier: Sequence[PastExposure] = (),
    hours_in_column: float = 0.0,
) -> Recording:
    """A movie centred on the true `pose`, and its truth; `noise` comes from the commanded pose."""
    motion = specimen_motion(
        settings, shot_key(noise, Channel.MOTION), gold=specimen.spec.film.gold
    )
    field = _field(pose, camera.profile.shape, settings, motion)
    box = Box.of_image(field.padded_affine, field.padded)
    particles = tuple(specimen.particles(box))
    coarse_shape = (field.padded[0] // COARSE + 4, field.padded[1] // COARSE + 4)
    coarse = specimen.render(
        pose,
        coarse_shape,
        settings.pixel_size_angstrom * 1e-4 * COARSE,
        attenuation=attenuation(settings.voltage_kv, slit_in=settings.slit_in),
        earlier=earlier,
        hours_in_column=hours_in_column,
    )
    about = field_box(field.padded_affine, field.padded)
    crystals = crystalline_ice(
        specimen.holes(about),
        specimen.contaminants(about.grown(8.0), 0.5),
        field.padded_affine,
        field.padded,
        specimen.seed,
    )
    bases = specimen_bases(
        coarse,
        field.padded_affine,
        field.padded,
        particles,
        settings,
        camera.profile,
        _dose_before(pose, earlier),
        crystals,
    )
    rate = settings.dose_e_per_a2 / settings.frames * settings.pixel_size_angstrom**2
    rate *= camera.profile.dqe0 * settings.intensity
    frames = _frames(bases, field, motion, camera, settings, noise, rate)
    movie = Movie(
        frames=frames,
        gain_reference=camera.detector.gain_reference,
        defects=camera.detector.defects,
        pixel_size_angstrom=settings.pixel_size_angstrom,
        frame_dose_e_per_a2=settings.dose_e_per_a2 / settings.frames,
        exposure_s=settings.exposure_s,
        image_to_stage=field.frame_affine,
    )
    truth = _truth(bases, field, motion, camera, settings, particles, rate)
    if crystals is not None:
        truth = replace(truth, crystalline=crystals.coverage[_window(field)])
    return Recording(movie=movie, truth=truth)


def _field(pose: Pose, shape: tuple[int, int], settings: RecordSettings, motion: Motion) -> _Field:
    """Pads by 32 px and by delocalisation at 4 Å, the largest particle's radius and the motion."""
    spread = wavelength_angstrom(settings.voltage_kv) * abs(settings.defocus_um) * 1e4
    reach = spread / RESOLUTION_FOR_MARGIN_A + 80.0 + float(np.abs(motion.whole).max()) + 10.0
    margin = BLOCK + 4 + math.ceil(reach / settings.pixel_size_angstrom)
    sides = [2 * int(fft.next_fast_len((n + 2 * margin + 1) // 2, real=True)) for n in shape]
    padded = (sides[0], sides[1])
    pixel_um = settings.pixel_size_angstrom * 1e-4
    return _Field(
        shape,
        padded,
        ((padded[0] - shape[0]) // 2, (padded[1] - shape[1]) // 2),
        pose.image_to_stage(shape, pixel_um),
        pose.image_to_stage(padded, pixel_um),
    )


def _window(field: _Field) -> tuple[slice, slice]:
    """The frame within the padded field."""
    top, left = field.margin
    return slice(top, top + field.shape[0]), slice(left, left + field.shape[1])


def _dose_before(pose: Pose, earlier: Sequence[PastExposure]) -> float:
    """Dose that earlier exposures left at the image's centre, e/Å²."""
    return sum(
        exposure.dose_e_per_a2
        for exposure in earlier
        if math.hypot(exposure.stage_x_um - pose.x_um, exposure.stage_y_um - pose.y_um)
        <= exposure.radius_um
    )


def _frames(
    bases: Bases,
    field: _Field,
    motion: Motion,
    camera: Camera,
    settings: RecordSettings,
    noise: NoiseKey,
    rate: float,
) -> NDArray[np.uint8] | NDArray[np.uint16]:
    window = _window(field)
    transmission, ice = bases.transmission[window], bases.vitreous_nm[window]
    level = not float(np.ptp(ice)) > 0.2 * float(ice.mean())
    root = np.float32(math.sqrt(10.0 * float(ice.mean()))) if level else np.sqrt(10 * ice)
    dynamic = moving_frames(
        field.shape,
        camera.profile,
        settings,
        noise,
        root_thickness=root,
    )
    lit = transmission * camera.detector.gain * np.float32(rate)
    limit = 255 if rate * 1.6 < 200 else 65535
    frames = np.empty(
        (settings.frames, *field.shape), dtype=np.uint8 if limit == 255 else np.uint16
    )
    for n, moving in enumerate(dynamic):
        contrast = _moved_frame(bases, field, motion, settings, n)
        contrast += moving
        contrast *= np.float32(2)
        contrast += np.float32(1)
        np.maximum(contrast, np.float32(0), out=contrast)
        contrast *= lit
        counts = poisson_counts(contrast, shot_key(noise, Channel.SHOT, n))
        camera.detector.blemish(counts, exposure_share=1.0 / settings.frames)
        frames[n] = np.minimum(counts, limit)
    return frames


def _moved_frame(
    bases: Bases, field: _Field, motion: Motion, settings: RecordSettings, n: int
) -> FloatImage:
    """The n-th frame's contrast where motion has taken it, blurred when it moves much meanwhile."""
    combined = bases.images[0].copy()
    for image, weight in zip(bases.images[1:], bases.coefficients[n, 1:], strict=True):
        combined += np.float32(weight) * image
    pixel = settings.pixel_size_angstrom
    local = _block_local(field, motion)[n] / pixel
    travelled = motion.within[n] / pixel
    steps = min(MOST_BLUR_STEPS, 1 + int(np.hypot(*travelled) / BLUR_ABOVE_PX))
    total = np.zeros(field.shape, dtype=np.float32)
    for step in range(steps):
        share = (step + 0.5) / steps - 0.5
        shift = motion.whole[n] / pixel + share * travelled
        total += moved(combined, field.margin, field.shape, local + shift)
    return total if steps == 1 else total / np.float32(steps)


def _block_local(field: _Field, motion: Motion) -> Floats:
    """(frames, block rows, block columns, 2) local motion in Å at block centres."""
    axes = [
        ((np.arange(-(-side // BLOCK)) + 0.5) * BLOCK - side / 2) / (side / 2)
        for side in field.shape
    ]
    y, x = np.meshgrid(axes[0], axes[1], indexing="ij")
    return motion.local_at(x, y)


def _truth(
    bases: Bases,
    field: _Field,
    motion: Motion,
    camera: Camera,
    settings: RecordSettings,
    particles: tuple[Particle, ...],
    rate: float,
) -> RecordTruth:
    window = _window(field)
    line = (np.arange(GRID) + 0.5) / GRID * 2 - 1
    x, y = np.meshgrid(line, line)
    places = [field.frame_affine.to_pixel(Point(p.stage_x_um, p.stage_y_um)) for p in particles]
    return RecordTruth(
        ctf=ctf_of(settings),
        shifts_px=motion.whole / settings.pixel_size_angstrom,
        local_px=motion.local_at(x, y) / settings.pixel_size_angstrom,
        particles=particles,
        particle_px=np.array(places).reshape(-1, 2),
        noise_free=np.float32(rate)
        * bases.transmission[window]
        * (1 + 2 * bases.images[0][window]),
        ice_nm=bases.ice_nm[window],
        foil=bases.foil[window],
        dirt_nm=bases.dirt_nm[window],
        crystalline=np.zeros(field.shape, dtype=np.float32),
        gain=camera.detector.gain,
        mean_ice_nm=float(bases.ice_nm[window].mean()),
    )

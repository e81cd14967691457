"""A tilt series of molecules in a slab of ice, with everything that blurs one: shifts, a turned
axis, fading, defocus by height, ice that thickens with tilt, and few electrons.

The tilt turns about the y axis, u = x cos α + z sin α; then the picture is turned by the axis's
angle and moved. Ice of different tilts is independent (assumed: the beam passes other water), the
frames of one tilt do not move, and each tilt's dose is split in two independent halves.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft
from scipy.spatial.transform import Rotation

from smartscope.microscope.simulator.optics.ctf import (
    Frequencies,
    contrast_transfer,
    ctf_of,
)
from smartscope.microscope.simulator.optics.profiles import K3_MTF, MINI
from smartscope.microscope.simulator.optics.radiation import surviving_amplitude
from smartscope.microscope.simulator.optics.scattering import (
    ice_power,
    residue_phase,
    solute_power,
)
from smartscope.microscope.simulator.optics.shot_noise import poisson_counts
from smartscope.microscope.simulator.optics.specimen_bases import Radial, transfer_table
from smartscope.microscope.simulator.optics.splatting import residue_image
from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.simulator.specimen.attenuation import attenuation
from smartscope.microscope.simulator.specimen.hashing import Channel, key, normal, white
from smartscope.microscope.simulator.specimen.slab import Slab
from smartscope.microscope.simulator.specimen.values import Particle

#: molecules whose heights differ by less share one defocus
HEIGHT_STEP_ANGSTROM = 300.0

Floats = NDArray[np.float64]
FloatImage = NDArray[np.float32]
Counts = NDArray[np.uint16]


@dataclass(frozen=True, slots=True, kw_only=True)
class TiltSettings:
    """How a series is taken, in the order taken; Å, degrees, e/Å² per tilt, defocus in µm.

    `shift_px` is the sd of the stage's error from tilt to tilt, which adds up.
    """

    angles_deg: tuple[float, ...]
    shape: tuple[int, int]
    pixel_size_angstrom: float = 10.0
    dose_e_per_a2: float = 3.0
    defocus_um: float = 3.0
    voltage_kv: float = 300.0
    axis_deg: float = 4.0
    shift_px: float = 2.0
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TiltSeries:
    """Counts (tilts, height, width) by rising angle, as sums of `even` and of `odd` frames.

    `dose_before_e_per_a2` (tilts,) is what the place had seen before each.
    """

    even: Counts
    odd: Counts
    angles_deg: Floats
    dose_before_e_per_a2: Floats
    dose_e_per_a2: float
    pixel_size_angstrom: float

    @property
    def total(self) -> NDArray[np.float32]:
        """Both halves together."""
        return self.even.astype(np.float32) + self.odd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TiltTruth:
    """Where the slab's middle really lies, (tilts, 2) x, y in pixels from the pictures' middle."""

    shifts_px: Floats
    axis_deg: float
    slab: Slab


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TiltRecording:
    """A series and, apart from it, its truth."""

    series: TiltSeries
    truth: TiltTruth


def dose_symmetric(most_deg: float, step_deg: float) -> tuple[float, ...]:
    """0, +step, -step, -2 step, +2 step ...: the least tilted first (Hagen et al. 2017)."""
    angles = [0.0]
    for number in range(1, round(most_deg / step_deg) + 1):
        sign = 1.0 if number % 2 else -1.0
        angles += [sign * number * step_deg, -sign * number * step_deg]
    return tuple(angles)


def record_tilt_series(slab: Slab, settings: TiltSettings) -> TiltRecording:
    """The series of a slab and its truth; the same arguments give the same counts."""
    count = len(settings.angles_deg)
    numbers = np.arange(count)
    steps = np.stack(
        [normal(settings.seed, Channel.TILT_SHIFT, numbers, n) for n in range(2)], axis=-1
    )
    shifts = np.cumsum(settings.shift_px * steps, axis=0)
    halves = np.empty((2, count, *settings.shape), dtype=np.uint16)
    for number in range(count):
        mean = expected_counts(slab, settings, number, (shifts[number, 0], shifts[number, 1]))
        for half in range(2):
            noise = key(settings.seed, Channel.TILT_SHOT, number, half)
            halves[half, number] = poisson_counts(mean / np.float32(2.0), noise)
    order = np.argsort(settings.angles_deg, kind="stable")
    series = TiltSeries(
        even=halves[0, order],
        odd=halves[1, order],
        angles_deg=np.array(settings.angles_deg)[order],
        dose_before_e_per_a2=np.asarray(settings.dose_e_per_a2 * numbers[order]),
        dose_e_per_a2=settings.dose_e_per_a2,
        pixel_size_angstrom=settings.pixel_size_angstrom,
    )
    truth = TiltTruth(shifts_px=shifts[order], axis_deg=settings.axis_deg, slab=slab)
    return TiltRecording(series=series, truth=truth)


def expected_counts(
    slab: Slab, settings: TiltSettings, number: int, shift_px: tuple[float, float]
) -> FloatImage:
    """Mean electrons per pixel (height, width) of the picture taken as `number`."""
    angle = math.radians(settings.angles_deg[number])
    record = RecordSettings(
        pixel_size_angstrom=settings.pixel_size_angstrom,
        dose_e_per_a2=settings.dose_e_per_a2,
        defocus_um=settings.defocus_um,
        voltage_kv=settings.voltage_kv,
        astigmatism_angstrom=0.0,
    )
    frequencies = Frequencies.of(settings.shape, settings.pixel_size_angstrom)
    radial = Radial.on(frequencies)
    passed = radial.spread(transfer_table(radial.k, record, replace(MINI, mtf=K3_MTF)))
    dose = settings.dose_e_per_a2 * (number + 0.5)
    fading = surviving_amplitude(radial.k, np.array([dose]), settings.voltage_kv)[0]
    molecule = radial.spread(fading * residue_phase(radial.k, settings.voltage_kv))
    spectrum = np.zeros(frequencies.k.shape, dtype=np.complex64)
    for height, particles, places in _by_height(slab, settings, angle, shift_px):
        there = replace(record, defocus_um=settings.defocus_um - 1e-4 * height)
        residues = residue_image(particles, places, settings.shape, settings.pixel_size_angstrom)
        density = fft.rfft2(residues / np.float32(settings.pixel_size_angstrom**2))
        spectrum += density * molecule * contrast_transfer(ctf_of(there), frequencies)
    thickness_nm = 0.1 * slab.thickness_angstrom / math.cos(angle)
    ice = _ice(radial, settings, number, thickness_nm)
    spectrum += ice * contrast_transfer(ctf_of(record), frequencies)
    contrast = fft.irfft2(spectrum * passed, s=settings.shape)
    lit = settings.dose_e_per_a2 * settings.pixel_size_angstrom**2 * MINI.dqe0
    lit *= math.exp(-thickness_nm / attenuation(settings.voltage_kv, slit_in=True).ice_nm)
    return np.asarray(lit * np.maximum(1.0 + 2.0 * contrast, 0.0), dtype=np.float32)


def _ice(
    radial: Radial, settings: TiltSettings, number: int, thickness_nm: float
) -> NDArray[np.complex64]:
    """Spectrum of the phase of vitreous ice and buffer."""
    power = ice_power(radial.k, settings.voltage_kv) + solute_power(radial.k, settings.voltage_kv)
    noise = white(settings.shape, key(settings.seed, Channel.TILT_ICE, number))
    noise *= np.float32(math.sqrt(10.0 * thickness_nm) / settings.pixel_size_angstrom)
    spectrum: NDArray[np.complex64] = fft.rfft2(noise) * radial.spread(np.sqrt(power))
    return spectrum


def _by_height(
    slab: Slab, settings: TiltSettings, angle: float, shift_px: tuple[float, float]
) -> Iterator[tuple[float, Sequence[Particle], Floats]]:
    """Molecules of about one height (Å) as they lie in the picture, and where (n, 2), x, y."""
    tilt = Rotation.from_matrix(
        [
            [math.cos(angle), 0.0, math.sin(angle)],
            [0.0, 1.0, 0.0],
            [-math.sin(angle), 0.0, math.cos(angle)],
        ]
    )
    turn = Rotation.from_euler("z", settings.axis_deg, degrees=True) * tilt
    places = turn.apply(slab.places_angstrom)
    middle = 0.5 * (np.array(settings.shape[::-1]) - 1.0) + np.array(shift_px)
    in_picture = middle + places[:, :2] / settings.pixel_size_angstrom
    bins = np.rint(places[:, 2] / HEIGHT_STEP_ANGSTROM).astype(np.int64)
    orientations = (turn * Rotation.from_quat(slab.quaternions)).as_quat()
    for each in np.unique(bins):
        there = np.flatnonzero(bins == each)
        particles = [_particle(slab.species[n], orientations[n]) for n in there]
        yield each * HEIGHT_STEP_ANGSTROM, particles, in_picture[there]


def _particle(species: str, orientation: Floats) -> Particle:
    x, y, z, w = (float(part) for part in orientation)
    return Particle(
        id=(0, 0, 0),
        stage_x_um=0.0,
        stage_y_um=0.0,
        z_nm=0.0,
        quaternion=(w, x, y, z),
        species=species,
        conformer=0,
        quality=1.0,
    )

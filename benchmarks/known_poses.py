"""Volumes from simulated particles at their true places and directions, and the true volume."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy import fft
from scipy.spatial.transform import Rotation

from benchmarks.movie_films import Floats, Image
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.analysis.resolution.reconstruction import View
from smartscope.analysis.superresolution.noise import of_frequencies
from smartscope.microscope.simulator.optics.scattering import residue_phase
from smartscope.microscope.simulator.optics.values import Recording
from smartscope.microscope.simulator.specimen.phantoms import phantom

#: particles of lower quality are broken
WHOLE = 0.5


def views(
    image: Image,
    recording: Recording,
    *,
    box_px: int,
    copies: int,
    precision: Image | None = None,
) -> Iterator[View]:
    """Boxes round the whole particles of a fine image, each in `copies` directions of its group.

    `precision` is that of a finer image whose noise was made white by it.
    """
    pixel = recording.movie.pixel_size_angstrom
    ctf = transfer(recording, side=2 * box_px, pixel=pixel)
    if precision is not None:
        ctf = ctf * np.sqrt(of_frequencies(precision, (2 * box_px, 2 * box_px)))
    group = Rotation.create_group("O")[:copies]
    moved = recording.truth.shifts_px + recording.truth.local_px.mean(axis=(1, 2))
    places = recording.truth.particle_px + moved.mean(axis=0)
    half = box_px // 2
    for particle, (x, y) in zip(recording.truth.particles, places, strict=True):
        column, row = math.floor(x), math.floor(y)
        inside = half <= row < image.shape[0] - half and half <= column < image.shape[1] - half
        if not inside or particle.quality < WHOLE:
            continue
        box = image[row - half : row + half, column - half : column + half]
        centred = _placed(box - box.mean(), column - x, row - y)
        w, i, j, k = particle.quaternion
        turn = Rotation.from_quat([i, j, k, w])
        for copy in group:
            yield centred, (turn * copy).as_matrix(), ctf


def transfer(recording: Recording, *, side: int, pixel: float) -> Image:
    """What the microscope did to each coefficient of an `rfft2` of `side` pixels: -sin χ."""
    truth = recording.truth.ctf
    ky, kx = np.fft.fftfreq(side, pixel)[:, None], np.fft.rfftfreq(side, pixel)[None, :]
    angle = np.arctan2(ky, kx)
    optics = Optics(
        voltage_kv=truth.voltage_kv,
        spherical_aberration_mm=truth.spherical_aberration_mm,
        amplitude_contrast=truth.amplitude_contrast,
    )
    defocus = Defocus.of_axes(
        truth.defocus_u_angstrom,
        truth.defocus_v_angstrom,
        truth.astigmatism_angle_deg,
        math.radians(truth.phase_shift_deg),
    )
    phase = aberration_phase(optics, defocus, ky**2 + kx**2, np.cos(2 * angle), np.sin(2 * angle))
    return np.asarray(-np.sin(phase), dtype=np.float32)


def true_volume(species: str, *, box_px: int, pixel_angstrom: float, voltage_kv: float) -> Image:
    """The phantom's phase, (box, box, box) as z, y, x."""
    places = phantom(species).residues_angstrom / pixel_angstrom + box_px // 2
    volume = np.zeros((box_px,) * 3, dtype=np.float64)
    whole = np.floor(places).astype(np.int64)
    rest = places - whole
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod(np.where(np.array(corner) == 1, rest, 1.0 - rest), axis=1)
        x, y, z = (whole + np.array(corner)).T
        np.add.at(volume, (z, y, x), weight)
    k = _radius(box_px, pixel_angstrom)
    spectrum = fft.rfftn(volume) * residue_phase(k, voltage_kv)
    return np.asarray(fft.irfftn(spectrum, s=volume.shape), dtype=np.float32)


def _radius(side: int, pixel: float) -> Floats:
    axis, last = np.fft.fftfreq(side, pixel), np.fft.rfftfreq(side, pixel)
    found: Floats = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + last**2)
    return found


def _placed(image: Image, x: float, y: float) -> Image:
    phase = np.exp(-2j * np.pi * np.fft.fftfreq(image.shape[0]) * y)[:, None] * np.exp(
        -2j * np.pi * np.fft.rfftfreq(image.shape[1]) * x
    )
    return np.asarray(fft.irfft2(fft.rfft2(image) * phase, s=image.shape), dtype=np.float32)

"""Simulated movies as pairs of halves with independent noise: what the denoiser learns from.

No truth is used: a network that sees one half is asked for the other (Lehtinen et al. 2018,
Noise2Noise), as with real movies.
"""

from __future__ import annotations

import math
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatImage
from smartscope.analysis.denoising.background import background
from smartscope.analysis.denoising.members import Members, in_units_of_noise
from smartscope.analysis.io.fourier_crop import cut_spectrum, smooth_shape
from smartscope.analysis.quality.classes import ExposureClass
from smartscope.microscope.simulator.optics.profiles import FALCON4, K3, MINI
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.training.exposures.places import place_for, spec_for
from smartscope.training.exposures.samples import film
from smartscope.training.specimens import generator, grid_id_of
from smartscope.training.split import Split, split_of

KIND: Final = "denoising"
#: what is sought in turn: mostly what a session wants, and of the rest enough to know it
SOUGHT: Final = (
    *(6 * (ExposureClass.GOOD,)),
    ExposureClass.NO_PARTICLES,
    ExposureClass.THICK,
    ExposureClass.FOIL,
    ExposureClass.CONTAMINATED,
)
ALIGNER_ERROR_ANGSTROM: Final = 0.3
#: defects are mended before halves are made, so these cameras have none
CAMERA: Final = replace(MINI, name="denoising", width_px=1280, height_px=1280, hot_pixel_fraction=0)
#: pixels of a pair, Å: about those that the network will see
PIXELS_ANGSTROM: Final = (3.7, 4.6)


def sample(seed: int, number: int, split: Split) -> tuple[Members, ...]:
    """Pairs of movie `number`: of all its frames, and of its first few.

    None of a grid that belongs to another part, or has no such place.
    """
    found = recorded(seed, number, split)
    if found is None:
        return ()
    recording, random = found
    frames = len(recording.movie.frames)
    few = 2 * int(random.integers(1, frames // 4 + 1))
    coarse = float(random.uniform(*PIXELS_ANGSTROM))
    made = [
        halves(recording, random, frames=count, wanted_angstrom=coarse) for count in (frames, few)
    ]
    return tuple(members for members in made if members is not None)


def recorded(seed: int, number: int, split: Split) -> tuple[Recording, np.random.Generator] | None:
    """Movie `number` with its truth, and random numbers to go on with; None when its grid belongs
    to another part, or has no such place.
    """
    grid_id = grid_id_of(KIND, seed, number)
    if split_of(grid_id) is not split:
        return None
    random = generator(KIND, seed, number)
    wanted = SOUGHT[number % len(SOUGHT)]
    specimen = Specimen(spec_for(wanted, grid_id, random))
    settings = settings_of(random)
    field_um = min(CAMERA.shape) * settings.pixel_size_angstrom * 1e-4
    found = place_for(wanted, specimen, random, field_um)
    if found is None:
        return None
    mtf = (K3, FALCON4)[int(random.integers(2))].mtf
    return film(specimen, found[0], settings, replace(CAMERA, mtf=mtf)), random


def halves(
    recording: Recording,
    random: np.random.Generator,
    *,
    frames: int,
    wanted_angstrom: float,
) -> Members | None:
    """Even and odd of the first `frames`, moved back by their true motion with an aligner's error,
    in pixels of about `wanted_angstrom`.
    """
    movie, pixel = recording.movie, recording.movie.pixel_size_angstrom
    height, width = movie.frames.shape[1:]
    shape = smooth_shape((height, width), pixel / wanted_angstrom)
    local = recording.truth.local_px.mean(axis=(1, 2))
    error = random.normal(0.0, ALIGNER_ERROR_ANGSTROM / pixel, local.shape)
    shifts = recording.truth.shifts_px + local + error
    sums = np.zeros((2, shape[0], shape[1] // 2 + 1), dtype=np.complex64)
    for n in range(frames):
        frame = movie.frames[n] * movie.gain_reference
        cut = cut_spectrum(fft.rfft2(frame.astype(np.float32)), width, shape)
        sums[n % 2] += cut * _moved_back(shape, shifts[n], (height, width))
    scale = np.float32(shape[0] * shape[1] / (height * width))
    even, odd = (_without_shade(scale * fft.irfft2(s, s=shape), wanted_angstrom) for s in sums)
    return in_units_of_noise(even, odd)


def gather(folder: Path, seed: int, split: Split, numbers: int) -> Iterator[Path]:
    """Write the pairs of a split among the first `numbers` movies, a file each; yields every file.

    A file that is there is kept, so an interrupted gathering goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(numbers):
        path = folder / f"{number:06d}.npz"
        if not zipfile.is_zipfile(path):
            made = sample(seed, number, split)
            if not made:
                continue
            pairs = np.array([(each.even, each.odd) for each in made])
            np.savez(path, pairs=pairs.astype(np.float16))
        yield path


def settings_of(random: np.random.Generator) -> RecordSettings:
    """How the movie is taken: doses and pixels wider apart than any one facility's."""
    speed = 3.0 * float(random.uniform()) ** 2
    angle = float(random.uniform(0.0, 2.0 * math.pi))
    frames = 2 * int(random.integers(3, 6))
    return RecordSettings(
        pixel_size_angstrom=float(random.uniform(0.7, 1.9)),
        dose_e_per_a2=float(np.exp(random.uniform(np.log(8.0), np.log(60.0)))),
        frames=frames,
        exposure_s=frames / 2.0,
        defocus_um=float(random.uniform(0.5, 3.0)),
        astigmatism_angstrom=float(random.uniform(0.0, 400.0)),
        astigmatism_angle_deg=float(random.uniform(0.0, 180.0)),
        voltage_kv=float(random.choice([200.0, 300.0])),
        slit_in=bool(random.uniform() < 0.5),
        drift_angstrom_per_s=(speed * math.cos(angle), speed * math.sin(angle)),
    )


def _without_shade(image: FloatImage, pixel_size_angstrom: float) -> FloatImage:
    plain = np.asarray(image, dtype=np.float32)
    return plain - background(plain, pixel_size_angstrom=pixel_size_angstrom)


def _moved_back(
    shape: tuple[int, int], shift_px: NDArray[np.float64], of: tuple[int, int]
) -> NDArray[np.complex64]:
    """The phase ramp on a cut spectrum that undoes a shift (x, y) in pixels of the uncut frame."""
    rows = np.fft.fftfreq(shape[0], 1.0 / shape[0])[:, None] * (shift_px[1] / of[0])
    columns = np.fft.rfftfreq(shape[1], 1.0 / shape[1])[None, :] * (shift_px[0] / of[1])
    return np.asarray(np.exp(2j * np.pi * (rows + columns)), dtype=np.complex64)

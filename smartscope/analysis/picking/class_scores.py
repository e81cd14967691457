"""Which classes show something: two halves of a class, taken further apart from each other.

An average brings itself out of noise when pictures are set on it. So each half begins with the
coarse part of the class average only and is set on its own average from then on: detail that both
halves show was in the pictures. Pictures with random phases go the same way and tell what chance
does.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import fft

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.picking.particle_boxes import BOX_DIAMETERS
from smartscope.analysis.picking.plane_turns import turned_back_and_summed
from smartscope.analysis.picking.soft_assignment import ANGLES, Band, Round, assign
from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.shells import ShellCurve
from smartscope.analysis.resolution.thresholds import AGAINST_REFERENCE, crossing

#: a class must beat chance by so much mean correlation, and hold so many pictures
LEAST_GAIN: Final = 0.15
FEWEST: Final = 6
#: detail is finer than this share of a diameter; coarser says that something is there, not what
_DETAIL: Final = 4.0
_ROUNDS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class ClassScores:
    """`scores`, `chance`, `resolutions_angstrom` (K,) and `junk` (K,) as `ClassAverages` has them;
    `averages` (K, side, side) from each picture's likeliest place.
    """

    averages: FloatImage
    scores: FloatArray
    chance: FloatArray
    resolutions_angstrom: FloatArray
    junk: BoolArray


def score(
    pictures: FloatImage, found: Round, band: Band, *, pixel_size_angstrom: float, seed: int
) -> ClassScores:
    """Judge each class of a last round over pictures (n, side, side)."""
    count = len(found.averages)
    nothing = _random_phases(pictures, np.random.default_rng(seed))
    scores, chance = np.zeros(count), np.zeros(count)
    ends = np.full(count, np.nan)
    for number in range(count):
        members = np.flatnonzero(found.classes == number)
        if len(members) < FEWEST:
            continue
        average = found.averages[number]
        curve = _apart(pictures[members], average, band, pixel_size_angstrom)
        scores[number] = _detail(curve, band)
        end = crossing(curve, AGAINST_REFERENCE).first_angstrom
        ends[number] = np.nan if end is None else end
        control = _apart(nothing[members], average, band, pixel_size_angstrom)
        chance[number] = _detail(control, band)
    return ClassScores(
        averages=_average(pictures, found, band),
        scores=scores,
        chance=chance,
        resolutions_angstrom=ends,
        junk=np.asarray(scores < np.maximum(chance, 0.0) + LEAST_GAIN),
    )


def _average(pictures: FloatImage, found: Round, band: Band) -> FloatImage:
    """(K, side, side): means of pictures moved and turned back from their likeliest places."""
    side, count = pictures.shape[-1], found.weights.shape[1]
    sums = np.zeros((count, ANGLES, side, side), dtype=np.float32)
    ky, kx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)
    for number, picture in enumerate(pictures):
        x, y = band.shifts_px[found.shifts[number]]
        ramp = np.exp(2j * np.pi * (kx * x + ky * y)).astype(np.complex64)
        moved = fft.irfft2(fft.rfft2(picture) * ramp, s=(side, side))
        sums[found.classes[number], found.angles[number]] += moved
    members = np.maximum(np.bincount(found.classes, minlength=count), 1)
    return np.asarray(turned_back_and_summed(sums) / members[:, None, None], dtype=np.float32)


def _apart(
    pictures: FloatImage, average: FloatImage, band: Band, pixel_size_angstrom: float
) -> ShellCurve:
    """Correlation of two halves that shared only what is coarse."""
    coefficients = band.transform(average)
    coarse = band.picture(np.where(band.rings < _first_ring(), coefficients, 0.0))
    halves = []
    for half in (pictures[0::2], pictures[1::2]):
        own = coarse[None]
        for _ in range(_ROUNDS):
            lying = assign(half, own, np.ones(1), band, sharpness=1.0)
            own = lying.averages
        # What is spread over all angles is round, and round things agree by a few numbers alone.
        halves.append(_average(half, lying, band)[0])
    return fsc(halves[0], halves[1], pixel_size_angstrom=pixel_size_angstrom)


def _random_phases(pictures: FloatImage, rng: np.random.Generator) -> FloatImage:
    """The same power at every frequency, nothing in its place."""
    noise = fft.rfft2(rng.normal(size=pictures.shape).astype(np.float32))
    power = np.abs(fft.rfft2(pictures))
    turned_round = power * noise / np.maximum(np.abs(noise), 1e-12)
    return np.asarray(fft.irfft2(turned_round, s=pictures.shape[1:]), dtype=np.float32)


def _first_ring() -> int:
    return math.ceil(_DETAIL * BOX_DIAMETERS)


def _detail(curve: ShellCurve, band: Band) -> float:
    """Mean over the detail that was aligned, each coefficient alike."""
    used = slice(_first_ring(), int(band.rings.max()) + 1)
    return float(np.average(curve.values[used], weights=curve.counts[used]))

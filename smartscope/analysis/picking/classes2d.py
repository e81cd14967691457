"""Two-dimensional class averages: pictures of particles are turned, moved and sorted until each
class shows one view.

Soft assignment is sharpened from round to round while finer detail is let in, and a class that
runs empty takes half of the largest. Classes that show no more than chance are named junk.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage, IntArray
from smartscope.analysis.picking.class_averages import ClassAverages
from smartscope.analysis.picking.class_scores import ClassScores, score
from smartscope.analysis.picking.first_classes import first_classes
from smartscope.analysis.picking.particle_boxes import ParticleBoxes, masked
from smartscope.analysis.picking.soft_assignment import ANGLES, Band, Round, assign
from smartscope.domain.errors import InvalidInput
from smartscope.domain.particles import FEWEST_TO_AVERAGE

CLASSES: Final = 16
MOST_PARTICLES: Final = 2000
ROUNDS: Final = 15
#: of log-likelihoods, from the first round to the one after which they count in full
_SHARPNESS: Final = (0.1, 1.0)
_SHARPENED_AFTER: Final = 9
#: frequencies per box, in the first round and from then on one more each round
_RADII: Final = (6, 16)
#: trial shifts are so far apart, in periods of the finest detail, but no nearer than pixels need
_STEPS_PER_PERIOD: Final = 2.5
_FINEST_STEP_PX: Final = 1.5
#: of an even share of the pictures: below it a class is empty
_EMPTY: Final = 0.15


def class_averages(boxes: ParticleBoxes, *, classes: int = CLASSES, seed: int = 0) -> ClassAverages:
    """Averages of up to 2,000 particles in at most `classes` classes; the same seed, the same
    answer.

    Raises `InvalidInput` for fewer than 32 particles, more than 2,000, or fewer than two classes.
    """
    if not FEWEST_TO_AVERAGE <= len(boxes) <= MOST_PARTICLES:
        raise InvalidInput(
            {
                "boxes": f"{len(boxes)} particles were given; class averages need "
                f"{FEWEST_TO_AVERAGE} to {MOST_PARTICLES}."
            }
        )
    if classes < 2:
        raise InvalidInput({"classes": "Give at least two classes, one of them for junk."})
    pictures = masked(boxes)
    rng = np.random.default_rng(seed)
    first = first_classes(pictures, classes, seed=seed)
    shares = np.bincount(first, minlength=classes) / len(pictures)
    averages = _first_averages(pictures, first, classes)
    for number in range(ROUNDS):
        band = _band(number)
        found = assign(pictures, averages, shares, band, sharpness=_sharpness(number))
        averages, shares = found.averages, found.shares
        if number < ROUNDS - 3:
            averages, shares = _filled(found, rng)
    judged = score(pictures, found, band, pixel_size_angstrom=boxes.pixel_size_angstrom, seed=seed)
    return _answer(boxes, found, band, judged)


def _band(number: int) -> Band:
    radius = min(_RADII[0] + number, _RADII[1])
    step = max(_FINEST_STEP_PX, 64 / (radius * _STEPS_PER_PERIOD))
    return Band.of(64, radius=radius, step_px=step)


def _sharpness(number: int) -> float:
    part = min(number / _SHARPENED_AFTER, 1.0)
    return float(_SHARPNESS[0] * (_SHARPNESS[1] / _SHARPNESS[0]) ** part)


def _first_averages(pictures: FloatImage, classes: IntArray, count: int) -> FloatImage:
    whole = pictures.mean(axis=0)
    means = [
        pictures[classes == number].mean(axis=0) if (classes == number).any() else whole
        for number in range(count)
    ]
    return np.asarray(means, dtype=np.float32)


def _filled(found: Round, rng: np.random.Generator) -> tuple[FloatImage, FloatArray]:
    """Averages and shares in which each empty class has half of the then largest one."""
    averages, shares = found.averages.copy(), found.shares.copy()
    differences = found.halves[0] - found.halves[1]
    for empty in np.flatnonzero(shares < _EMPTY / len(shares)):
        largest = int(shares.argmax())
        part = float(rng.uniform(0.4, 0.6))
        averages[empty] = averages[largest] - part * differences[largest]
        averages[largest] = averages[largest] + part * differences[largest]
        shares[empty] = shares[largest] = shares[largest] / 2.0
    return averages, shares / shares.sum()


def _answer(
    boxes: ParticleBoxes,
    found: Round,
    band: Band,
    judged: ClassScores,
) -> ClassAverages:
    """Empty classes left out, those that show most first."""
    counts = np.bincount(found.classes, minlength=len(judged.scores))
    gain = judged.scores - judged.chance
    order = np.lexsort((-gain, judged.junk))
    order = order[counts[order] > 0]
    renamed = np.full(len(counts), -1)
    renamed[order] = np.arange(len(order))
    shifts = band.shifts_px[found.shifts]
    return ClassAverages(
        averages=judged.averages[order],
        counts=counts[order],
        scores=judged.scores[order],
        chance=judged.chance[order],
        resolutions_angstrom=judged.resolutions_angstrom[order],
        junk=judged.junk[order],
        classes=renamed[found.classes],
        turns_deg=-found.angles * 360.0 / ANGLES,
        shifts_px=shifts,
        pixel_size_angstrom=boxes.pixel_size_angstrom,
    )

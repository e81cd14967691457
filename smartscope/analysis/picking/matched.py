"""Particles found without being shown any: discs, decoys, and what the micrograph itself teaches.

The width of disc that fits best proposes places; a detector learnt from the surest of them against
decoys orders them; the share of decoys among them says where to stop.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.picking import decoys
from smartscope.analysis.picking.diameter import (
    GROUND_ANGSTROM,
    PIXEL_ANGSTROM,
    Diameter,
    measured_diameter,
)
from smartscope.analysis.picking.discs import disc_responses, lopsided, maxima
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.prepared import (
    FEWEST_PARTICLE_PX,
    PARTICLE_PX,
    Prepared,
    prepared,
)
from smartscope.analysis.picking.self_training import Seen, learnt_scores
from smartscope.analysis.picking.surroundings import surroundings

#: widths of disc tried, in diameters: narrow ones suit long particles, wide ones hollow ones
WIDTHS: Final = (0.35, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.12, 1.25)
#: what is measured narrower than the particle's longest side is given this much more room
_APART: Final = 0.5
_INSIDE: Final = 0.5
_LEAST_RESPONSE: Final = 1.0
_REACH: Final = 1.0
#: halves of the field are a chequerboard of squares this many diameters wide
_SQUARE: Final = 4.0

NOTHING_STANDS_OUT: Final = (
    "Nothing stands out from the noise: the particles are too small for this ice and dose, or "
    "there are none. Give a diameter, or take more dose."
)
NO_SIZE: Final = (
    "No size stands out from the noise: the particles are too small for this ice and dose, or "
    "there are none. Give a diameter if you know one."
)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Candidates and decoys with their scores, in prepared pixels, in no order."""

    places_px: FloatArray
    scores: FloatArray
    decoy_scores: FloatArray
    threshold: float
    learnt: bool


class MatchedPicker:
    """See the module. Deterministic; the same for a camera's other counts."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.picking") / "matched.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version, declared duration."""
        return self._manifest

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        diameter_angstrom: float | None = None,
        dirt: BoolArray | None = None,
    ) -> Picks:
        """See `Picker`. Without a diameter it is measured in this one picture."""
        measured: Diameter | None = None
        if diameter_angstrom is None:
            coarse = coarse_micrograph(total, pixel_size_angstrom=pixel_size_angstrom, dirt=dirt)
            measured = measured_diameter([coarse])
            if measured is None or measured.angstrom < FEWEST_PARTICLE_PX * pixel_size_angstrom:
                return none_found(None, NO_SIZE)
            diameter_angstrom = measured.angstrom
        micrograph = prepared(
            total,
            pixel_size_angstrom=pixel_size_angstrom,
            particle_angstrom=diameter_angstrom,
            dirt=dirt,
        )
        found = find(micrograph, diameter_angstrom)
        order = np.argsort(-found.scores, kind="stable")
        sure = bool((found.scores >= found.threshold).any())
        return Picks(
            centres_px=micrograph.given_px(found.places_px[order]),
            scores=found.scores[order],
            threshold=_finite(found),
            diameter_angstrom=diameter_angstrom,
            diameter_spread_angstrom=None if measured is None else measured.spread_angstrom,
            other_diameter_angstrom=None if measured is None else measured.other_angstrom,
            reason="" if sure else NOTHING_STANDS_OUT,
        )


def coarse_micrograph(
    total: NDArray[np.generic], *, pixel_size_angstrom: float, dirt: BoolArray | None = None
) -> Prepared:
    """A micrograph as `measured_diameter` wants it."""
    return prepared(
        total,
        pixel_size_angstrom=pixel_size_angstrom,
        particle_angstrom=PARTICLE_PX * max(PIXEL_ANGSTROM, pixel_size_angstrom),
        dirt=dirt,
        ground_angstrom=GROUND_ANGSTROM,
    )


def none_found(diameter_angstrom: float | None, reason: str) -> Picks:
    """The answer where there is nothing, and why."""
    return Picks(
        centres_px=np.empty((0, 2)),
        scores=np.empty(0),
        threshold=0.0,
        diameter_angstrom=diameter_angstrom,
        reason=reason,
    )


def _finite(found: Found) -> float:
    """The threshold, beyond every score where nothing is sure: rows and JSON know no infinity."""
    if math.isfinite(found.threshold):
        return found.threshold
    return float(found.scores.max(initial=0.0)) + 1.0


def find(micrograph: Prepared, diameter_angstrom: float) -> Found:
    """Candidates of one size, and how sure each is."""
    responses = disc_responses(micrograph, tuple(share * diameter_angstrom for share in WIDTHS))
    best = int(np.argmax([lopsided(micrograph, each) for each in responses]))
    fitting = responses[max(0, best - 1) : best + 2]
    highest = np.max(fitting, axis=0)
    lowest = np.max([-each for each in fitting], axis=0)
    return found_by(micrograph, (highest, lowest), responses, diameter_angstrom)


def found_by(
    micrograph: Prepared,
    answers: tuple[FloatImage, FloatImage],
    responses: list[FloatImage],
    diameter_angstrom: float,
) -> Found:
    """Candidates where the first of `answers` is highest, decoys where the second is; `responses`
    are among what they are told apart by.
    """
    highest, lowest = answers
    places, scores = _candidates(micrograph, highest, diameter_angstrom)
    against, decoy_scores = _candidates(micrograph, lowest, diameter_angstrom)
    plain = _plain(places, scores, decoy_scores)
    if not len(scores) or not len(decoy_scores):
        return plain
    judged = learnt_scores(
        *(
            Seen(
                surroundings(
                    micrograph, responses, at, reach_angstrom=_REACH * diameter_angstrom, sign=sign
                ),
                said,
                _half(at, diameter_angstrom / micrograph.pixel_size_angstrom),
            )
            for at, said, sign in ((places, scores, 1.0), (against, decoy_scores, -1.0))
        )
    )
    if judged is None:
        return plain
    threshold = decoys.threshold_for(*judged)
    better = np.count_nonzero(judged[0] >= threshold) > np.count_nonzero(scores >= plain.threshold)
    return Found(places, *judged, threshold, learnt=True) if better else plain


def _plain(places: FloatArray, scores: FloatArray, against: FloatArray) -> Found:
    """By the discs alone: few decoys, or far beyond what noise reaches."""
    certain = max(decoys.CERTAIN, float(against.max(initial=0.0)))
    alone = certain if (scores > certain).any() else math.inf
    return Found(
        places, scores, against, min(decoys.threshold_for(scores, against), alone), learnt=False
    )


def _candidates(
    micrograph: Prepared, response: FloatImage, diameter_angstrom: float
) -> tuple[FloatArray, FloatArray]:
    places, scores = maxima(
        micrograph,
        response,
        apart_angstrom=_APART * diameter_angstrom,
        inside_angstrom=_INSIDE * diameter_angstrom,
    )
    strong = scores > _LEAST_RESPONSE
    return places[strong], scores[strong]


def _half(places_px: FloatArray, diameter_px: float) -> IntArray:
    squares = np.floor(places_px / (_SQUARE * diameter_px)).astype(np.int64)
    return np.asarray(squares.sum(axis=1) % 2, dtype=np.int64)

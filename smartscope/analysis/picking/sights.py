"""Where a micrograph is looked at, in one of several ways: the places, how each looks, and what the
picker without clicks thinks of each.

Round and long shapes are matched, so that neither hollow balls nor rods are out of reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.picking.discs import disc_responses
from smartscope.analysis.picking.long_shapes import bar_responses
from smartscope.analysis.picking.matched import Found, find, found_by
from smartscope.analysis.picking.prepared import Prepared
from smartscope.analysis.picking.surroundings import surroundings

#: widths of disc matched, in diameters
ROUND: Final = (0.35, 0.5, 0.7, 0.9, 1.12)
#: length and width of bars matched, in diameters
LONG: Final = ((1.0, 0.3), (0.65, 0.3))
#: the way of the picker without clicks; others are shapes by number
UNLEARNT: Final = -1
_INSIDE: Final = 0.5
_REACH: Final = 1.0
#: log odds that a deviation of the decoys is worth
_ODDS_PER_DEVIATION: Final = 1.5
#: decoys tell of noise and not of what is dark and no particle: no pick is surer than this
_MOST_ODDS: Final = 1.5
#: nor is any place surer than this to be none
_LEAST_ODDS: Final = 3.0
_LEAST_SPREAD: Final = 0.2

Responses = list[tuple[FloatImage, FloatImage]]


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """Candidates at `places_px` (n, 2), x and y in prepared pixels, how they look (n, features),
    and the log `odds` (n,) of the picker without clicks, 0 where it stops picking.
    """

    places_px: FloatArray
    looks: FloatArray
    odds: FloatArray


def shapes() -> int:
    """How many shapes can be searched with, by number: discs first, then bars."""
    return len(ROUND) + len(LONG)


def responses_of(micrograph: Prepared, diameter_angstrom: float) -> Responses:
    """Per shape how much darker, and how much brighter, than its surroundings each place is."""
    discs = disc_responses(micrograph, tuple(share * diameter_angstrom for share in ROUND))
    found: Responses = [(each, -each) for each in discs]
    for length, width in LONG:
        found.append(
            bar_responses(micrograph, length * diameter_angstrom, width * diameter_angstrom)
        )
    return found


def found_in(
    micrograph: Prepared, diameter_angstrom: float, *, way: int, responses: Responses
) -> Found:
    """What is found without clicks, by the shape numbered `way` or as the unlearnt picker does."""
    if way == UNLEARNT:
        return find(micrograph, diameter_angstrom)
    discs = [dark for dark, _ in responses[: len(ROUND)]]
    return found_by(micrograph, responses[way], discs, diameter_angstrom)


def sights(
    micrograph: Prepared,
    diameter_angstrom: float,
    *,
    way: int,
    responses: Responses | None = None,
) -> Sights:
    """Candidates found in one way; every shape's answer is among the features."""
    both = responses or responses_of(micrograph, diameter_angstrom)
    found = found_in(micrograph, diameter_angstrom, way=way, responses=both)
    return Sights(
        found.places_px,
        looks_at(micrograph, both, found.places_px, diameter_angstrom),
        _odds(found),
    )


def _odds(found: Found) -> FloatArray:
    against = found.decoy_scores
    spread = max(float(against.std()) if len(against) else 0.0, _LEAST_SPREAD)
    away = _ODDS_PER_DEVIATION * (found.scores - found.threshold) / spread
    most = np.where(away > 0.0, _MOST_ODDS, _LEAST_ODDS)
    return np.asarray(most * np.tanh(away / most))


def looks_at(
    micrograph: Prepared, responses: Responses, places_px: FloatArray, diameter_angstrom: float
) -> FloatArray:
    """(n, features) at places (n, 2) in prepared pixels; none depends on how the picture is turned
    or mirrored.
    """
    return surroundings(
        micrograph,
        [dark for dark, _ in responses],
        places_px,
        reach_angstrom=_REACH * diameter_angstrom,
        sign=1.0,
    )


def seen_enough(micrograph: Prepared, places_px: FloatArray, diameter_angstrom: float) -> BoolArray:
    """(n,) True where a place lies as far inside what is seen as candidates have to."""
    margin = ndimage.distance_transform_edt(np.pad(micrograph.seen, 1))[1:-1, 1:-1]
    columns, rows = np.rint(places_px).astype(np.intp).T
    inside = (rows >= 0) & (columns >= 0)
    inside &= (rows < margin.shape[0]) & (columns < margin.shape[1])
    reached = margin[
        np.clip(rows, 0, margin.shape[0] - 1), np.clip(columns, 0, margin.shape[1] - 1)
    ]
    deep = reached > _INSIDE * diameter_angstrom / micrograph.pixel_size_angstrom
    return np.asarray(inside & deep, dtype=np.bool_)

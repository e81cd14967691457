"""What a micrograph offers to a picker that learns: candidates and decoys, and how each looks.

Round and long shapes are matched, so that neither hollow balls nor rods are out of reach.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage
from smartscope.analysis.picking.discs import disc_responses, maxima
from smartscope.analysis.picking.long_shapes import bar_responses
from smartscope.analysis.picking.prepared import Prepared
from smartscope.analysis.picking.surroundings import surroundings

#: widths of disc matched, in diameters
ROUND: Final = (0.35, 0.5, 0.7, 0.9, 1.12)
#: length and width of bars matched, in diameters
LONG: Final = ((1.0, 0.3), (0.65, 0.3))
_APART: Final = 0.5
_INSIDE: Final = 0.5
_LEAST_RESPONSE: Final = 1.0
_REACH: Final = 1.0


@dataclass(frozen=True, slots=True, eq=False)
class Sights:
    """`candidates` (n, features) at `places_px` (n, 2), x and y in prepared pixels, and `decoys`
    (m, features): what the picture with dark and bright exchanged offers by the same search.
    `ranks` (n,) and `decoy_ranks` (m,) say how well each matched, before anything was learnt.
    """

    places_px: FloatArray
    candidates: FloatArray
    ranks: FloatArray
    decoys: FloatArray
    decoy_ranks: FloatArray


def shapes() -> int:
    """How many shapes can be searched with, by number: discs first, then bars."""
    return len(ROUND) + len(LONG)


def responses_of(micrograph: Prepared, diameter_angstrom: float) -> list[tuple[FloatImage, ...]]:
    """Per shape how much darker, and how much brighter, than its surroundings each place is."""
    discs = disc_responses(micrograph, tuple(share * diameter_angstrom for share in ROUND))
    found: list[tuple[FloatImage, ...]] = [(each, -each) for each in discs]
    for length, width in LONG:
        found.append(
            bar_responses(micrograph, length * diameter_angstrom, width * diameter_angstrom)
        )
    return found


def sights(
    micrograph: Prepared,
    diameter_angstrom: float,
    *,
    shape: int,
    responses: list[tuple[FloatImage, ...]] | None = None,
) -> Sights:
    """Candidates are where `shape` answers best; every shape's answer is among the features."""
    both = responses or responses_of(micrograph, diameter_angstrom)
    found = []
    for side, sign in ((0, 1.0), (1, -1.0)):
        places, ranks = maxima(
            micrograph,
            both[shape][side],
            apart_angstrom=_APART * diameter_angstrom,
            inside_angstrom=_INSIDE * diameter_angstrom,
        )
        strong = ranks > _LEAST_RESPONSE
        looks = features_at(micrograph, both, places[strong], diameter_angstrom, sign=sign)
        found.append((places[strong], looks, ranks[strong]))
    (places, candidates, ranks), (_, decoys, decoy_ranks) = found
    return Sights(places, candidates, ranks, decoys, decoy_ranks)


def features_at(
    micrograph: Prepared,
    responses: list[tuple[FloatImage, ...]],
    places_px: FloatArray,
    diameter_angstrom: float,
    *,
    sign: float = 1.0,
) -> FloatArray:
    """(n, features) at places (n, 2) in prepared pixels; `sign` -1 looks at the exchanged picture.

    None depends on how the picture is turned or mirrored.
    """
    side = 0 if sign > 0.0 else 1
    # `surroundings` turns the sign of the responses it is given; these have it already
    matched = [sign * each[side] for each in responses]
    return surroundings(
        micrograph,
        matched,
        places_px,
        reach_angstrom=_REACH * diameter_angstrom,
        sign=sign,
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

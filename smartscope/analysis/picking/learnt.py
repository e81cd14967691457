"""A picker that learnt from clicks on one grid's micrographs, and that can be kept as text.

It is the picker without clicks, with what the clicks bear out added to its odds; where they bear
out nothing, it is that picker. Denoising is no part of it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatArray, IntArray
from smartscope.analysis.picking.corrections import (
    LEAST_KEPT,
    Agreement,
    Correction,
    Looked,
    corrected,
    joined,
)
from smartscope.analysis.picking.diameter import measured_diameter
from smartscope.analysis.picking.matched import coarse_micrograph, none_found
from smartscope.analysis.picking.people import Told
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.pointed_size import FEWEST, pointed_size
from smartscope.analysis.picking.prepared import (
    FEWEST_PARTICLE_PX,
    PARTICLE_PX,
    Prepared,
    prepared,
)
from smartscope.analysis.picking.sights import (
    UNLEARNT,
    Responses,
    Sights,
    found_in,
    responses_of,
    seen_enough,
    shapes,
    sights,
)
from smartscope.domain.errors import BadFile, InvalidInput
from smartscope.domain.particles import FEWEST_CLICKS

FORMAT: Final = 2
#: a candidate so near a click is what was meant, in diameters
_MEANT: Final = 0.3
#: micrographs on which the way that proposes candidates is chosen
_CHOSEN_ON: Final = 3
#: a pick this near a click that takes away is taken away, in prepared pixels
_TAKEN_WITHIN_PX: Final = _MEANT * PARTICLE_PX
#: another way than the unlearnt picker's must show so many deviations more of the places
_BETTER: Final = 2.5

NOTHING_AS_SURE: Final = "Nothing here looks as sure as what people pointed at on this grid."
_NO_SIZE: Final = "The places pointed at share no size; give a diameter."
_NONE_MEANT: Final = (
    "The clicks lie too near edges or dirt, or on nothing that stands out; make others."
)


@dataclass(frozen=True, slots=True, eq=False)
class Clicked:
    """An aligned sum (height, width) with what people said of it, in its pixels, and its dirt."""

    total: NDArray[np.generic]
    pixel_size_angstrom: float
    told: Told
    dirt: BoolArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LearntPicker:
    """Made by `taught`; picks like any other, and is told no diameter: it knows one."""

    diameter_angstrom: float
    way: int
    correction: Correction

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        dirt: BoolArray | None = None,
    ) -> Picks:
        """As `Picker.pick`. Raises `UnusableImage` with a sentence for people."""
        size = self.diameter_angstrom
        micrograph = prepared(
            total, pixel_size_angstrom=pixel_size_angstrom, particle_angstrom=size, dirt=dirt
        )
        found = sights(micrograph, size, way=self.way)
        if not len(found.places_px):
            return none_found(size, NOTHING_AS_SURE)
        odds = self.correction.odds(found.looks, found.odds)
        order = np.argsort(-odds, kind="stable")
        return Picks(
            centres_px=micrograph.given_px(found.places_px[order]),
            scores=odds[order],
            threshold=0.0,
            diameter_angstrom=size,
            reason="" if bool((odds >= 0.0).any()) else NOTHING_AS_SURE,
        )

    def text(self) -> str:
        """As `picker_of` reads it."""
        return json.dumps(
            {
                "format": FORMAT,
                "diameter_angstrom": self.diameter_angstrom,
                "way": self.way,
                "centre": self.correction.centre.tolist(),
                "spread": self.correction.spread.tolist(),
                "weights": self.correction.weights.tolist(),
                "stretched": self.correction.stretched,
                "shift": self.correction.shift,
            }
        )


@dataclass(frozen=True, slots=True)
class Taught:
    """A picker, how many clicks it learnt from, and how it judges those it was not shown."""

    picker: LearntPicker
    clicks: int
    agreement: Agreement

    @property
    def stays(self) -> bool:
        """Whether the clicks bore out nothing, so that it picks as without them."""
        return self.picker.correction.changes_nothing and self.picker.way == UNLEARNT


def picker_of(text: str) -> LearntPicker:
    """Raises BadFile for anything that `LearntPicker.text` did not write."""
    try:
        said: dict[str, Any] = json.loads(text)
        if said["format"] != FORMAT:
            raise ValueError(f"format {said['format']}")
        centre, spread, weights = (
            np.array(said[name], dtype=np.float64) for name in ("centre", "spread", "weights")
        )
        if not (len(centre) == len(spread) == len(weights) and np.isfinite(weights).all()):
            raise ValueError("its columns do not fit")
        if not UNLEARNT <= int(said["way"]) < shapes():
            raise ValueError(f"way {said['way']}")
        return LearntPicker(
            diameter_angstrom=float(said["diameter_angstrom"]),
            way=int(said["way"]),
            correction=Correction(
                centre, spread, weights, float(said["stretched"]), float(said["shift"])
            ),
        )
    except (ValueError, KeyError, TypeError) as problem:
        raise BadFile(
            f"This is no picker that was learnt here ({problem}); learn anew."
        ) from problem


def taught(
    shown: Sequence[Clicked],
    *,
    diameter_angstrom: float | None,
    tell: Callable[[float], None] = lambda _: None,
) -> Taught:
    """Learn from the clicks on these micrographs of one grid; those without clicks help as well.

    `diameter_angstrom` is a person's; None: the one that is measured without clicks, or where it
    shows clearly more of the places pointed at, the one that those places tell. `tell` hears how
    far it is, 0 to 1. Raises InvalidInput with a sentence where the clicks teach nothing.
    """
    clicks = sum(len(one.told.particles_px) + len(one.told.none_px) for one in shown)
    if clicks < FEWEST_CLICKS:
        raise InvalidInput(
            {"clicks": f"{clicks} clicks are too few; make at least {FEWEST_CLICKS}."}
        )
    if not any(len(one.told.particles_px) for one in shown):
        raise InvalidInput({"clicks": "No particle was pointed at; add some that were missed."})
    sizes = [diameter_angstrom] if diameter_angstrom else _sizes(shown)
    if not sizes:
        raise InvalidInput({"clicks": _NO_SIZE})
    tell(0.1)
    pointed = [one for one in shown if len(one.told.particles_px) + len(one.told.none_px)]
    seen: dict[float, list[_Seen]] = {}
    for number, size in enumerate(sizes):
        seen[size] = [_seen(one, size) for one in pointed]
        tell(0.1 + 0.5 * (number + 1) / len(sizes))
    size, way = _chosen(seen, sizes[0])
    lessons = [
        _lesson(one, before, size, way)
        for one, before in zip(seen[size], seen[sizes[0]], strict=True)
    ]
    tell(0.8)
    looked = joined(lessons)
    if not looked.clicks:
        raise InvalidInput({"clicks": _NONE_MEANT})
    found, said = corrected(looked)
    return Taught(LearntPicker(size, way, found), clicks, said)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A micrograph at one size: `picked_px` (n, 2) is what the unlearnt picker picks there, and
    `right_px`, `wrong_px` are the clicks, all in prepared pixels.
    """

    micrograph: Prepared
    responses: Responses
    picked_px: FloatArray
    right_px: FloatArray
    wrong_px: FloatArray

    def by(self, size: float, way: int) -> Sights:
        return sights(self.micrograph, size, way=way, responses=self.responses)

    def left_alone_px(self) -> FloatArray:
        """(n, 2) what was picked and not taken away."""
        if not len(self.wrong_px) or not len(self.picked_px):
            return self.picked_px
        away = cKDTree(self.wrong_px).query(self.picked_px)[0]
        return self.picked_px[away > _TAKEN_WITHIN_PX]

    def given_px(self, places_px: FloatArray) -> FloatArray:
        """Places (n, 2) in pixels of the image as it was given."""
        return self.micrograph.given_px(places_px)


def _seen(one: Clicked, size: float) -> _Seen:
    micrograph = prepared(
        one.total,
        pixel_size_angstrom=one.pixel_size_angstrom,
        particle_angstrom=size,
        dirt=one.dirt,
    )
    responses = responses_of(micrograph, size)
    found = found_in(micrograph, size, way=UNLEARNT, responses=responses)
    right, wrong = (_own_px(micrograph, each) for each in (one.told.particles_px, one.told.none_px))
    return _Seen(
        micrograph,
        responses,
        found.places_px[found.scores >= found.threshold],
        right[seen_enough(micrograph, right, size)],
        wrong,
    )


def _own_px(micrograph: Prepared, given_px: FloatArray) -> FloatArray:
    """Places (n, 2) of the image as given, in prepared pixels."""
    return (np.reshape(given_px, (-1, 2)) + 0.5) / micrograph.scale - 0.5


def _sizes(shown: Sequence[Clicked]) -> list[float]:
    """Å: as it is measured without clicks, then by the places pointed at."""
    coarse = [
        coarse_micrograph(one.total, pixel_size_angstrom=one.pixel_size_angstrom, dirt=one.dirt)
        for one in shown
    ]
    measured = measured_diameter(coarse)
    places = [_own_px(each, one.told.particles_px) for each, one in zip(coarse, shown, strict=True)]
    told = [None if measured is None else measured.angstrom, pointed_size(coarse, places)]
    least = FEWEST_PARTICLE_PX * max(one.pixel_size_angstrom for one in shown)
    return [size for size in told if size is not None and size >= least]


def _chosen(seen: Mapping[float, Sequence[_Seen]], first: float) -> tuple[float, int]:
    """The size and the way that show most of the places pointed at, and rank them best; those of
    the unlearnt picker unless six such places or more show others to be clearly better, which
    pick most of what was left alone as well.
    """
    pointed = sum(len(one.right_px) for one in seen[first])
    if pointed < FEWEST:
        return first, UNLEARNT
    merits = {}
    for size, micrographs in seen.items():
        alone = [before.left_alone_px() for before in seen[first][:_CHOSEN_ON]]
        for way in range(UNLEARNT, shapes()):
            said = np.zeros(2)
            for one, before, places in zip(micrographs, seen[first], alone, strict=False):
                said += _merit(one, size, way, before.given_px(places))
            if said[1] >= LEAST_KEPT * sum(map(len, alone)) or (size, way) == (first, UNLEARNT):
                merits[size, way] = said[0]
    best = max(merits, key=lambda each: merits[each])
    clearly = merits[best] > merits[first, UNLEARNT] + _BETTER * np.sqrt(pointed) / 2.0
    return best if clearly else (first, UNLEARNT)


def _merit(one: _Seen, size: float, way: int, alone_px: FloatArray) -> FloatArray:
    """How many of the places pointed at have a candidate, each counted by the share of decoys that
    it outranks; and how many of `alone_px` (n, 2), in pixels as given, are picked.
    """
    found = found_in(one.micrograph, size, way=way, responses=one.responses)
    near, hit = _meant(found.places_px, one.right_px, _MEANT * size, one.micrograph)
    sure = found.places_px[found.scores >= found.threshold]
    kept = _meant(sure, _own_px(one.micrograph, alone_px), size / 2.0, one.micrograph)[1]
    ranks = found.scores[near[hit]] if len(found.scores) else np.zeros(0)
    lower = np.searchsorted(np.sort(found.decoy_scores), ranks, side="left")
    shown = float((lower / max(len(found.decoy_scores), 1)).sum())
    return np.array([shown, np.count_nonzero(kept)])


def _lesson(one: _Seen, before: _Seen, size: float, way: int) -> Looked:
    """What was shown is what the unlearnt picker picked at the size that people looked at."""
    found = one.by(size, way)
    count = len(found.places_px)
    marked = np.zeros((3, count), dtype=np.bool_)
    scale = before.micrograph.scale / one.micrograph.scale
    picked = (before.picked_px + 0.5) * scale - 0.5
    for row, places in enumerate((one.right_px, one.wrong_px, picked)):
        near, hit = _meant(found.places_px, places, _MEANT * size, one.micrograph)
        marked[row, near[hit]] = True
    right, wrong, shown = marked
    wrong &= ~right
    # what was taken away had been shown, whatever is picked now; what was added had not
    return Looked(found.looks, found.odds, (shown | wrong) & ~right, right, wrong)


def _meant(
    found_px: FloatArray, places_px: FloatArray, reach_angstrom: float, micrograph: Prepared
) -> tuple[IntArray, BoolArray]:
    """(n,) the nearest candidate of each place, and whether it is near enough."""
    if not len(found_px) or not len(places_px):
        return np.zeros(len(places_px), dtype=np.int64), np.zeros(len(places_px), dtype=np.bool_)
    away, near = cKDTree(found_px).query(places_px)
    limit = reach_angstrom / micrograph.pixel_size_angstrom
    return np.asarray(near, dtype=np.int64), np.asarray(away <= limit, dtype=np.bool_)

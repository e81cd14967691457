"""A picker that learnt from clicks on one grid's micrographs, and that can be kept as text.

Denoising is no part of it: candidates are matched with smooth shapes, which average noise away, and
everything else was learnt on the raw sum. See docs/decisions for what that gives up.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, FloatArray, FloatImage, IntArray
from smartscope.analysis.picking.click_learning import (
    Agreement,
    Learnt,
    Lesson,
    learnt,
    scores_by,
)
from smartscope.analysis.picking.decoys import believed_from, broad_threshold
from smartscope.analysis.picking.matched import coarse_micrograph, none_found
from smartscope.analysis.picking.people import Told
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.pointed_size import pointed_size
from smartscope.analysis.picking.prepared import Prepared, prepared
from smartscope.analysis.picking.sights import (
    Sights,
    features_at,
    responses_of,
    seen_enough,
    shapes,
    sights,
)
from smartscope.domain.errors import BadFile, InvalidInput
from smartscope.domain.particles import FEWEST_CLICKS

FORMAT: Final = 1
#: a candidate so near a click is what was meant, in diameters
_MEANT: Final = 0.3
#: of what passes in one micrograph, at most so much may be chance
MOST_CHANCE: Final = 0.4
#: a picture with fewer more than chance has no threshold of its own
LEAST_SURPLUS: Final = 4
#: micrographs on which the shape that proposes candidates is chosen
_CHOSEN_ON: Final = 3

NOTHING_AS_SURE: Final = "Nothing here looks as sure as what people pointed at on this grid."


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
    shape: int
    detector: Learnt

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        dirt: BoolArray | None = None,
    ) -> Picks:
        """As `Picker.pick`. Raises `UnusableImage` with a sentence for people."""
        size = self.diameter_angstrom
        micrograph = _prepared(total, pixel_size_angstrom, size, dirt)
        found = sights(micrograph, size, shape=self.shape)
        if not len(found.places_px):
            return none_found(size, NOTHING_AS_SURE)
        said, against = scores_by(self.detector, found.candidates, found.decoys)
        order = np.argsort(-said, kind="stable")
        limit = self._threshold(said, against)
        sure = bool((said >= limit).any())
        return Picks(
            centres_px=micrograph.given_px(found.places_px[order]),
            scores=said[order],
            threshold=limit,
            diameter_angstrom=size,
            reason="" if sure else NOTHING_AS_SURE,
        )

    def _threshold(self, said: FloatArray, against: FloatArray) -> float:
        """Half the grid's and half this picture's own; an empty one has as many decoys as
        candidates that look like particles.
        """
        own = broad_threshold(said, against, least_surplus=LEAST_SURPLUS)
        limit = self.detector.threshold
        if own is not None:
            limit = 0.5 * (limit + own)
        believed = believed_from(said, against, false_share=MOST_CHANCE)
        return max(limit, min(believed, float(said.max()) + 1.0))

    def text(self) -> str:
        """As `picker_of` reads it."""
        return json.dumps(
            {
                "format": FORMAT,
                "diameter_angstrom": self.diameter_angstrom,
                "shape": self.shape,
                "threshold": self.detector.threshold,
                "centre": self.detector.centre.tolist(),
                "spread": self.detector.spread.tolist(),
                "weights": self.detector.weights.tolist(),
            }
        )


@dataclass(frozen=True, slots=True)
class Taught:
    """A picker, how many clicks it learnt from, and how it judges those it was not shown."""

    picker: LearntPicker
    clicks: int
    agreement: Agreement


def picker_of(text: str) -> LearntPicker:
    """Raises BadFile for anything that `LearntPicker.text` did not write."""
    try:
        said: dict[str, Any] = json.loads(text)
        if said["format"] != FORMAT:
            raise ValueError(f"format {said['format']}")
        columns = [
            np.array(said[name], dtype=np.float64) for name in ("centre", "spread", "weights")
        ]
        centre, spread, weights = columns
        if not (len(centre) == len(spread) == len(weights) - 1 and np.isfinite(weights).all()):
            raise ValueError("its columns do not fit")
        if not 0 <= int(said["shape"]) < shapes():
            raise ValueError(f"shape {said['shape']}")
        return LearntPicker(
            diameter_angstrom=float(said["diameter_angstrom"]),
            shape=int(said["shape"]),
            detector=Learnt(centre, spread, weights, float(said["threshold"])),
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

    `diameter_angstrom` is a person's; None: told by the clicks. `tell` hears how far it is, 0 to 1.
    Raises InvalidInput with a sentence where the clicks teach nothing.
    """
    clicks = sum(len(one.told.particles_px) + len(one.told.none_px) for one in shown)
    if clicks < FEWEST_CLICKS:
        raise InvalidInput(
            {"clicks": f"{clicks} clicks are too few; make at least {FEWEST_CLICKS}."}
        )
    if not any(len(one.told.particles_px) for one in shown):
        raise InvalidInput({"clicks": "No particle was pointed at; add some that were missed."})
    size = diameter_angstrom or _size(shown)
    if size is None:
        raise InvalidInput({"clicks": "The places pointed at share no size; give a diameter."})
    tell(0.1)
    seen = []
    for number, one in enumerate(shown):
        micrograph = _prepared(one.total, one.pixel_size_angstrom, size, one.dirt)
        seen.append(_Seen(micrograph, one.told, responses_of(micrograph, size)))
        tell(0.1 + 0.7 * (number + 1) / len(shown))
    shape = _shape(seen, size)
    lessons = [_lesson(one, size, shape) for one in seen]
    found = learnt(lessons)
    if found is None:
        raise InvalidInput(
            {"clicks": "The clicks lie too near edges or dirt, or too few are left; make others."}
        )
    detector, said = found
    return Taught(LearntPicker(size, shape, detector), clicks, said)


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    micrograph: Prepared
    told: Told
    responses: list[tuple[FloatImage, ...]]

    def places(self, given_px: FloatArray) -> FloatArray:
        return _own_px(self.micrograph, given_px)


def _own_px(micrograph: Prepared, given_px: FloatArray) -> FloatArray:
    """Places (n, 2) of the image as given, in prepared pixels."""
    return (np.reshape(given_px, (-1, 2)) + 0.5) / micrograph.scale - 0.5


def _prepared(
    total: NDArray[np.generic], pixel: float, size: float, dirt: BoolArray | None
) -> Prepared:
    return prepared(total, pixel_size_angstrom=pixel, particle_angstrom=size, dirt=dirt)


def _size(shown: Sequence[Clicked]) -> float | None:
    pointed = [one for one in shown if len(one.told.particles_px)]
    coarse = [
        coarse_micrograph(one.total, pixel_size_angstrom=one.pixel_size_angstrom, dirt=one.dirt)
        for one in pointed
    ]
    places = [
        _own_px(each, one.told.particles_px) for each, one in zip(coarse, pointed, strict=True)
    ]
    return pointed_size(coarse, places)


def _shape(seen: Sequence[_Seen], size: float) -> int:
    """The one whose candidates lie at most of the places pointed at, and rank them best."""
    pointed = [one for one in seen if len(one.told.particles_px)][:_CHOSEN_ON]
    merits = []
    for shape in range(shapes()):
        merit = 0.0
        for one in pointed:
            found = sights(one.micrograph, size, shape=shape, responses=one.responses)
            near, hit = _meant(found, one.places(one.told.particles_px), one.micrograph, size)
            if not len(found.ranks):
                continue
            better = (found.decoy_ranks[None, :] < found.ranks[near[hit]][:, None]).mean(axis=1)
            merit += float(np.nan_to_num(better).sum())
        merits.append(merit)
    return int(np.argmax(merits))


def _lesson(one: _Seen, size: float, shape: int) -> Lesson:
    found = sights(one.micrograph, size, shape=shape, responses=one.responses)
    places = one.places(one.told.particles_px)
    places = places[seen_enough(one.micrograph, places, size)]
    right, hit = _meant(found, places, one.micrograph, size)
    wrong, fell = _meant(found, one.places(one.told.none_px), one.micrograph, size)
    right = np.unique(right[hit])
    return Lesson(
        candidates=found.candidates,
        decoys=found.decoys,
        right=right,
        wrong=np.setdiff1d(wrong[fell], right),
        missed=features_at(one.micrograph, one.responses, places[~hit], size),
        ranks=found.ranks,
        decoy_ranks=found.decoy_ranks,
    )


def _meant(
    found: Sights, places_px: FloatArray, micrograph: Prepared, size: float
) -> tuple[IntArray, BoolArray]:
    """(n,) the nearest candidate of each place, and whether it is near enough."""
    if not len(found.places_px) or not len(places_px):
        return np.zeros(len(places_px), dtype=np.int64), np.zeros(len(places_px), dtype=np.bool_)
    away = np.hypot(*(found.places_px[None] - places_px[:, None]).transpose(2, 0, 1))
    near = away.argmin(axis=1)
    limit = _MEANT * size / micrograph.pixel_size_angstrom
    return near, np.asarray(away.min(axis=1) <= limit, dtype=np.bool_)

"""Particles of an exposure as people see them: what a picker found, and what people said of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from smartscope.analysis.base import BoolArray, FloatArray
from smartscope.analysis.picking.people import Told, kept, reach_px
from smartscope.models import Exposure, PickEdit, Picking

#: float32 x, y and score of one pick
_COLUMNS: Final = 3


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """All picks, (n, 2) pixels and (n,) scores; which count; and places people pointed at."""

    centres_px: FloatArray
    scores: FloatArray
    counts: BoolArray
    threshold: float
    told: Told
    reach_px: float

    @property
    def count(self) -> int:
        return int(self.counts.sum()) + len(self.told.particles_px)

    @property
    def particles_px(self) -> FloatArray:
        """(count, 2): the picks that count, best first, then what people added."""
        return np.concatenate([self.centres_px[self.counts], self.told.particles_px])

    @property
    def particle_scores(self) -> FloatArray:
        """(count,); what a person added is as sure as the best pick."""
        own = self.scores[self.counts]
        best = float(own.max()) if own.size else 1.0
        return np.concatenate([own, np.full(len(self.told.particles_px), best)])


def packed(centres_px: FloatArray, scores: FloatArray) -> bytes:
    """Picks as a row keeps them."""
    return np.column_stack([centres_px, scores]).astype("<f4").tobytes()


def seen(picking: Picking, edits: Iterable[PickEdit]) -> Seen:
    """`edits` are the exposure's; those withdrawn do not count."""
    data = np.frombuffer(bytes(picking.packed), dtype="<f4").reshape(-1, _COLUMNS)
    centres, scores = data[:, :2].astype(np.float64), data[:, 2].astype(np.float64)
    told = told_by(edits)
    reach = reach_px(picking.diameter_angstrom, picking.exposure.pixel_size_angstrom)
    limit = threshold_of(picking)
    counted = kept(centres, scores, threshold=limit, told=told, reach=reach)
    return Seen(centres, scores, counted, limit, told, reach)


def told_by(edits: Iterable[PickEdit]) -> Told:
    """What the edits of one exposure say that were not withdrawn."""
    held = [edit for edit in edits if not edit.withdrawn]
    return Told(_places(held, particles=True), _places(held, particles=False))


def threshold_of(picking: Picking) -> float:
    """A person's where there is one, else the picker's; nothing counts where neither is known."""
    for limit in (picking.own_threshold, picking.threshold):
        if limit is not None:
            return limit
    return float("inf")


def edits_of(exposure: Exposure) -> list[PickEdit]:
    """In the order they were made."""
    rows = PickEdit.objects.filter(exposure=exposure).select_related("author")
    return list(rows.order_by("created_at", "pk"))


def _places(edits: Iterable[PickEdit], *, particles: bool) -> FloatArray:
    found = [(edit.x_px, edit.y_px) for edit in edits if edit.is_particle == particles]
    return np.array(found, dtype=np.float64).reshape(-1, 2)

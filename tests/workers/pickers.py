"""A picker that is asked for in tests: it knows where it was told to find particles."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import BoolArray, UnusableImage
from smartscope.analysis.manifest import Manifest
from smartscope.analysis.picking.picks import Picks


@dataclass(slots=True)
class ToldPicker:
    """Answers with `places` (x, y, score), less those under dirt; keeps what it was asked."""

    manifest: Manifest
    places: tuple[tuple[float, float, float], ...] = ()
    refusal: str = ""
    asked: list[tuple[float | None, BoolArray | None]] = field(default_factory=list)

    def pick(
        self,
        total: NDArray[np.generic],
        *,
        pixel_size_angstrom: float,
        diameter_angstrom: float | None = None,
        dirt: BoolArray | None = None,
    ) -> Picks:
        self.asked.append((diameter_angstrom, dirt))
        if self.refusal:
            raise UnusableImage(self.refusal)
        found = [p for p in self.places if dirt is None or not dirt[int(p[1]), int(p[0])]]
        data = np.array(found).reshape(-1, 3)
        return Picks(
            centres_px=data[:, :2],
            scores=data[:, 2],
            threshold=0.5,
            diameter_angstrom=diameter_angstrom or 100.0,
            diameter_spread_angstrom=4.0 if diameter_angstrom is None else None,
            reason="" if found else "Nothing here looks like a particle.",
        )

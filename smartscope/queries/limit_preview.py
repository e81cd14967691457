"""What a limit on a measured value of a grid's squares or holes would keep and lose."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from smartscope.domain.labels import HOLE_LABELS, SQUARE_LABELS
from smartscope.domain.selector_limits import Consequence, Judged, Limits, consequence
from smartscope.domain.status import SPENT, TargetStatus
from smartscope.models import Grid, Hole, Square

T = TargetStatus
_WANTED = frozenset({T.FOUND, T.QUEUED})


@dataclass(frozen=True, slots=True)
class Measure:
    """A stored value of squares or holes, and its unit."""

    of: type[Square] | type[Hole]
    value: Callable[[Square | Hole], float | None]
    unit: str


def _column(name: str) -> Callable[[Square | Hole], float | None]:
    return lambda row: getattr(row, name)


#: what limits may be set on, by the name people give
MEASURES: Mapping[str, Measure] = {
    "square_area": Measure(Square, _column("area_um2"), "µm²"),
    "square_grey": Measure(Square, _column("mean_intensity"), ""),
    "square_score": Measure(Square, _column("score"), ""),
    "square_probability": Measure(Square, _column("probability"), ""),
    "square_distance": Measure(
        Square, lambda row: math.hypot(row.stage_x_um, row.stage_y_um), "µm"
    ),
    "hole_ice": Measure(Hole, _column("ice_thickness_nm"), "nm"),
    "hole_grey": Measure(Hole, _column("intensity"), ""),
    "hole_diameter": Measure(Hole, lambda row: 2.0 * getattr(row, "radius_um", 0.0), "µm"),
    "hole_score": Measure(Hole, _column("score"), ""),
}


def limit_preview(grid: Grid, measure: str, limits: Limits) -> Consequence:
    """Counts over the grid's own targets; `measure` is a key of MEASURES."""
    chosen = MEASURES[measure]
    if chosen.of is Square:
        squares = Square.objects.filter(grid=grid, external=False)
        return consequence((_judged(row, chosen, SQUARE_LABELS) for row in squares), limits)
    holes = Hole.objects.filter(square__grid=grid, square__external=False)
    return consequence((_judged(row, chosen, HOLE_LABELS) for row in holes), limits)


def _judged(row: Square | Hole, measure: Measure, labels: Mapping[str, bool]) -> Judged:
    status = TargetStatus(row.status)
    word: bool | None = None
    if row.label:
        word = not labels.get(row.label, False)
    elif row.queued_by_person:
        word = True
    elif status is T.SKIPPED:
        word = False
    return Judged(measure.value(row), word, status in _WANTED, spent=status in SPENT)

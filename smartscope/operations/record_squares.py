"""Record the squares found in an atlas, and queue those that represent the grid."""

from __future__ import annotations

import math
from uuid import UUID

from smartscope.analysis.findings import SquareFindings, SquareTarget
from smartscope.domain.actor import ANALYSIS
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import Aim
from smartscope.domain.ranking import USABLE_CLASSES
from smartscope.domain.selection import Candidate, choose
from smartscope.domain.status import GRID_MOVES, GridStatus, TargetStatus, moved
from smartscope.models import Analysis, Atlas, Grid, Square
from smartscope.operations.derived_image import Derived, derived_image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import note_finder, result_of
from smartscope.operations.rerank_grid import rerank_grid

#: squares are clustered by the area that is open, in this many equal steps of the largest
AREA_STEPS = 3


def record_squares(analysis_id: UUID, findings: SquareFindings, stitched: Derived) -> None:
    """Write the stitched atlas, its squares and the choice among them, once."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        grid = Grid.objects.select_for_update(of=("self",), no_key=True).get(
            pk=analysis.image.grid_id
        )
        atlas = Atlas.objects.select_for_update(of=("self",), no_key=True).get(grid=grid)
        note_finder(analysis, findings.finder)
        atlas.image = derived_image(analysis.image, stitched)
        atlas.needs_review = findings.needs_review
        atlas.diagnostics = {
            "finder": findings.finder.name,
            "finder_version": findings.finder.version,
            "grid_empty": findings.grid_empty,
            "pitch_um": findings.pitch_um,
            "expected_count": findings.expected_count,
            "vacuum_intensity": findings.vacuum_intensity,
            "missing": [[point.x_um, point.y_um] for point in findings.missing],
        }
        atlas.save(update_fields=["image", "needs_review", "diagnostics", "updated_at"])
        squares = _write(grid, analysis, findings)
        chosen = _queue(grid, analysis, squares)
        if grid.status == GridStatus.ATLAS:
            grid.status = moved(GRID_MOVES, GridStatus.ATLAS, GridStatus.WORKING, grid.slug)
            grid.save(update_fields=["status", "updated_at"])
        rerank_grid(grid)
        record_event(
            "atlas.analysed",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(
                subjects=[atlas.pk, *chosen],
                after={"squares": len(squares), "queued": len(chosen)},
                reason=_why(squares, chosen),
            ),
        )


def _write(grid: Grid, analysis: Analysis, findings: SquareFindings) -> list[Square]:
    first = Square.objects.filter(grid=grid).count() + 1
    rows = [
        _row(grid, number, found, analysis.visible_at_s)
        for number, found in enumerate(findings.squares, start=first)
    ]
    return Square.objects.bulk_create(rows)


def _row(grid: Grid, number: int, found: SquareTarget, visible_from_s: float) -> Square:
    usable = found.label in USABLE_CLASSES
    return Square(
        grid=grid,
        number=number,
        slug=f"{grid.slug}-s{number:02d}",
        status=TargetStatus.FOUND if usable else TargetStatus.REJECTED,
        reason="" if usable else found.label,
        stage_x_um=found.stage.x_um,
        stage_y_um=found.stage.y_um,
        x_px=found.x_px,
        y_px=found.y_px,
        outline_px=[[round(x, 1), round(y, 1)] for x, y in found.outline_px],
        area_um2=_finite(found.area_um2),
        model_label=found.label,
        probability=_finite(found.probabilities.get(found.label)),
        score=_finite(found.score),
        mean_intensity=_finite(found.relative_intensity),
        diagnostics={"fill": round(found.fill, 4), "box_px": [round(v, 1) for v in found.box_px]},
        visible_from_s=visible_from_s,
    )


def _queue(grid: Grid, analysis: Analysis, squares: list[Square]) -> list[UUID]:
    """Queue the squares that represent the grid; those a person queued already count.

    Nothing is queued of an imported session: it has no microscope.
    """
    if grid.session.imported:
        return []
    by_person = Square.objects.filter(grid=grid, queued_by_person=True).count()
    return queue_squares(
        grid,
        [square for square in squares if square.status == TargetStatus.FOUND],
        max(0, grid.squares_per_grid - by_person),
        visible_from_s=analysis.visible_at_s,
    )


def queue_squares(
    grid: Grid, found: list[Square], count: int, *, visible_from_s: float
) -> list[UUID]:
    """Queue at most `count` of the squares found, by the grid's aim: kinds are of open area."""
    before = list(Square.objects.filter(grid=grid, queue_position__isnull=False))
    largest = max((square.area_um2 or 0.0 for square in [*found, *before]), default=0.0)
    chosen = choose(
        [_candidate(square, largest) for square in found],
        count,
        [_candidate(square, largest) for square in before],
        aim=Aim(grid.selection_aim),
        yields=_promise(found, largest),
    )
    rows = {_key(square): square for square in found}
    for position, choice in enumerate(chosen, start=len(before) + 1):
        square = rows[choice.id]
        square.status = TargetStatus.QUEUED
        square.queue_position = position
        square.visible_from_s = visible_from_s
        square.chosen_because = choice.why
        square.save(
            update_fields=[
                "status",
                "queue_position",
                "visible_from_s",
                "chosen_because",
                "updated_at",
            ]
        )
    return [rows[choice.id].pk for choice in chosen]


def _promise(squares: list[Square], largest_um2: float) -> dict[int, float]:
    """By kind: the mean probability of its squares to be good."""
    kinds: dict[int, list[float]] = {}
    for square in squares:
        kinds.setdefault(_kind(square, largest_um2), []).append(square.probability or 0.0)
    return {kind: math.fsum(sorted(each)) / len(each) for kind, each in kinds.items()}


def _key(square: Square) -> str:
    """Sorts as squares are numbered, so that ties do not depend on chance."""
    return f"{square.number:06d}"


def _kind(square: Square, largest_um2: float) -> int:
    share = (square.area_um2 or 0.0) / largest_um2 if largest_um2 > 0.0 else 0.0
    return min(int(share * AREA_STEPS), AREA_STEPS - 1)


def _candidate(square: Square, largest_um2: float) -> Candidate:
    return Candidate(
        id=_key(square),
        position=Point(square.stage_x_um, square.stage_y_um),
        clusters=(_kind(square, largest_um2),),
        value=square.mean_intensity,
    )


def _why(squares: list[Square], chosen: list[UUID]) -> str:
    usable = sum(square.model_label in USABLE_CLASSES for square in squares)
    if not squares:
        return "no square was found"
    return f"{usable} of {len(squares)} squares look good; {len(chosen)} were queued"


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None

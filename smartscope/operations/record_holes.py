"""Record the holes found in a square: which are in range, and which are exposed together."""

from __future__ import annotations

from uuid import UUID

from smartscope.analysis.findings import HoleFindings, HoleTarget
from smartscope.domain.actor import ANALYSIS
from smartscope.domain.status import SQUARE_MOVES, TargetStatus, moved
from smartscope.models import Analysis, Grid, Hole, Square
from smartscope.operations.derived_image import Derived, derived_image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import note_finder, result_of
from smartscope.operations.plan_groups import plan_groups
from smartscope.operations.record_squares import queue_squares
from smartscope.operations.rerank_grid import rerank_grid
from smartscope.operations.settle import settle_square

T = TargetStatus
#: a hole covered further than this by dirt is not worth its dose
CONTAMINATED_SHARE = 0.2
#: thinner than this there is no ice in the hole (targets, section 3.2)
EMPTY_NM = 5.0


def record_holes(
    analysis_id: UUID, findings: HoleFindings, stitched: Derived | None = None
) -> None:
    """Write the holes, their groups and, where a square offers none, another square, once.

    `stitched` is the picture the holes were found in, where the image is a montage.
    """
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        grid = Grid.objects.select_for_update(of=("self",), no_key=True).get(
            pk=analysis.image.grid_id
        )
        square = Square.objects.select_for_update(of=("self",), no_key=True).get(
            image=analysis.image
        )
        note_finder(analysis, findings.finder)
        square.picture = (
            analysis.image if stitched is None else derived_image(analysis.image, stitched)
        )
        holes = _write(grid, square, findings, analysis.visible_at_s)
        _note_film(square, findings)
        driven = not grid.session.imported
        planned = 0
        if driven:
            doubted = bool(findings.doubts)
            planned = plan_groups(grid, square, holes, analysis.visible_at_s, doubted=doubted)
        instead = _another_square(grid, analysis) if driven and not planned else []
        settle_square(square)
        rerank_grid(grid)
        record_event(
            "square.analysed",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(
                subjects=[square.pk, *instead],
                after={"holes": len(holes), "groups": planned},
                reason=_why(findings, holes, planned, instead),
            ),
        )


def _write(grid: Grid, square: Square, findings: HoleFindings, visible_from_s: float) -> list[Hole]:
    rows = [
        _row(grid, square, number, found, visible_from_s)
        for number, found in enumerate(findings.holes, start=square.holes.count() + 1)
    ]
    return Hole.objects.bulk_create(rows, batch_size=500)


def _row(grid: Grid, square: Square, number: int, found: HoleTarget, visible_from_s: float) -> Hole:
    reason = _against(grid, found)
    return Hole(
        square=square,
        number=number,
        slug=f"{square.slug}-h{number:03d}",
        status=T.REJECTED if reason else T.FOUND,
        reason=reason,
        stage_x_um=found.stage.x_um,
        stage_y_um=found.stage.y_um,
        stage_z_um=square.stage_z_um,
        x_px=found.x_px,
        y_px=found.y_px,
        radius_um=found.radius_um,
        model_label=found.label,
        predicted=found.origin == "predicted",
        score=found.score,
        intensity=found.relative_intensity,
        ice_thickness_nm=found.ice_thickness_nm,
        ice_thickness_error_nm=found.ice_thickness_error_nm,
        visible_from_s=visible_from_s,
    )


def _against(grid: Grid, found: HoleTarget) -> str:
    """Why a hole is not worth its dose; "" when nothing speaks against it."""
    if found.contaminant_fraction > CONTAMINATED_SHARE:
        return "contaminated"
    if found.off_lattice:
        return "off_lattice"
    ice_nm = found.ice_thickness_nm
    if ice_nm is None:
        return ""
    if ice_nm < EMPTY_NM:
        return "empty"
    if ice_nm < grid.ice_min_nm:
        return "ice_thin"
    return "ice_thick" if ice_nm > grid.ice_max_nm else ""


def _note_film(square: Square, findings: HoleFindings) -> None:
    square.hole_pitch_um = findings.pitch_um
    square.hole_diameter_um = findings.diameter_um
    square.diagnostics |= {
        "finder": findings.finder.name,
        "finder_version": findings.finder.version,
        "needs_review": findings.needs_review,
        "failures": findings.diagnostics.get("failures", ""),
        "warnings": findings.diagnostics.get("warnings", ""),
        "ice_reason": findings.ice_reason,
        "contaminated_fraction": findings.contaminated_fraction,
    }
    square.status = moved(SQUARE_MOVES, T(square.status), T.ANALYSED, f"square {square.slug}")
    square.save(
        update_fields=[
            "picture",
            "hole_pitch_um",
            "hole_diameter_um",
            "diagnostics",
            "status",
            "updated_at",
        ]
    )


def _another_square(grid: Grid, analysis: Analysis) -> list[UUID]:
    """Queue the next square in place of one without a hole worth its dose, within the budget.

    At most as many again as the protocol asks for: a grid of bad ice is left, not searched.
    """
    tried = Square.objects.filter(grid=grid, queue_position__isnull=False).count()
    if tried >= 2 * grid.squares_per_grid:
        return []
    found = list(
        Square.objects.filter(grid=grid, status=T.FOUND, external=False).order_by("number")
    )
    return queue_squares(grid, list(found), 1, visible_from_s=analysis.visible_at_s)


def _why(findings: HoleFindings, holes: list[Hole], planned: int, instead: list[UUID]) -> str:
    in_range = sum(hole.status != T.REJECTED for hole in holes)
    text = f"{in_range} of {len(holes)} holes are in range; {planned} groups were queued"
    if findings.doubts and in_range:
        doubts = "; ".join(findings.doubts)
        text = f"{text}: their places are in doubt ({doubts}); look at them, then group the square"
    return f"{text}; another square takes its place" if instead else text

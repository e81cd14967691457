"""One grid's part of the report, from its rows."""

from __future__ import annotations

from collections.abc import Iterable

from smartscope.domain.advice import Measured, suggested_settings
from smartscope.domain.status import ExposureStatus, TargetStatus
from smartscope.models import Analysis, Atlas, Exposure, Grid, Hole, Square
from smartscope.queries.evidence import evidence_of
from smartscope.queries.report.micrographs import is_usable, picture_of, telling_three
from smartscope.queries.report.values import (
    Distribution,
    GridReport,
    Incident,
    Outline,
    Picture,
)

_SEEN = (TargetStatus.ANALYSED, TargetStatus.DONE)
_IMAGED = (TargetStatus.IMAGED, *_SEEN)


def grid_report(grid: Grid, incidents: Iterable[Incident]) -> GridReport:
    """Everything known of this grid now."""
    evidence = evidence_of(grid)
    exposures = list(
        Exposure.objects.filter(hole__square__grid=grid, status=ExposureStatus.ANALYSED)
        .select_related("sum_image", "spectrum_image")
        .order_by("exposed_at_s")
    )
    picture, outlines = _atlas(grid)
    return GridReport(
        id=grid.pk,
        slug=grid.slug,
        name=grid.name,
        sample=grid.sample,
        position=grid.position,
        hole_type=grid.hole_type,
        mesh=grid.mesh,
        status=grid.status,
        status_reason=grid.status_reason,
        verdict=grid.verdict or grid.suggested_verdict,
        verdict_by_person=bool(grid.verdict),
        confidence=grid.confidence,
        reasons=tuple(grid.verdict_reasons),
        expected_usable_holes=grid.expected_usable_holes,
        holes_in_range=grid.holes_in_range,
        success_rate=grid.success_rate,
        squares_found=evidence.squares_found,
        squares_good=evidence.good_squares,
        squares_imaged=evidence.squares_imaged,
        exposures=len(exposures),
        exposures_usable=sum(is_usable(each, grid) for each in exposures),
        holes_lost=Hole.objects.filter(square__grid=grid, status=TargetStatus.LOST).count(),
        atlas=picture,
        outlines=outlines,
        micrographs=telling_three(exposures, grid),
        distributions=tuple(_distributions(grid, exposures)),
        suggestions=_suggestions(grid, exposures),
        incidents=tuple(each for each in incidents if each.grid == grid.pk),
        methods=_methods(grid),
        minutes=_minutes(grid),
    )


def _atlas(grid: Grid) -> tuple[Picture | None, tuple[Outline, ...]]:
    atlas = Atlas.objects.filter(grid=grid).select_related("image").first()
    picture = None if atlas is None else picture_of(atlas.image)
    if picture is None:
        return None, ()
    squares = Square.objects.filter(grid=grid, external=False).order_by("number")
    return picture, tuple(
        Outline(
            slug=square.slug,
            corners_px=tuple((float(x), float(y)) for x, y in square.outline_px),
            square_class=square.label or square.model_label,
            imaged=square.status in _IMAGED,
        )
        for square in squares
    )


def _distributions(grid: Grid, exposures: list[Exposure]) -> Iterable[Distribution]:
    holes = Hole.objects.filter(
        square__grid=grid, square__status__in=_SEEN, ice_thickness_nm__isnull=False
    )
    found = (
        (
            "ice in the holes found",
            "nm",
            list(holes.values_list("ice_thickness_nm", flat=True)),
            (grid.ice_min_nm, grid.ice_max_nm),
        ),
        ("CTF fit", "Å", [each.ctf_fit_angstrom for each in exposures], None),
        ("motion", "Å", [each.drift_total_angstrom for each in exposures], None),
        ("defocus", "µm", [each.defocus_um for each in exposures], None),
    )
    for name, unit, values, wanted in found:
        known = tuple(value for value in values if value is not None)
        if len(known) > 1:
            yield Distribution(name=name, unit=unit, values=known, wanted=wanted)


def _suggestions(grid: Grid, exposures: list[Exposure]) -> tuple[str, ...]:
    measured = [
        Measured(
            usable=is_usable(each, grid),
            ice_nm=each.ice_thickness_nm,
            drift_total_angstrom=each.drift_total_angstrom,
            drift_early_angstrom=each.drift_early_angstrom,
            target_defocus_um=each.target_defocus_um,
            defocus_um=each.defocus_um,
        )
        for each in exposures
    ]
    return suggested_settings(measured, ice_range_nm=(grid.ice_min_nm, grid.ice_max_nm))


def _methods(grid: Grid) -> tuple[str, ...]:
    rows = Analysis.objects.filter(image__grid=grid).values_list("plugin", "plugin_version")
    return tuple(f"{name} {version}" for name, version in sorted(set(rows)))


def _minutes(grid: Grid) -> float | None:
    if grid.started_at_s is None or grid.ended_at_s is None:
        return None
    return (grid.ended_at_s - grid.started_at_s) / 60.0

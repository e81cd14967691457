"""The report as a template wants it: every number in words, every chart as bars."""

from __future__ import annotations

from typing import Any

from frontend.report.charts import histogram
from frontend.report.pictures import Source
from frontend.report.words import CAUSES, VERDICTS, duration, measured, percent
from smartscope.domain.labels import EXPOSURE_CLASSES
from smartscope.queries.report.values import GridReport, Micrograph, Picture, SessionReport


def context(report: SessionReport, source: Source) -> dict[str, Any]:
    """Everything the template shows; `source` says where pictures are."""
    ranked = [_grid(place, grid, source) for place, grid in enumerate(report.grids, start=1)]
    return {
        "report": report,
        "grids": ranked,
        "night": _night(report),
        "waits": _waits(report),
    }


def _night(report: SessionReport) -> list[tuple[str, str]]:
    rows = [("Exposures measured", f"{report.exposures:,}")]
    if report.microscope_s is not None:
        rows.insert(0, ("Time at the microscope", duration(report.microscope_s)))
        rows += [
            ("Dose spent, over all images", f"{report.dose_e_per_angstrom2:,.0f} e/Å²"),
            ("Waiting for the software", percent(report.software_waiting_fraction)),
        ]
    return rows


def _waits(report: SessionReport) -> list[tuple[str, str]]:
    longest = sorted(report.waiting_s.items(), key=lambda pair: -pair[1])
    return [(CAUSES.get(cause, cause), duration(s)) for cause, s in longest if s >= 1.0]


def _grid(place: int, grid: GridReport, source: Source) -> dict[str, Any]:
    expected = grid.expected_usable_holes
    return {
        "place": place,
        "value": grid,
        "verdict": VERDICTS.get(grid.verdict, grid.verdict),
        "expected": "" if expected is None else f"{expected:,.0f}",
        "confidence": percent(grid.confidence),
        "duration": "" if grid.minutes is None else duration(60 * grid.minutes),
        "atlas": _atlas(grid, source),
        "micrographs": [_micrograph(each, source) for each in grid.micrographs],
        "histograms": [histogram(each) for each in grid.distributions],
    }


def _atlas(grid: GridReport, source: Source) -> dict[str, Any] | None:
    if grid.atlas is None:
        return None
    return {
        "source": source(grid.atlas),
        "width": grid.atlas.width_px,
        "height": grid.atlas.height_px,
        "stroke": round(max(grid.atlas.width_px, grid.atlas.height_px) / 300, 1),
        "outlines": [
            {
                "points": " ".join(f"{x:.0f},{y:.0f}" for x, y in outline.corners_px),
                "label": outline.square_class or "no class",
                "imaged": outline.imaged,
                "slug": outline.slug,
            }
            for outline in grid.outlines
        ],
        "classes": _classes(grid),
    }


def _classes(grid: GridReport) -> list[tuple[str, int]]:
    counts: dict[str, int] = {}
    for outline in grid.outlines:
        name = outline.square_class or "no class"
        counts[name] = counts.get(name, 0) + 1
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _micrograph(shot: Micrograph, source: Source) -> dict[str, Any]:
    defocus = measured(shot.defocus_um, "µm", 2)
    if shot.defocus_um is None and shot.target_defocus_um is not None:
        defocus = f"{shot.target_defocus_um:.2f} µm asked for"
    return {
        "value": shot,
        "seen": EXPOSURE_CLASSES.get(shot.quality_class, ""),
        "picture": _source(shot.picture, source),
        "spectrum": _source(shot.spectrum, source),
        "facts": [
            ("Ice", measured(shot.ice_nm, "nm", 0)),
            ("Motion", measured(shot.drift_angstrom, "Å", 1)),
            ("CTF fit", measured(shot.ctf_fit_angstrom, "Å", 1)),
            ("Defocus", defocus),
        ],
    }


def _source(picture: Picture | None, source: Source) -> str:
    return "" if picture is None else source(picture)

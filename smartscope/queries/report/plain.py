"""The report as plain values for programs: nested for JSON, one row per grid for a spreadsheet."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from smartscope.queries.report.values import GridReport, SessionReport

COLUMNS = {
    "place": int,
    "slot": int,
    "grid": str,
    "sample": str,
    "hole_type": str,
    "mesh": str,
    "status": str,
    "verdict": str,
    "verdict_by_person": bool,
    "expected_usable_holes": float,
    "confidence": float,
    "success_rate": float,
    "holes_in_range": int,
    "squares_found": int,
    "squares_good": int,
    "squares_imaged": int,
    "exposures": int,
    "exposures_usable": int,
    "holes_lost": int,
    "ice_median_nm": float,
    "ctf_fit_median_angstrom": float,
    "motion_median_angstrom": float,
    "minutes": float,
    "reasons": str,
    "simulated": bool,
}
_MEDIANS = {
    "ice_median_nm": "ice in the holes found",
    "ctf_fit_median_angstrom": "CTF fit",
    "motion_median_angstrom": "motion",
}


def as_mapping(report: SessionReport) -> dict[str, Any]:
    """Everything, without the places of pictures on storage."""
    values = asdict(report)
    for grid in values["grids"]:
        grid["atlas"] = _image(grid["atlas"])
        for shot in grid["micrographs"]:
            shot["picture"], shot["spectrum"] = _image(shot["picture"]), _image(shot["spectrum"])
    return values


def as_rows(report: SessionReport) -> list[list[Any]]:
    """One row per grid in the order of `COLUMNS`; None where nothing was measured."""
    return [
        _row(place, grid, simulated=report.simulated)
        for place, grid in enumerate(report.grids, start=1)
    ]


def _row(place: int, grid: GridReport, *, simulated: bool) -> list[Any]:
    medians = {each.name: each.median for each in grid.distributions}
    known: dict[str, Any] = {
        "place": place,
        "slot": grid.position,
        "grid": grid.name,
        "reasons": " ".join(grid.reasons),
        "simulated": simulated,
    } | {column: medians.get(name) for column, name in _MEDIANS.items()}
    return [known[c] if c in known else getattr(grid, c) for c in COLUMNS]


def _image(picture: dict[str, Any] | None) -> Any:
    return None if picture is None else picture["image"]

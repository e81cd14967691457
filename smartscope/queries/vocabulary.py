"""The words a plan is written in: films, meshes, labels and every parameter with its limits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from smartscope.domain.labels import EXPOSURE_LABELS, HOLE_LABELS, SQUARE_LABELS
from smartscope.domain.protocol import (
    HOLE_TYPES,
    LIMITS,
    MESH_MATERIALS,
    MESHES,
    WORDS,
    CollectionProtocol,
)
from smartscope.models import Verdict

UNITS: Mapping[str, str] = {
    "_um": "µm",
    "_nm": "nm",
    "_deg": "°",
    "_h": "h",
    "_minutes": "min",
    "_angstrom_per_s": "Å/s",
    "_angstrom": "Å",
    "_e_per_angstrom2": "e/Å²",
}
HELP: Mapping[str, str] = {
    "atlas_only": "Take the atlas of each grid and nothing else.",
    "atlas_tiles_x": "Columns of the atlas montage.",
    "atlas_tiles_y": "Rows of the atlas montage.",
    "square_tiles_x": "Columns of the square montage.",
    "square_tiles_y": "Rows of the square montage.",
    "squares_per_grid": "How many squares are imaged on each grid.",
    "holes_per_square": "Stage targets per square; 0 takes all, which is collection.",
    "selection_aim": "Sample every kind, kinds as common as they are, or the most promising.",
    "image_shift_radius_um": "How far the beam may be shifted from a stage position; 0 is off.",
    "min_group_size": "Holes fewer than this are not worth a stage move.",
    "max_group_size": "No group holds more holes; empty: as many as the radius reaches.",
    "max_focus_change_um": "Tilted: no shift may change the focus by more; empty is off.",
    "defocus_min_um": "Least underfocus.",
    "defocus_max_um": "Greatest underfocus.",
    "defocus_step_um": "Step from least to greatest, group by group; 0 keeps the least.",
    "drift_limit_angstrom_per_s": "Wait until the stage drifts less; empty is off.",
    "tilt_deg": "Stage tilt while exposing.",
    "save_frames": "Keep the frames of each movie, not only its sum.",
    "zero_loss_interval_h": "Refine the zero-loss peak this often; empty is off.",
    "gun_flash_interval_h": "Ask the gun this often whether it wants flashing; empty is off.",
    "dark_reference_interval_h": "Renew the camera's dark reference this often; empty is off.",
    "tuning_interval_h": "Correct astigmatism and coma beside a group this often; empty is off.",
    "offset_targeting": "Expose off the hole's centre; empty: when screening.",
    "offset_distance_um": "How far off; empty: drawn anew within half a hole's radius.",
    "pause_between_grids": "Wait for a person after each grid.",
    "resumes_by_itself": "After a gap go on when nothing changed; else a person resumes.",
    "record_dose_e_per_angstrom2": "Dose of one exposure.",
    "ice_min_nm": "Holes with thinner ice are not imaged unless a person queues them.",
    "ice_max_nm": "Holes with thicker ice are not imaged unless a person queues them.",
    "budget_minutes": "After so long on a grid only what a person queued is imaged; empty is off.",
    "picking_method": "Who looks for particles in every exposure; none: only where asked.",
    "particle_diameter_angstrom": "Size of the particles; empty: measured in the exposures.",
    "denoise_exposures": "Make a denoised picture of every exposure, not only where asked.",
    "fine_sums": "Make a sum on half the pixel of every exposure, not only where asked.",
}


def vocabulary() -> dict[str, Any]:
    """Everything the page needs to draw a plan's form."""
    return {
        "hole_types": [asdict(film) for film in HOLE_TYPES.values()],
        "meshes": [asdict(mesh) for mesh in MESHES.values()],
        "mesh_materials": list(MESH_MATERIALS),
        "square_labels": _labels(SQUARE_LABELS),
        "hole_labels": _labels(HOLE_LABELS),
        "exposure_labels": _labels(EXPOSURE_LABELS),
        "verdicts": [str(verdict) for verdict in Verdict],
        "parameters": [
            _parameter(field.name, str(field.type)) for field in fields(CollectionProtocol)
        ],
    }


def _labels(table: Mapping[str, bool]) -> list[dict[str, Any]]:
    return [{"name": name, "excludes": excludes} for name, excludes in table.items()]


def _parameter(name: str, annotation: str) -> dict[str, Any]:
    kinds = {"bool": "boolean", "int": "integer", "float": "number"}
    words = WORDS.get(name)
    minimum, maximum = LIMITS.get(name, (None, None))
    return {
        "name": name,
        "kind": "choice" if words else kinds[annotation.removesuffix(" | None")],
        "default": getattr(CollectionProtocol(), name),
        "nullable": annotation.endswith("None"),
        "minimum": minimum,
        "maximum": maximum,
        "choices": [str(word) for word in words or ()],
        "unit": next((unit for ending, unit in UNITS.items() if name.endswith(ending)), ""),
        "help": HELP[name],
    }

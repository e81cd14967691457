"""What the control port tells about the truth: exposures, the instrument, what the beam hits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.command_log import exposed
from smartscope.microscope.simulator.scope import Scope
from smartscope.microscope.simulator.specimen.values import Box
from smartscope.microscope.simulator.state import PARTS, to_json
from smartscope.microscope.values import Area


def truth(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    """Answer {"what": "exposures" | "state" | "centre" | "squares" | "holes", ...}.

    `exposures` takes `after` (a serial), `centre` an `area`; `squares` and `holes` take x_um, y_um
    and reach_um in specimen coordinates. Raises BadInstrumentSettings.
    """
    what = str(request.get("what", "state"))
    if what not in _ANSWERS:
        raise BadInstrumentSettings(f"There is no truth {what!r}; ask {', '.join(_ANSWERS)}.")
    return _ANSWERS[what](scope, request)


def _exposures(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    after = int(request.get("after", 0))
    return {"exposures": [exposed(each) for each in scope.world.exposures.all()[after:]]}


def _state(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    parts = {name: to_json(getattr(scope.world.state, name)) for name in PARTS}
    return {
        **parts,
        "now_s": scope.world.clock.now(),
        "began_at_s": scope.world.began_at_s,
        "refilling": scope.refilling(),
        "exposures": len(scope.world.exposures),
    }


def _centre(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    """Where on the specimen the middle of an area's image really is, and its true defocus."""
    area = Area(request.get("area", scope.world.state.lenses.area))
    pose = scope.true_pose(area)
    return {
        "grid_id": scope.specimen().spec.grid_id,
        "area": area.value,
        "x_um": pose.x_um,
        "y_um": pose.y_um,
        "rotation_deg": pose.rotation_deg,
        "pixel_um": scope.true_pixel_um(area),
        "defocus_um": scope.true_defocus_um(area),
        "height_excess_um": scope.height_excess_um(scope.true_stage(area)),
        "drift_angstrom_per_s": list(scope.drift_angstrom_per_s()),
        "intensity": scope.illumination(),
    }


def _squares(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    squares = scope.specimen().squares(_box(request, 1000.0))
    return {
        "squares": [
            {
                "id": list(each.id),
                "x_um": each.stage_x_um,
                "y_um": each.stage_y_um,
                "label": each.label.value,
                "usable": each.usable,
            }
            for each in squares
        ]
    }


def _holes(scope: Scope, request: Mapping[str, Any]) -> dict[str, Any]:
    holes = scope.specimen().holes(_box(request, 10.0))
    return {
        "holes": [
            {
                "id": list(each.id),
                "x_um": each.stage_x_um,
                "y_um": each.stage_y_um,
                "diameter_um": each.diameter_um,
                "fault": each.fault.value,
                "ice_nm": each.ice_nm,
                "visible": each.visible,
            }
            for each in holes
        ]
    }


def _box(request: Mapping[str, Any], reach_um: float) -> Box:
    return Box.around(
        float(request.get("x_um", 0.0)),
        float(request.get("y_um", 0.0)),
        float(request.get("reach_um", reach_um)),
    )


_ANSWERS: Mapping[str, Callable[[Scope, Mapping[str, Any]], dict[str, Any]]] = {
    "exposures": _exposures,
    "state": _state,
    "centre": _centre,
    "squares": _squares,
    "holes": _holes,
}

"""Ground truth of every image as JSON lines with arrays beside them; for those who score.

Never imported by what decides: a test, a benchmark or the training-set command builds a
`TruthFile` and hands it to the simulator. Pixel origin: centre of the first pixel, x right, y
down. Defocus in Å, underfocus positive; angles in degrees. Positions are specimen µm except where
a key ends in `_px`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from smartscope.domain.geometry import Affine, Point
from smartscope.microscope.simulator.optics.values import RecordTruth
from smartscope.microscope.simulator.specimen.values import Box, Hole, Square
from smartscope.microscope.simulator.witness import Witnessed
from smartscope.microscope.values import Area

SCHEMA_VERSION = 1


class TruthFile:
    """A witness that appends one line per image to `path` and arrays to `arrays/` beside it."""

    def __init__(self, path: Path) -> None:
        """`path` is created with its folder."""
        self._path = path
        self._arrays = path.parent / "arrays"
        self._arrays.mkdir(parents=True, exist_ok=True)

    def saw(self, image: Witnessed) -> None:
        """Write the truth of one image."""
        line = truth_of(image)
        if image.record is not None:
            name = f"{image.exposure.serial:06d}.npz"
            np.savez_compressed(self._arrays / name, **_arrays(image.record))
            line["arrays"] = f"arrays/{name}"
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a truth file, in order."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def truth_of(image: Witnessed) -> dict[str, Any]:
    """Everything true about one image, as JSON values."""
    exposure, spec = image.exposure, image.specimen.spec
    truth: dict[str, Any] = {
        "schema_version": SCHEMA_VERSION,
        "grid_id": exposure.grid_id,
        "version": spec.version,
        "level": image.area.value,
        "serial": exposure.serial,
        "item": exposure.item,
        "repeat": exposure.repeat,
        "start_s": exposure.start_s,
        "dose_e_per_a2": exposure.dose_e_per_a2,
        "shape": list(image.shape),
        "commanded": {
            "x_um": image.commanded.x_um,
            "y_um": image.commanded.y_um,
            "z_um": image.commanded.z_um,
            "tilt_deg": image.commanded.tilt_deg,
            "shift_x_um": image.image_shift.x_um,
            "shift_y_um": image.image_shift.y_um,
            "defocus_angstrom": image.commanded_defocus_um * 1e4,
        },
        "true": {
            "x_um": image.pose.x_um,
            "y_um": image.pose.y_um,
            "rotation_deg": image.pose.rotation_deg,
            "tilt_deg": image.pose.tilt_deg,
            "defocus_angstrom": image.defocus_um * 1e4,
            "height_excess_um": image.height_excess_um,
            "drift_angstrom_per_s": list(image.drift_angstrom_per_s),
            "intensity": image.intensity,
        },
        "pixel_to_stage_nominal": image.nominal.as_list(),
        "pixel_to_specimen_true": image.true.as_list(),
    }
    truth |= _visible(image)
    if image.record is not None:
        truth["record"] = _record(image.record)
    return truth


def _visible(image: Witnessed) -> dict[str, Any]:
    box = Box.of_image(image.true, image.shape)
    if image.area is Area.ATLAS:
        return {"squares": [_square(each, image.true) for each in image.specimen.squares(box)]}
    return {"holes": [_hole(each, image.true) for each in image.specimen.holes(box)]}


def _square(square: Square, true: Affine) -> dict[str, Any]:
    numbers = square.numbers
    return {
        "id": list(square.id),
        "x_um": square.stage_x_um,
        "y_um": square.stage_y_um,
        "z_um": square.z_um,
        "polygon_px": [list(_pixel(true, x, y)) for x, y in square.corners_um()],
        "label": square.label.value,
        "sub_label": square.sub_label,
        "usable": square.usable,
        "opening_um": square.opening_um,
        "visible_fraction": numbers.visible_fraction,
        "missing_foil_fraction": numbers.missing_foil_fraction,
        "contaminated_fraction": numbers.contaminated_fraction,
        "bright_fraction": numbers.bright_fraction,
        "median_hole_ice_nm": numbers.median_hole_ice_nm,
        "iqr_hole_ice_nm": numbers.iqr_hole_ice_nm,
        "holes": numbers.holes,
        "usable_holes": numbers.usable_holes,
    }


def _hole(hole: Hole, true: Affine) -> dict[str, Any]:
    return {
        "id": list(hole.id),
        "square_id": list(hole.square_id),
        "x_um": hole.stage_x_um,
        "y_um": hole.stage_y_um,
        "centre_px": list(_pixel(true, hole.stage_x_um, hole.stage_y_um)),
        "diameter_um": hole.diameter_um,
        "ellipticity": hole.ellipticity,
        "ellipse_angle_deg": hole.ellipse_angle_deg,
        "fault": hole.fault.value,
        "ice_nm": hole.ice_nm,
        "ice_min_nm": hole.ice_min_nm,
        "ice_max_nm": hole.ice_max_nm,
        "ice_class": hole.ice_class.value,
        "visible": hole.visible,
    }


def _record(record: RecordTruth) -> dict[str, Any]:
    ctf = record.ctf
    return {
        "defocus_u_angstrom": ctf.defocus_u_angstrom,
        "defocus_v_angstrom": ctf.defocus_v_angstrom,
        "astigmatism_angle_deg": ctf.astigmatism_angle_deg,
        "phase_shift_deg": ctf.phase_shift_deg,
        "voltage_kv": ctf.voltage_kv,
        "spherical_aberration_mm": ctf.spherical_aberration_mm,
        "amplitude_contrast": ctf.amplitude_contrast,
        "mean_ice_nm": record.mean_ice_nm,
        "shifts_px": record.shifts_px.tolist(),
        "particles": [
            {
                "id": list(particle.id),
                "centre_px": [float(x), float(y)],
                "z_nm": particle.z_nm,
                "quaternion": list(particle.quaternion),
                "species": particle.species,
                "conformer": particle.conformer,
            }
            for particle, (x, y) in zip(record.particles, record.particle_px, strict=True)
        ],
    }


def _arrays(record: RecordTruth) -> Mapping[str, Any]:
    return {
        "noise_free": record.noise_free,
        "ice_nm": record.ice_nm.astype(np.float32),
        "foil": record.foil.astype(np.float16),
        "gain": record.gain,
        "local_px": record.local_px,
        "shifts_px": record.shifts_px,
    }


def _pixel(true: Affine, x_um: float, y_um: float) -> tuple[float, float]:
    return true.to_pixel(Point(x_um, y_um))

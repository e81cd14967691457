"""Settings of a small site, as a microscope's row would hold them."""

from __future__ import annotations

from typing import Any

#: pixel (Å), sides (px), dose (e/Å²), exposure (s)
_AREAS = {
    "atlas": (2000.0, 64, 1e-4, 1.0),
    "square": (500.0, 64, 1e-3, 1.0),
    "hole": (50.0, 64, 0.1, 1.0),
    "focus": (2.0, 64, 2.0, 0.5),
    "record": (1.0, 64, 40.0, 4.0),
}


def site(**changes: Any) -> dict[str, Any]:
    """A site whose frames are saved where this machine sees them."""
    return {
        "areas": {
            area: {
                "pixel_size_angstrom": pixel,
                "width_px": side,
                "height_px": side,
                "dose_e_per_a2": dose,
                "exposure_s": exposure,
            }
            for area, (pixel, side, dose, exposure) in _AREAS.items()
        },
        "atlas_state": "atlas",
        "frames_folder": "X:\\frames",
        "frames_mount": "/nowhere",
        **changes,
    }

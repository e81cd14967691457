"""Exposures with particles in the terms of the files that are written of them."""

from __future__ import annotations

import math
from pathlib import PurePosixPath

from smartscope.analysis.picking.coordinate_files import OpticsGroup, PickedMicrograph
from smartscope.models import Exposure, Grid
from smartscope.queries.picked_micrographs import PickedExposure

#: where a stack's box has no size of its own
BOX_DIAMETERS = 1.5


def micrograph_of(one: PickedExposure) -> PickedMicrograph:
    """Named by the movie's own file, as those who process the movies know it."""
    exposure, image = one.exposure, one.image
    stem = PurePosixPath(exposure.movie_name or image.key).stem
    focus = exposure.defocus_um
    half = 5.0 * (exposure.astigmatism_nm or 0.0)
    return PickedMicrograph(
        name=f"{stem}.mrc",
        width_px=image.width_px,
        height_px=image.height_px,
        pixel_size_angstrom=image.pixel_size_angstrom,
        centres_px=one.particles_px,
        scores=one.scores,
        defocus_u_angstrom=None if focus is None else 1e4 * focus + half,
        defocus_v_angstrom=None if focus is None else 1e4 * focus - half,
        defocus_angle_deg=None if focus is None else exposure.astigmatism_axis_deg or 0.0,
        defocus_slope=_slope(exposure),
    )


def _slope(exposure: Exposure) -> tuple[float, float]:
    """How underfocus grows over the field, Å per Å; nothing where no tilt was measured."""
    if exposure.specimen_tilt_deg is None or exposure.defocus_rises_deg is None:
        return (0.0, 0.0)
    steep = math.tan(math.radians(exposure.specimen_tilt_deg))
    towards = math.radians(exposure.defocus_rises_deg)
    return (steep * math.cos(towards), steep * math.sin(towards))


def optics_of(grid: Grid, pixel_size_angstrom: float) -> OpticsGroup:
    """Of the microscope the grid was in."""
    microscope = grid.session.microscope
    return OpticsGroup(
        voltage_kv=microscope.voltage_kv,
        spherical_aberration_mm=microscope.spherical_aberration_mm,
        pixel_size_angstrom=pixel_size_angstrom,
    )


def box_px_of(one: PickedExposure, asked_px: int | None) -> int:
    """Even: as asked, or 1.5 diameters."""
    if asked_px is not None:
        return 2 * round(asked_px / 2)
    diameter = one.diameter_angstrom or 2.0 * one.image.pixel_size_angstrom
    return max(16, 2 * round(BOX_DIAMETERS * diameter / one.image.pixel_size_angstrom / 2))

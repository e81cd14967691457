"""What is known of a grid before looking: film, mesh, and how bright vacuum is."""

from __future__ import annotations

from smartscope.analysis.base import FindContext
from smartscope.domain.errors import BadFile
from smartscope.domain.geometry import Affine
from smartscope.domain.protocol import HOLE_TYPES, MESHES
from smartscope.models import Atlas, Grid, Image

#: inelastic and elastic mean free path outside the aperture, nm (simulator design, Rice 2018)
ATTENUATION_NM = {300: 300.0, 200: 240.0}
#: relative error of a vacuum level carried over from another magnification
CARRIED_OVER_ERROR = 0.03
#: and of one known only from the camera's calibration, as the beam drifts
CALIBRATION_ERROR = 0.05


def context_of(grid: Grid, *, vacuum: tuple[float, float] | None = None) -> FindContext:
    """Film, mesh and material as described; `vacuum` is I0 in the image's counts and its error."""
    film, mesh = HOLE_TYPES[grid.hole_type], MESHES[grid.mesh]
    voltage_kv = grid.session.microscope.voltage_kv
    level, error = vacuum or (None, CARRIED_OVER_ERROR)
    return FindContext(
        mesh_opening_um=mesh.opening_um,
        mesh_bar_um=mesh.bar_um,
        hole_diameter_um=film.diameter_um,
        hole_pitch_um=film.pitch_um,
        lattice=film.lattice,
        foil="gold" if "Au" in grid.hole_type else "carbon",
        vacuum_intensity=level,
        vacuum_intensity_error=error,
        attenuation_length_nm=ATTENUATION_NM.get(voltage_kv, 300.0),
        seed=grid.position,
    )


def vacuum_of(image: Image) -> tuple[float, float] | None:
    """I0 of an image in its counts, with its relative error: from the atlas, else calibration.

    The atlas's vacuum level is carried over by dose and pixel area. None without either.
    """
    here = _electrons_per_px(image)
    atlas = Atlas.objects.filter(grid=image.grid_id).select_related("tiles_image").first()
    level = None if atlas is None else atlas.diagnostics.get("vacuum_intensity")
    if atlas is not None and level is not None:
        there = _electrons_per_px(atlas.tiles_image)
        if there > 0.0:
            return float(level) * here / there, CARRIED_OVER_ERROR
    counts = image.grid.session.detector.counts_per_electron
    return None if counts is None or here <= 0.0 else (counts * here, CALIBRATION_ERROR)


def _electrons_per_px(image: Image) -> float:
    return float(image.dose_e_per_angstrom2 * image.pixel_size_angstrom**2)


def place_of(image: Image) -> Affine:
    """The pixel-to-stage map of an image; raises BadFile when it was never recorded."""
    values = image.pixel_to_stage
    if not isinstance(values, list):
        raise BadFile(
            f"{image.key} has no recorded place on the stage, so nothing found in it could be "
            "visited; take it again."
        )
    return Affine(*values)

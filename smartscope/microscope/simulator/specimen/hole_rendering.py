"""How much of each pixel is hole, and how the ice in it relates to the sheet."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.specimen.film import Film, HoleStates
from smartscope.microscope.simulator.specimen.ice import HOLE_CENTRE, HOLE_DISH
from smartscope.microscope.simulator.specimen.spec import IceSpec

# Between 1.3 and 1.7 hole radii per pixel resolved holes fade over into their mean fraction.
FADE_FROM_RADII = 1.3
FADE_TO_RADII = 1.7
MEAN_THICK_EXTRA_NM = 100.0

FloatImage = NDArray[np.float32]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class HolePixels:
    """Coverage by holes; ice in the hole is sheet·ice_scale + ice_extra_nm.

    `clear_fraction` of the hole is iceless where holes are not resolved one by one.
    """

    coverage: FloatImage
    ice_scale: FloatImage
    ice_extra_nm: FloatImage
    clear_fraction: float


def hole_pixels(
    film: Film,
    ice: IceSpec,
    affine: Affine,
    strip: tuple[int, int, int],
    warp: tuple[FloatImage, FloatImage],
    rough_um: FloatImage | None,
    pixel_size_um: float,
) -> HolePixels:
    """Holes in a strip (first row, rows, width); `warp` and `rough_um` are given per pixel in
    µm.
    """
    radius = film.diameter_um / 2
    fade = (pixel_size_um / radius - FADE_FROM_RADII) / (FADE_TO_RADII - FADE_FROM_RADII)
    if fade >= 1.0:
        return _unresolved(film, ice, strip)
    resolved = _resolved(film, ice, affine, strip, warp, rough_um, pixel_size_um)
    if fade <= 0.0:
        return resolved
    mean = _unresolved(film, ice, strip)
    weight = np.float32(fade)
    return HolePixels(
        resolved.coverage + weight * (mean.coverage - resolved.coverage),
        resolved.ice_scale + weight * (mean.ice_scale - resolved.ice_scale),
        resolved.ice_extra_nm + weight * (mean.ice_extra_nm - resolved.ice_extra_nm),
        float(fade) * mean.clear_fraction,
    )


def _unresolved(film: Film, ice: IceSpec, strip: tuple[int, int, int]) -> HolePixels:
    shape = strip[1:]
    clear = ice.empty_hole_probability + film.spec.torn_hole_probability
    return HolePixels(
        np.full(shape, film.hole_fraction(), dtype=np.float32),
        np.full(shape, HOLE_CENTRE + HOLE_DISH / 2, dtype=np.float32),
        np.full(shape, ice.thick_hole_probability * MEAN_THICK_EXTRA_NM, dtype=np.float32),
        clear,
    )


def _resolved(
    film: Film,
    ice: IceSpec,
    affine: Affine,
    strip: tuple[int, int, int],
    warp: tuple[FloatImage, FloatImage],
    rough_um: FloatImage | None,
    pixel_size_um: float,
) -> HolePixels:
    f, g, base = _lattice_pixels(film, affine, strip, warp)
    a, b = np.rint(f), np.rint(g)
    f -= a
    g -= b
    states, index = _states_in_view(film, ice, a, b, base)
    metric = film.metric().astype(np.float32)
    r2 = metric[0, 0] * f * f + np.float32(2) * metric[0, 1] * f * g + metric[1, 1] * g * g
    effective2 = states.radius_um**2 - pixel_size_um**2 / 12
    effective = np.where(effective2 > 0, np.sqrt(np.maximum(effective2, 0)), -1e3)
    edge = effective.astype(np.float32)[index]
    if rough_um is not None:
        edge += rough_um
    coverage = np.clip((edge - np.sqrt(r2)) / np.float32(pixel_size_um) + np.float32(0.5), 0.0, 1.0)
    dish = np.minimum(r2 / np.float32((film.diameter_um / 2) ** 2), 1.0)
    scale = np.float32(HOLE_CENTRE) + np.float32(HOLE_DISH) * dish
    scale *= states.ice_scale.astype(np.float32)[index]
    return HolePixels(coverage, scale, states.ice_extra_nm.astype(np.float32)[index], 0.0)


def _lattice_pixels(
    film: Film,
    affine: Affine,
    strip: tuple[int, int, int],
    warp: tuple[FloatImage, FloatImage],
) -> tuple[FloatImage, FloatImage, Floats]:
    """Lattice coordinates per pixel relative to a whole-number base, so that float32 suffices."""
    first_row, rows, width = strip
    inverse = np.linalg.inv(film.basis_matrix())
    step_x = inverse @ np.array([affine.a, affine.c])
    step_y = inverse @ np.array([affine.b, affine.d])
    start = inverse @ np.array([affine.tx, affine.ty]) + step_y * first_row
    base = np.rint(start + step_x * width / 2 + step_y * rows / 2)
    start = start - base
    planes = []
    for axis in (0, 1):
        plane = inverse[axis, 0].astype(np.float32) * warp[0]
        plane += inverse[axis, 1].astype(np.float32) * warp[1]
        plane += (start[axis] + step_x[axis] * np.arange(width)).astype(np.float32)[None, :]
        plane += (step_y[axis] * np.arange(rows)).astype(np.float32)[:, None]
        planes.append(plane)
    return planes[0], planes[1], base


def _states_in_view(
    film: Film, ice: IceSpec, a: FloatImage, b: FloatImage, base: Floats
) -> tuple[HoleStates, NDArray[np.intp]]:
    a0, b0 = int(a.min()), int(b.min())
    columns = int(b.max()) - b0 + 1
    grid_a, grid_b = np.meshgrid(
        np.arange(a0, int(a.max()) + 1) + int(base[0]),
        np.arange(b0, b0 + columns) + int(base[1]),
        indexing="ij",
    )
    states = film.states(grid_a, grid_b, ice)
    flat = HoleStates(*(getattr(states, name).ravel() for name in HoleStates.__slots__))
    index = (a - np.float32(a0)) * np.float32(columns) + (b - np.float32(b0))
    return flat, index.astype(np.intp)

"""A volume from a tilt series whose geometry is known, in slabs of rows, so that memory does not
grow with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.projector import rows_at_once
from smartscope.analysis.tomography.sirt import ITERATIONS, sirt
from smartscope.analysis.tomography.tilts import as_density, checked_tilts, upright
from smartscope.analysis.tomography.wbp import back_projected, weighted
from smartscope.analysis.tomography.weighting import Weighting
from smartscope.domain.errors import InvalidInput

THINNEST_PX: Final = 4


class Method(StrEnum):
    """WBP is linear and measures; SIRT is for eyes."""

    WBP = "wbp"
    SIRT = "sirt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How a volume is made; `depth_px` is its height along the untilted beam."""

    method: Method = Method.WBP
    depth_px: int
    weighting: Weighting = Weighting.AUTO
    iterations: int = ITERATIONS
    voltage_kv: float = 300.0

    def __post_init__(self) -> None:
        if self.depth_px < THINNEST_PX:
            raise InvalidInput(
                {"depth_px": f"{self.depth_px} is too thin; give at least {THINNEST_PX} voxels."}
            )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tomogram:
    """`volume` float32 (depth, height, width) as z, y, x, protein bright."""

    volume: FloatImage
    pixel_size_angstrom: float
    method: Method


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A series ready for `slabs`: upright density, or filtered pictures for WBP.

    `lines` is (tilts, samples, height).
    """

    lines: FloatImage
    geometry: TiltGeometry
    width_px: int

    @property
    def height_px(self) -> int:
        """Rows of the volume."""
        return int(self.lines.shape[2])


def prepare(
    pictures: NDArray[np.generic],
    geometry: TiltGeometry,
    settings: Settings,
    *,
    pixel_size_angstrom: float,
) -> Prepared:
    """Check, move, turn and filter a stack (pictures, height, width).

    Raises `UnusableImage` and `InvalidInput` as `checked_tilts`.
    """
    density = upright(as_density(checked_tilts(pictures, geometry)), geometry)
    if settings.method is Method.WBP:
        lines = weighted(
            density,
            geometry,
            depth_px=settings.depth_px,
            weighting=settings.weighting,
            pixel_size_angstrom=pixel_size_angstrom,
            voltage_kv=settings.voltage_kv,
        )
    else:
        lines = np.ascontiguousarray(density.transpose(0, 2, 1))
    return Prepared(lines, geometry, int(pictures.shape[2]))


def slab(prepared: Prepared, settings: Settings, rows: slice) -> FloatImage:
    """The rows of a volume: (depth, rows, width)."""
    lines = np.ascontiguousarray(prepared.lines[:, :, rows])
    if settings.method is Method.WBP:
        found = back_projected(
            lines, prepared.geometry, depth_px=settings.depth_px, width_px=prepared.width_px
        )
    else:
        found = sirt(
            lines,
            prepared.geometry.angles_deg,
            depth_px=settings.depth_px,
            iterations=settings.iterations,
        )
    return np.ascontiguousarray(found.transpose(0, 2, 1))


def slabs(prepared: Prepared, settings: Settings) -> Iterator[slice]:
    """Rows that fit into memory together, from the first to the last."""
    step = rows_at_once(settings.depth_px, prepared.width_px)
    for first in range(0, prepared.height_px, step):
        yield slice(first, min(first + step, prepared.height_px))


def reconstruct(
    pictures: NDArray[np.generic],
    geometry: TiltGeometry,
    settings: Settings,
    *,
    pixel_size_angstrom: float,
) -> Tomogram:
    """The whole volume of a stack of counts (pictures, height, width), dark where density is.

    Raises `UnusableImage` and `InvalidInput` as `prepare`.
    """
    prepared = prepare(pictures, geometry, settings, pixel_size_angstrom=pixel_size_angstrom)
    volume = np.empty((settings.depth_px, prepared.height_px, prepared.width_px), dtype=np.float32)
    for rows in slabs(prepared, settings):
        volume[:, rows] = slab(prepared, settings, rows)
    return Tomogram(volume=volume, pixel_size_angstrom=pixel_size_angstrom, method=settings.method)

"""Which film this is: kind of lattice, how evenly stretched, and which vendors' type is nearest."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FindContext, FloatArray
from smartscope.domain.protocol import HOLE_TYPES

#: stretched further than this, tilt or pixel size is not what was said
EVEN_WITHIN = 0.03
#: and further than this it is neither a square nor a triangular lattice
KNOWN_WITHIN = 0.12
SAME_PITCH = 0.1
SAME_DIAMETER = 0.25

Vectors = tuple[tuple[float, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class FilmShape:
    """`kind` is "square", "triangular" or "other"; `anisotropy` how much longer the lattice is one
    way than across it, as a fraction, after the stated tilt is undone.
    """

    kind: str
    anisotropy: float


def shape_of(vectors_um: Vectors) -> FilmShape:
    """The lattice's kind from its two vectors on the stage, tilt undone.

    B·B₀⁻¹, with B₀ the ideal square or triangular basis, has singular values whose ratio is 1 for a
    perfect lattice however it is turned or scaled; equivalently G = BᵀB is compared with B₀ᵀB₀. The
    ideal that needs less stretching names the film.
    """
    basis = np.array(vectors_um, dtype=np.float64).T
    stretch = {}
    for kind, angles in (("square", (90.0,)), ("triangular", (60.0, 120.0))):
        stretch[kind] = min(_stretch(basis, math.radians(angle)) for angle in angles)
    kind = min(stretch, key=lambda name: stretch[name])
    return FilmShape(kind if stretch[kind] <= KNOWN_WITHIN else "other", stretch[kind])


def nearest_type(kind: str, pitch_um: float, diameter_um: float, foil: str) -> str | None:
    """The vendors' type whose pitch and hole fit best; `None` when none is near."""
    best: tuple[float, str] | None = None
    for film in HOLE_TYPES.values():
        if film.pitch_um is None or film.diameter_um is None or film.lattice != kind:
            continue
        if ("Au" in film.name) != (foil == "gold"):
            continue
        pitch_off = abs(math.log(pitch_um / film.pitch_um))
        hole_off = abs(math.log(diameter_um / film.diameter_um))
        if pitch_off > SAME_PITCH or hole_off > SAME_DIAMETER:
            continue
        if best is None or pitch_off + hole_off < best[0]:
            best = pitch_off + hole_off, film.name
    return None if best is None else best[1]


def declared_type(context: FindContext) -> str | None:
    """The vendors' type that the stated pitch and diameter are those of."""
    if context.hole_pitch_um is None or context.hole_diameter_um is None:
        return None
    kind = "square" if context.lattice == "square" else "triangular"
    return nearest_type(kind, context.hole_pitch_um, context.hole_diameter_um, context.foil)


def warnings_of(
    shape: FilmShape, pitch_um: float, diameter_um: float, context: FindContext
) -> tuple[str, ...]:
    """Sentences for people: another film than declared, or a stretched lattice."""
    told = []
    measured = nearest_type(shape.kind, pitch_um, diameter_um, context.foil)
    declared = declared_type(context)
    if measured is not None and declared is not None and measured != declared:
        told.append(f"the film looks like {measured}, not {declared}")
    if shape.kind != "other" and shape.anisotropy > EVEN_WITHIN:
        told.append(
            f"the lattice is stretched by {shape.anisotropy:.0%}: "
            "check the tilt and the pixel size of this magnification"
        )
    return tuple(told)


def _stretch(basis: FloatArray, angle: float) -> float:
    ideal = np.array([[1.0, math.cos(angle)], [0.0, math.sin(angle)]])
    turned = basis if np.linalg.det(basis) > 0 else basis[:, ::-1]
    values = np.linalg.svd(turned @ np.linalg.inv(ideal), compute_uv=False)
    return float(values[0] / max(values[1], 1e-12) - 1)

"""Whether a finder's answer is plausible for the mesh and film declared; it judges, it repairs
nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FindContext, Findings, Image
from smartscope.analysis.detection.lattice import off_lattice_distance

COUNT_RANGE = (0.4, 1.3)
SIDE_TOLERANCE = 0.25
ON_LATTICE_SHARE = 0.7
ON_LATTICE_PITCHES = 0.15
EMPTY_SHARE = 0.05
HOLES_DETECTED_SHARE = 0.6
HOLES_RESIDUAL_PITCHES = 0.06
DIAMETER_TOLERANCE = 0.25


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passed` when no check failed; `failures` are sentences for people.

    `doubts` are those of them that speak against the places found, not against what was declared.
    """

    failures: tuple[str, ...]
    expected_count: float | None = None
    doubts: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """True when nothing failed."""
        return not self.failures


def expected_squares(image: Image, context: FindContext) -> float | None:
    """Imaged area within the grid's usable radius over the square of the mesh pitch."""
    pitch_um = context.mesh_pitch_um
    if pitch_um is None:
        return None
    step = max(1, max(image.pixels.shape) // 256)
    mask = image.imaged[::step, ::step]
    rows, columns = np.nonzero(mask)
    a, b, tx, c, d, ty = image.to_stage.as_list()
    x, y = a * columns * step + b * rows * step + tx, c * columns * step + d * rows * step + ty
    usable = int((np.hypot(x, y) <= context.grid_radius_um).sum())
    return float(usable * (step * image.pixel_size_um / pitch_um) ** 2)


def judge_squares(image: Image, found: Findings, context: FindContext) -> Verdict:
    """Count, size and lattice of squares against what the mesh type predicts."""
    failures = []
    expected = expected_squares(image, context)
    if expected is not None and not (
        COUNT_RANGE[0] * expected <= len(found) <= COUNT_RANGE[1] * expected
    ):
        failures.append(f"{len(found)} squares where the mesh predicts {expected:.0f}")
    if (
        len(found)
        and context.mesh_opening_um is not None
        and "measured_side_px" in found.diagnostics
    ):
        side = float(found.diagnostics["measured_side_px"]) * image.pixel_size_um
        if abs(side / context.mesh_opening_um - 1) > SIDE_TOLERANCE:
            failures.append(f"openings of {side:.0f} µm on a {context.mesh_opening_um:g} µm mesh")
    if found.lattice is None:
        failures.append("no mesh lattice")
    elif len(found):
        away = off_lattice_distance(found.lattice, _box_middles(found))
        if float((away <= ON_LATTICE_PITCHES).mean()) < ON_LATTICE_SHARE:
            failures.append("squares do not lie on the mesh lattice")
    return Verdict(tuple(failures), expected)


def judge_holes(image: Image, found: Findings, context: FindContext) -> Verdict:
    """Detected share, lattice residual and diameter of holes against the film declared."""
    if len(found) == 0:
        return Verdict((str(found.diagnostics.get("reason", "no hole was found")),))
    failures = []
    detected = float(found.diagnostics.get("detected_share_of_nodes", 1.0))
    if detected < HOLES_DETECTED_SHARE:
        failures.append(f"only {detected:.0%} of the lattice's nodes show a hole")
    residual = float(found.diagnostics.get("lattice_residual_pitches", 0.0))
    if residual > HOLES_RESIDUAL_PITCHES:
        failures.append(f"holes lie {residual:.2f} pitches off their lattice")
    doubts = tuple(failures)
    if context.hole_pitch_um is not None and found.lattice is not None:
        pitch = found.lattice.pitch_px * image.pixel_size_um
        if abs(pitch / context.hole_pitch_um - 1) > 0.15:
            failures.append(f"pitch {pitch:.2f} µm on a {context.hole_pitch_um:g} µm film")
    if context.hole_diameter_um is not None:
        diameter = 2 * float(np.median(found.radii_px)) * image.pixel_size_um
        if abs(diameter / context.hole_diameter_um - 1) > DIAMETER_TOLERANCE:
            failures.append(f"holes of {diameter:.2f} µm on a {context.hole_diameter_um:g} µm film")
    return Verdict(tuple(failures), doubts=doubts)


def looks_empty(found: Findings, verdict: Verdict) -> bool:
    """True when nothing, or next to nothing, was found where the mesh predicts many."""
    few = EMPTY_SHARE * verdict.expected_count if verdict.expected_count else 0.0
    return len(found) <= few


def _box_middles(found: Findings) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.column_stack(
        [found.boxes_px[:, [0, 2]].mean(axis=1), found.boxes_px[:, [1, 3]].mean(axis=1)]
    )

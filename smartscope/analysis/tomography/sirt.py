"""Simultaneous iterative reconstruction: contrast for eyes at low dose, without a network.

x ← x + η D⁻¹ Aᵀ W (f - A x), W one over a ray's length and D the row sums of AᵀWA. With D its
diagonal alone η = 1 would grow without end; with the sums every eigenvalue lies in (0, 1]. It is
linear in f, but its filter depends on how far it went: compare no two runs of unlike iterations.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.tomography.projector import back_project, project
from smartscope.domain.errors import InvalidInput

ITERATIONS: Final = 20
_SHORTEST: Final = 1e-3


def sirt(
    lines: FloatImage,
    angles_deg: FloatArray,
    *,
    depth_px: int,
    iterations: int = ITERATIONS,
    step: float = 1.0,
) -> FloatImage:
    """A slab (depth, width, rows) whose projections approach `lines` (tilts, width, rows).

    Raises `InvalidInput` for a step η outside (0, 2) or no iteration.
    """
    if not 0.0 < step < 2.0:
        raise InvalidInput({"step": f"{step} does not converge; give one between 0 and 2."})
    if iterations < 1:
        raise InvalidInput({"iterations": "Give at least one."})
    _, width, rows = lines.shape
    one = np.ones((depth_px, width, 1), dtype=np.float32)
    lengths = project(one, angles_deg, samples=width)
    shares = np.where(lengths > _SHORTEST, 1.0 / np.maximum(lengths, _SHORTEST), 0.0)
    seen = np.asarray(lengths > _SHORTEST, dtype=np.float32)
    total = back_project(seen, angles_deg, depth=depth_px, width=width)
    relax = np.where(total > _SHORTEST, step / np.maximum(total, _SHORTEST), 0.0)
    found = np.zeros((depth_px, width, rows), dtype=np.float32)
    for _ in range(iterations):
        rest = (lines - project(found, angles_deg, samples=width)) * shares.astype(np.float32)
        spread = back_project(
            np.asarray(rest, dtype=np.float32), angles_deg, depth=depth_px, width=width
        )
        found += relax.astype(np.float32) * spread
    return found

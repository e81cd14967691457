"""Puts molecules on the pixel grid: rotated residues as bilinear weights, no volumes, exact
poses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from smartscope.microscope.simulator.specimen.phantoms import phantom
from smartscope.microscope.simulator.specimen.values import Particle

JUNK_BELOW = 0.5
JUNK_SHARE = 0.35


def residue_image(
    particles: Sequence[Particle],
    places_px: NDArray[np.float64],
    shape: tuple[int, int],
    pixel_size_angstrom: float,
) -> NDArray[np.float32]:
    """Residues per pixel, (height, width), for particles at `places_px` (n, 2) as (x, y).

    The stage's y axis runs with image y; rotations act in (x, y, z). Broken particles (quality
    below
    one half) show about a third of their residues.
    """
    height, width = shape
    image = np.zeros(height * width)
    for particle, (centre_x, centre_y) in zip(particles, places_px, strict=True):
        residues = phantom(particle.species).residues_angstrom
        if particle.quality < JUNK_BELOW:
            residues = residues[: int(JUNK_SHARE * len(residues))]
        w, x, y, z = particle.quaternion
        turned = Rotation.from_quat([x, y, z, w]).apply(residues)[:, :2] / pixel_size_angstrom
        _splat(image, turned[:, 0] + centre_x, turned[:, 1] + centre_y, (height, width))
    return image.reshape(height, width).astype(np.float32)


def _splat(
    image: NDArray[np.float64],
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    shape: tuple[int, int],
) -> None:
    height, width = shape
    inside = (x >= 0) & (x < width - 1) & (y >= 0) & (y < height - 1)
    x, y = x[inside], y[inside]
    if not x.size:
        return
    whole_x, whole_y = x.astype(np.int64), y.astype(np.int64)
    rest_x, rest_y = x - whole_x, y - whole_y
    flat = whole_y * width + whole_x
    first, last = int(flat.min()), int(flat.max()) + width + 2
    index = np.concatenate([flat, flat + 1, flat + width, flat + width + 1]) - first
    weight = np.concatenate(
        [
            (1 - rest_x) * (1 - rest_y),
            rest_x * (1 - rest_y),
            (1 - rest_x) * rest_y,
            rest_x * rest_y,
        ]
    )
    image[first:last] += np.bincount(index, weight, minlength=last - first)

"""Rays through a volume and back: one pair of operations, each exactly the other's adjoint.

A slab is (depth, width, rows), a projection of it (samples, rows): rows along the tilt axis never
mix, so a volume of any size goes through in slabs of few rows. Each voxel is shared by the two
samples its middle falls between.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.compiled import compiled

#: a volume is worked on in slabs of at most so many bytes
SLAB_BYTES: Final = 256 * 2**20


def rows_at_once(depth: int, width: int) -> int:
    """How many rows a slab of float32 may have to stay below the limit of memory."""
    return max(1, SLAB_BYTES // (4 * depth * width))


def project(slab: FloatImage, angles_deg: FloatArray, *, samples: int) -> FloatImage:
    """(tilts, samples, rows) sums along the rays through a slab (depth, width, rows)."""
    found = np.zeros((len(angles_deg), samples, slab.shape[2]), dtype=np.float32)
    for picture, angle in zip(found, angles_deg, strict=True):
        _forward(slab, *_ray(float(angle), slab.shape, samples), picture)
    return found


def back_project(
    pictures: FloatImage, angles_deg: FloatArray, *, depth: int, width: int
) -> FloatImage:
    """The adjoint of `project`: (tilts, samples, rows) spread over a slab (depth, width, rows).

    Samples may be finer than voxels: there are `width` voxels to their whole length.
    """
    slab = np.zeros((depth, width, pictures.shape[2]), dtype=np.float32)
    for picture, angle in zip(pictures, angles_deg, strict=True):
        _backward(picture, *_ray(float(angle), slab.shape, picture.shape[0]), slab)
    return slab


def _ray(angle_deg: float, shape: tuple[int, ...], samples: int) -> tuple[float, float, float]:
    """Where the voxel z, x falls: first + x · across + z · along, in samples."""
    angle, finer = math.radians(angle_deg), samples / shape[1]
    across, along = finer * math.cos(angle), finer * math.sin(angle)
    middle = 0.5 * (samples - finer)
    first = middle - 0.5 * (shape[1] - 1) * across - 0.5 * (shape[0] - 1) * along
    return first, across, along


@compiled
def _forward(
    slab: FloatImage, first: float, across: float, along: float, picture: FloatImage
) -> None:
    depth, width, rows = slab.shape
    last = picture.shape[0] - 1
    for z in range(depth):
        for x in range(width):
            place = first + x * across + z * along
            if place <= -1.0 or place >= last + 1.0:
                continue
            left = int(np.floor(place))
            right_share = np.float32(place - left)
            left_share = np.float32(1.0) - right_share
            if left >= 0:
                for row in range(rows):
                    picture[left, row] += left_share * slab[z, x, row]
            if left < last:
                for row in range(rows):
                    picture[left + 1, row] += right_share * slab[z, x, row]


@compiled
def _backward(
    picture: FloatImage, first: float, across: float, along: float, slab: FloatImage
) -> None:
    depth, width, rows = slab.shape
    last = picture.shape[0] - 1
    for z in range(depth):
        for x in range(width):
            place = first + x * across + z * along
            if place <= -1.0 or place >= last + 1.0:
                continue
            left = int(np.floor(place))
            right_share = np.float32(place - left)
            left_share = np.float32(1.0) - right_share
            if left >= 0:
                for row in range(rows):
                    slab[z, x, row] += left_share * picture[left, row]
            if left < last:
                for row in range(rows):
                    slab[z, x, row] += right_share * picture[left + 1, row]

"""A volume from particle pictures whose poses are known (direct Fourier inversion).

It judges pictures by the volume they give, and refines nothing: poses come from a simulated truth
or from a program that people trust.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.compiled import compiled
from smartscope.domain.errors import InvalidInput

_PADDING: Final = 2
#: what is added to Σ CTF², of its radial mean
_REGULARISATION: Final = 0.1

View = tuple[NDArray[np.floating], FloatArray, FloatImage | None]


def reconstruct_known(views: Iterable[View], *, box_px: int) -> FloatImage:
    """The volume float32 (box, box, box), z, y, x, whose projections are `views`.

    Each view is a picture (box, box) centred on pixel box // 2, its rotation (3, 3) from the
    volume's x, y, z to the picture's, beam along its z, and its CTF as `rfft2` of the padded
    picture holds it, (2 box, box + 1), or None. Raises `InvalidInput` for a box that is odd, a
    picture of another size and when there is no view.
    """
    if box_px < 8 or box_px % 2:
        raise InvalidInput({"box_px": f"A box of {box_px} px cannot be used; give an even one."})
    side = _PADDING * box_px
    numerator = np.zeros((side, side, side // 2 + 1, 2), dtype=np.float32)
    denominator = np.zeros((side, side, side // 2 + 1), dtype=np.float32)
    count = 0
    for picture, rotation, ctf in views:
        if picture.shape != (box_px, box_px):
            raise InvalidInput({"picture": f"{picture.shape} does not fit a box of {box_px} px."})
        slice_ = _transform(picture, side)
        transfer = np.ones(slice_.shape, dtype=np.float32) if ctf is None else ctf
        _insert(
            np.ascontiguousarray(slice_ * transfer),
            np.ascontiguousarray(transfer**2, dtype=np.float32),
            np.ascontiguousarray(rotation, dtype=np.float64),
            numerator,
            denominator,
        )
        count += 1
    if count == 0:
        raise InvalidInput({"views": "There is no picture to reconstruct from."})
    return _inverted(numerator, denominator, box_px)


def soft_sphere(box_px: int, *, radius_px: float, edge_px: float = 6.0) -> FloatImage:
    """1 within `radius_px` of the middle, falling to 0 over `edge_px` as a raised cosine."""
    axis = np.arange(box_px) - box_px // 2
    r = np.sqrt(axis[:, None, None] ** 2 + axis[:, None] ** 2 + axis**2)
    part = np.clip((r - radius_px) / edge_px, 0.0, 1.0)
    return np.asarray(0.5 + 0.5 * np.cos(np.pi * part), dtype=np.float32)


def _transform(picture: NDArray[np.floating], side: int) -> NDArray[np.complex64]:
    box = picture.shape[0]
    first = (side - box) // 2
    padded = np.zeros((side, side), dtype=np.float32)
    padded[first : first + box, first : first + box] = picture
    return np.asarray(fft.rfft2(np.fft.ifftshift(padded)), dtype=np.complex64)


def _inverted(
    numerator: NDArray[np.float32], denominator: NDArray[np.float32], box_px: int
) -> FloatImage:
    side = _PADDING * box_px
    axes = [np.fft.fftfreq(side, 1.0 / side)] * 2 + [np.arange(side // 2 + 1)]
    radius = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][:, None] ** 2 + axes[2] ** 2)
    ring = np.minimum(np.rint(radius), side // 2).astype(np.int32)
    mean = np.bincount(ring.ravel(), denominator.ravel()) / np.bincount(ring.ravel())
    below = denominator + np.float32(_REGULARISATION) * mean.astype(np.float32)[ring]
    seen = (below > 0.0) & (radius < side // 2)
    values = np.where(seen, numerator[..., 0] + 1j * numerator[..., 1], 0.0)
    values = (values / np.where(seen, below, 1.0)).astype(np.complex64)
    volume = np.fft.fftshift(fft.irfftn(values, s=(side,) * 3))
    first = (side - box_px) // 2
    inner = slice(first, first + box_px)
    # Trilinear insertion blurs in Fourier space, so the volume fades towards the box's edge.
    fade = np.sinc((np.arange(box_px) - box_px // 2) / side) ** 2
    cube = volume[inner, inner, inner] / (fade[:, None, None] * fade[:, None] * fade)
    return np.asarray(cube, dtype=np.float32)


@compiled
def _insert(
    values: NDArray[np.complex64],
    weights: NDArray[np.float32],
    rotation: NDArray[np.float64],
    numerator: NDArray[np.float32],
    denominator: NDArray[np.float32],
) -> None:
    """Add one slice, trilinearly; `rotation` takes the volume's axes to the picture's."""
    side, half = values.shape
    for row in range(side):
        ky = float(row if row < half else row - side)
        for column in range(half):
            kx = float(column)
            if kx * kx + ky * ky >= (half - 1.0) * (half - 1.0):
                continue
            x = rotation[0, 0] * kx + rotation[1, 0] * ky
            y = rotation[0, 1] * kx + rotation[1, 1] * ky
            z = rotation[0, 2] * kx + rotation[1, 2] * ky
            real, imaginary = values[row, column].real, values[row, column].imag
            if x < 0.0:
                x, y, z, imaginary = -x, -y, -z, -imaginary
            i, j, k = int(np.floor(x)), int(np.floor(y)), int(np.floor(z))
            for di in range(2):
                wx = 1.0 - abs(x - (i + di))
                for dj in range(2):
                    wy = wx * (1.0 - abs(y - (j + dj)))
                    for dk in range(2):
                        w = np.float32(wy * (1.0 - abs(z - (k + dk))))
                        if w <= 0.0:
                            continue
                        zz, yy, xx = (k + dk) % side, (j + dj) % side, i + di
                        numerator[zz, yy, xx, 0] += w * real
                        numerator[zz, yy, xx, 1] += w * imaginary
                        denominator[zz, yy, xx] += w * weights[row, column]
                        if xx == 0 and (zz != 0 or yy != 0):
                            # the mate lies on the same plane
                            mz, my = (-zz) % side, (-yy) % side
                            numerator[mz, my, 0, 0] += w * real
                            numerator[mz, my, 0, 1] -= w * imaginary
                            denominator[mz, my, 0] += w * weights[row, column]

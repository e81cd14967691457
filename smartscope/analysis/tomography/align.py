"""Finds how the pictures of a tilt series lie, from the pictures alone.

First each picture is set on its neighbour nearer to zero tilt, stretched by the cosines of both
tilts, then on what all tilts nearer to zero make; then all are set, round by round, on projections
of the volume that the others make, and the axis about which they agree best is taken. A shift
common to all, one that follows the tilts as a move along x or z does, and a hand no such search can
know.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.io.fourier_crop import crop_to, smooth_shape
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.picture_shift import Tapered, correlate
from smartscope.analysis.tomography.projector import back_project, project
from smartscope.analysis.tomography.tilts import as_density, checked_tilts, upright
from smartscope.analysis.tomography.wbp import weighted

WIDEST_PX: Final = 256
AXIS_REACH_DEG: Final = 5.0
_OUTWARD_ROUNDS: Final = 2
#: rounds on projections: before the axis is looked for, for each axis looked at, and after each
_FIRST_ROUNDS: Final = 4
_TRIAL_ROUNDS: Final = 2
_LATER_ROUNDS: Final = 3
#: of the volume's depth; what lies beyond the specimen only helps errors to agree with themselves
_MIDDLE: Final = 0.5
#: a picture is looked for so far from where its neighbour says, share of the width
_REACH: Final = 0.25
_REFINED_REACH: Final = 0.05
#: at first as far as a chain of neighbours may have gone astray
_FIRST_REACH: Final = 0.15
#: tilts that make a first volume together
_FEWEST_INNER: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Aligned:
    """`geometry` as found; `agreement` (tilts,) is each picture's correlation with the projection
    of the others, `axis_agreement` (axes,) the mean for each of the `axes_deg` looked at first.
    """

    geometry: TiltGeometry
    agreement: FloatArray
    axes_deg: FloatArray
    axis_agreement: FloatArray


def align(
    pictures: NDArray[np.generic],
    geometry: TiltGeometry,
    *,
    depth_px: int,
    axis_reach_deg: float = AXIS_REACH_DEG,
) -> Aligned:
    """Shifts and one axis for counts (pictures, height, width), from the geometry's axis on.

    Works on pictures of at most 256 pixels a side; `depth_px` is of the pictures as given. Raises
    `UnusableImage` and `InvalidInput` as `checked_tilts`.
    """
    tilts = as_density(checked_tilts(pictures, geometry))
    small, factor = _small(tilts)
    start = replace(geometry.binned(factor), shifts_px=np.zeros((len(geometry), 2)))
    depth = max(8, round(_MIDDLE * depth_px / factor))
    found = _by_neighbours(small, start)
    for _ in range(_OUTWARD_ROUNDS):
        found = _outwards(small, found, depth)
    found, agreed = _settled(small, found, depth, _FIRST_ROUNDS)
    axes = found.axis_deg[:1]
    scores = np.array([agreed.mean()])
    if axis_reach_deg > 0.0:
        axes = float(axes[0]) + axis_reach_deg * np.linspace(-1.0, 1.0, 5)
        scores = _agreements(small, found, depth, axes)
        found = _with_axis(found, _peak(axes, scores))
        found, agreed = _settled(small, found, depth, _LATER_ROUNDS)
        near = float(found.axis_deg[0]) + 0.3 * axis_reach_deg * np.linspace(-1.0, 1.0, 3)
        found = _with_axis(found, _peak(near, _agreements(small, found, depth, near)))
    found, agreed = _settled(small, found, depth, _LATER_ROUNDS)
    return Aligned(
        geometry=replace(geometry, axis_deg=found.axis_deg, shifts_px=factor * found.shifts_px),
        agreement=agreed,
        axes_deg=axes,
        axis_agreement=scores,
    )


def _small(tilts: FloatImage) -> tuple[FloatImage, float]:
    """Pictures of at most 256 pixels a side, and how many times larger their pixels are."""
    height, width = tilts.shape[1:]
    wanted = WIDEST_PX / max(height, width)
    if wanted >= 1.0:
        return tilts, 1.0
    shape = smooth_shape((height, width), wanted)
    return np.stack([crop_to(tilt, shape) for tilt in tilts]), width / shape[1]


def _with_axis(geometry: TiltGeometry, axis_deg: float) -> TiltGeometry:
    """Another axis; shifts are of pictures as taken and stay."""
    return replace(geometry, axis_deg=np.full(len(geometry), axis_deg))


def _settled(
    tilts: FloatImage, geometry: TiltGeometry, depth_px: int, rounds: int
) -> tuple[TiltGeometry, FloatArray]:
    """After so many rounds on projections, and the last one's agreement (tilts,)."""
    agreed = np.zeros(len(geometry))
    for _ in range(rounds):
        geometry, agreed = _by_projections(tilts, geometry, depth_px)
    return geometry, agreed


def _agreements(
    tilts: FloatImage, geometry: TiltGeometry, depth_px: int, axes_deg: FloatArray
) -> FloatArray:
    """(axes,) mean agreement about each axis, once pictures have settled to it a little."""
    return np.array(
        [
            _settled(tilts, _with_axis(geometry, axis), depth_px, _TRIAL_ROUNDS)[1].mean()
            for axis in axes_deg
        ]
    )


def _by_neighbours(tilts: FloatImage, geometry: TiltGeometry) -> TiltGeometry:
    """Shifts that set each upright picture, unmoved so far, on its neighbour."""
    turned = upright(tilts, geometry)
    window = Tapered.of(turned.shape[1:])
    cosines = np.cos(np.radians(geometry.angles_deg))
    order = np.argsort(geometry.angles_deg)
    middle = int(np.abs(geometry.angles_deg[order]).argmin())
    shifts = np.zeros((len(tilts), 2))
    for side in (order[middle:], order[middle::-1]):
        for before, here in pairwise(side):
            stretch = cosines[before] / cosines[here]
            reference = window.of_picture(_moved(turned[before], shifts[before], 1.0))
            picture = window.of_picture(_moved(turned[here], shifts[before], stretch))
            extra, _ = correlate(reference, picture, reach_px=_REACH * tilts.shape[2])
            shifts[here] = shifts[before] + extra / np.array([stretch, 1.0])
    return replace(geometry, shifts_px=_as_taken(shifts, geometry))


def _outwards(tilts: FloatImage, geometry: TiltGeometry, depth_px: int) -> TiltGeometry:
    """Each picture set on the projection of what all tilts nearer to zero make. Beyond a neighbour
    that was misplaced all others are misplaced alike, and would bear each other out in a volume.
    """
    turned = upright(tilts, geometry)
    window = Tapered.of(turned.shape[1:])
    filtered = weighted(turned, geometry, depth_px=depth_px)
    width = turned.shape[2]
    volume = np.zeros(0, dtype=np.float32)
    shifts = np.zeros((len(tilts), 2))
    for place, number in enumerate(np.argsort(np.abs(geometry.angles_deg), kind="stable")):
        one = geometry.angles_deg[number : number + 1]
        if place >= _FEWEST_INNER:
            expected = np.ascontiguousarray(project(volume, one, samples=width)[0].T)
            shifts[number], _ = correlate(
                window.of_picture(expected),
                window.of_picture(turned[number]),
                reach_px=_FIRST_REACH * width,
            )
        own = _moved(filtered[number], shifts[number], 1.0)[None]
        added = back_project(own, one, depth=depth_px, width=width)
        volume = volume + added if volume.size else added
    return replace(geometry, shifts_px=geometry.shifts_px + _as_taken(shifts, geometry))


def _moved(picture: FloatImage, shift: FloatArray, stretch: float) -> FloatImage:
    """An upright picture moved back by `shift` (x, y), then stretched across the axis."""
    middle = 0.5 * (picture.shape[1] - 1.0)
    offset = (shift[1], middle + shift[0] - middle / stretch)
    found = ndimage.affine_transform(
        picture, np.array([1.0, 1.0 / stretch]), offset, order=1, mode="constant"
    )
    return np.asarray(found, dtype=np.float32)


def _as_taken(upright_shifts: FloatArray, geometry: TiltGeometry) -> FloatArray:
    """Shifts (tilts, 2) of upright pictures as those of pictures as taken."""
    angle = np.radians(geometry.axis_deg)
    x, y = (geometry.scale * upright_shifts[:, n] for n in range(2))
    return np.stack(
        [np.cos(angle) * x - np.sin(angle) * y, np.sin(angle) * x + np.cos(angle) * y], axis=1
    )


def _by_projections(
    tilts: FloatImage, geometry: TiltGeometry, depth_px: int
) -> tuple[TiltGeometry, FloatArray]:
    """Each picture set on the projection of the volume of all others, and their agreement."""
    turned = upright(tilts, geometry)
    window = Tapered.of(turned.shape[1:])
    filtered = weighted(turned, geometry, depth_px=depth_px)
    width = turned.shape[2]
    whole = back_project(filtered, geometry.angles_deg, depth=depth_px, width=width)
    shifts, agreed = np.zeros((len(tilts), 2)), np.zeros(len(tilts))
    for number, angle in enumerate(geometry.angles_deg):
        one = np.array([angle])
        own = back_project(filtered[number : number + 1], one, depth=depth_px, width=width)
        expected = project(whole - own, one, samples=width)[0].T
        shifts[number], agreed[number] = correlate(
            window.of_picture(np.ascontiguousarray(expected)),
            window.of_picture(turned[number]),
            reach_px=_REFINED_REACH * width,
        )
    taken = geometry.shifts_px + _as_taken(shifts, geometry)
    return replace(geometry, shifts_px=taken), agreed


def _peak(places: FloatArray, values: FloatArray) -> float:
    """Where a parabola through the best value and its neighbours is highest."""
    best = int(values.argmax())
    if not 0 < best < len(values) - 1:
        return float(places[best])
    left, middle, right = values[best - 1 : best + 2]
    curve = left - 2.0 * middle + right
    part = 0.0 if curve >= 0.0 else 0.5 * (left - right) / curve
    return float(places[best] + part * (places[best + 1] - places[best]))

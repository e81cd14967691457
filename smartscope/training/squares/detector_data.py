"""Crops of simulated atlases with whole boxes: what the square detector learns from.

An atlas is prepared as in use, so that a crop at the border shows the rim that finding adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.networks.detector_input import detector_input
from smartscope.training.samples import AtlasSample
from smartscope.training.squares.examples import LABELS

#: Zoom, contrast and gamma of a crop (thesis: contrast 0.8-1.2), tilt of its illumination, blur.
ZOOM = (0.5, 2.0)
CONTRAST = (0.8, 1.2)
GAMMA = (0.8, 1.25)
ILLUMINATION = 0.15
LARGEST_BLUR_PX = 1.5
#: Half of the crops are centred on a square of a class drawn evenly, so that rare ones are seen.
CENTRED_SHARE = 0.5
REPEAT_SHARE = 0.1
MOST_REPEATS = 4
SMALLEST_BOX_PX = 6.0


@dataclass(frozen=True, slots=True)
class Boxed:
    """A picture (H, W) float32 0-1, boxes (N, 4) x0 y0 x1 y1 in it, labels (N,) from 1."""

    grey: FloatImage
    boxes: FloatArray
    labels: NDArray[np.int64]


def boxed(sample: AtlasSample) -> Boxed | None:
    """A whole atlas as the detector sees it; `None` where it is flat."""
    return boxed_picture(
        sample.pixels.astype(np.float32),
        sample.imaged,
        sample.mesh.pitch_um / sample.pixel_size_um,
        [(square.box_px, square.label) for square in sample.squares],
    )


def boxed_picture(
    pixels: FloatImage,
    imaged: NDArray[np.bool_],
    pitch_px: float,
    squares: list[tuple[tuple[float, float, float, float], str]],
) -> Boxed | None:
    """Pixels with the boxes and labels of their squares, prepared for the detector."""
    picture = detector_input(pixels, imaged, pitch_px)
    if picture is None:
        return None
    boxes = np.array([box for box, _ in squares], dtype=np.float64).reshape(-1, 4)
    labels = np.array([LABELS.index(label) + 1 for _, label in squares], dtype=np.int64)
    return Boxed(picture.grey, picture.from_image(boxes), labels)


def repeats_of(labels: NDArray[np.int64], shares: FloatArray) -> int:
    """How often an atlas is used: the largest √(0.1 / share) over its classes, at least once
    (Gupta et al., CVPR 2019, section 5); `shares` (L,) are the classes' shares of atlases.
    """
    if len(labels) == 0:
        return 1
    rarest = float(np.maximum(shares[np.unique(labels) - 1], 1e-6).min())
    return int(min(max(1.0, np.ceil(np.sqrt(REPEAT_SHARE / rarest))), MOST_REPEATS))


def crops_of(
    atlas: Boxed, size_px: int, count: int, random: np.random.Generator
) -> Iterator[Boxed]:
    """`count` random square crops of `size_px`, each turned, zoomed and changed in grey."""
    for _ in range(count):
        yield _varied(_crop(atlas, size_px, random), random)


def _crop(atlas: Boxed, size_px: int, random: np.random.Generator) -> Boxed:
    zoom = float(np.exp(random.uniform(*np.log(ZOOM))))
    reach = size_px / zoom
    height, width = atlas.grey.shape
    middle = np.array([random.uniform(0, width), random.uniform(0, height)])
    if len(atlas.labels) and random.random() < CENTRED_SHARE:
        wanted = random.choice(np.unique(atlas.labels))
        box = atlas.boxes[random.choice(np.flatnonzero(atlas.labels == wanted))]
        middle = (box[:2] + box[2:]) / 2 + random.uniform(-0.3, 0.3, 2) * reach
    start = [_start(m, reach, side) for m, side in zip(middle, (width, height), strict=True)]
    level = float(np.median(atlas.grey))
    grey = _window(atlas.grey, start, zoom, size_px, level)
    boxes = (atlas.boxes + 0.5 - np.tile(start, 2)) * zoom - 0.5
    sides = boxes[:, 2:] - boxes[:, :2]
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    # A square counts where its middle is in the crop: the rim of an atlas is one pitch wide, so
    # whole boxes of squares cut by the atlas are inside as well.
    inside = ((middles > -0.5) & (middles < size_px - 0.5)).all(axis=1)
    inside &= (sides > SMALLEST_BOX_PX).all(axis=1)
    return Boxed(grey, boxes[inside], atlas.labels[inside])


def _start(middle: float, reach: float, side: int) -> float:
    """Where a crop of `reach` begins: inside the picture, or round it where that is smaller."""
    if reach >= side:
        return (side - reach) / 2
    return float(np.clip(middle - reach / 2, 0, side - reach))


def _window(
    grey: FloatImage, start: list[float], zoom: float, size_px: int, level: float
) -> FloatImage:
    smooth = ndimage.gaussian_filter(grey, 0.4 / zoom) if zoom < 1 else grey
    offset = [start[1] + 0.5 / zoom - 0.5, start[0] + 0.5 / zoom - 0.5]
    return np.asarray(
        ndimage.affine_transform(
            smooth,
            [1 / zoom, 1 / zoom],
            offset,
            output_shape=(size_px, size_px),
            order=1,
            mode="constant",
            cval=level,
        ),
        dtype=np.float32,
    )


def _varied(crop: Boxed, random: np.random.Generator) -> Boxed:
    grey, boxes, size = crop.grey, crop.boxes, crop.grey.shape[0]
    for _ in range(int(random.integers(4))):
        grey = np.rot90(grey)
        x0, y0, x1, y1 = boxes.T
        boxes = np.column_stack([y0, size - 1 - x1, y1, size - 1 - x0])
    if random.random() < 0.5:
        grey = grey[:, ::-1]
        x0, y0, x1, y1 = boxes.T
        boxes = np.column_stack([size - 1 - x1, y0, size - 1 - x0, y1])
    if random.random() < 0.5:
        grey = ndimage.gaussian_filter(grey, random.uniform(0, LARGEST_BLUR_PX))
    ticks = np.linspace(-1, 1, size)
    slope = random.uniform(-ILLUMINATION, ILLUMINATION, 2)
    light = 1 + slope[0] * ticks[None, :] + slope[1] * ticks[:, None]
    grey = np.clip(grey, 0, None) ** np.exp(random.uniform(*np.log(GAMMA)))
    grey = np.clip(grey * light * random.uniform(*CONTRAST), 0, 1.5)
    return Boxed(np.ascontiguousarray(grey, dtype=np.float32), boxes, crop.labels)

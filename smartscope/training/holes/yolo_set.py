"""Simulated squares as files in the form that YOLO's trainer reads."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image as Picture
from scipy import ndimage

from smartscope.analysis.detection.flatten import binned, scaled_grey
from smartscope.training.holes.targets import DIRT_BELOW_TRANSMISSION, is_hidden
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

#: one pitch in px, and the side of a training picture
PITCH_PX = 40.0
SIDE_PX = 1280
CLASSES = ("hole", "contaminant")
PARTS = {"train": Split.TRAIN, "val": Split.TUNE}


def write_yolo_set(folder: Path, *, seed: int, train: int, tune: int) -> Path:
    """Pictures, labels and `holes.yaml`, whose path is returned; the same seed, the same bytes."""
    for part, count in (("train", train), ("val", tune)):
        (folder / "images" / part).mkdir(parents=True, exist_ok=True)
        (folder / "labels" / part).mkdir(parents=True, exist_ok=True)
        for sample in islice(_with_lattice(seed, PARTS[part]), count):
            _write(folder, part, sample)
    names = "\n".join(f"  {number}: {name}" for number, name in enumerate(CLASSES))
    file = folder / "holes.yaml"
    file.write_text(
        f"path: {folder.resolve()}\ntrain: images/train\nval: images/val\nnames:\n{names}\n",
        encoding="utf-8",
    )
    return file


def _with_lattice(seed: int, split: Split) -> Iterator[SquareSample]:
    return (s for s in stream_square_images(seed, split) if s.lattice_px is not None)


def _write(folder: Path, part: str, sample: SquareSample) -> None:
    pitch = float(np.linalg.norm(np.array(sample.lattice_px), axis=0).mean())
    factor = max(1, int(pitch / (2 * PITCH_PX)))
    pixels = sample.pixels.astype(np.float32)
    coarse, mask = binned(pixels, np.ones(pixels.shape, dtype=np.bool_), factor)
    scaled = scaled_grey(coarse, mask)
    grey = np.zeros(coarse.shape, np.float32) if scaled is None else scaled[0]
    zoom = factor * PITCH_PX / pitch
    picture = ndimage.zoom(grey, zoom, order=1)[:SIDE_PX, :SIDE_PX]
    name = f"{sample.number:06d}"
    shown = (np.clip(picture, 0, 1) * 255).astype(np.uint8)
    Picture.fromarray(shown).save(folder / "images" / part / f"{name}.png")
    lines = _lines(sample, PITCH_PX / pitch, picture.shape)
    (folder / "labels" / part / f"{name}.txt").write_text("".join(lines), encoding="utf-8")


def _lines(sample: SquareSample, zoom: float, shape: tuple[int, ...]) -> list[str]:
    """ "class x y width height" per target whose centre is inside, in parts of the sides."""
    marks = [
        (0, hole.centre_px, hole.axes_px[0]) for hole in sample.holes if not is_hidden(hole)
    ] + [
        (1, dirt.centre_px, dirt.radius_px)
        for dirt in sample.contaminants
        if dirt.transmission < DIRT_BELOW_TRANSMISSION
    ]
    lines = []
    for kind, (x, y), radius in marks:
        across, down = x * zoom / shape[1], y * zoom / shape[0]
        if 0 <= across < 1 and 0 <= down < 1:
            wide, high = 2 * radius * zoom / shape[1], 2 * radius * zoom / shape[0]
            lines.append(f"{kind} {across:.6f} {down:.6f} {wide:.6f} {high:.6f}\n")
    return lines

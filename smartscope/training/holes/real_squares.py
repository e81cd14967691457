"""Squares whose holes people put right, from an export of labels (COCO).

Reads what `manage.py export_labels --of holes` writes; learns from nothing that is kept for tuning
or testing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture
from scipy.spatial import cKDTree

from smartscope.analysis.base import BoolArray, FloatImage
from smartscope.training.held_out import Purpose, require_allowed, require_train
from smartscope.training.options import TrainingRefused
from smartscope.training.samples import LabelledHole

NAME = "train.json"
#: what a person's word tells of a hole; one that is hidden is neither demanded nor forbidden
TOLD: Mapping[str, tuple[float, float, str]] = {
    "contaminated": (0.0, 1.0, ""),
    "thick": (math.inf, 0.0, ""),
    "broken": (0.0, 0.0, "torn"),
}
FEWEST_HOLES = 4


@dataclass(frozen=True, slots=True, eq=False)
class RealSquare:
    """Its picture (height, width), where that was imaged, and its holes; dirt and the opening were
    not marked. `pitch_px` is the film's.
    """

    pixels: FloatImage
    imaged: BoolArray
    pitch_px: float
    holes: tuple[LabelledHole, ...]
    contaminants: None = None
    square_polygon_px: None = None


def real_squares(folder: Path) -> Sequence[RealSquare]:
    """The squares in `folder`/train.json with at least four holes.

    Raises `TrainingRefused` where there is nothing to read, `HeldOut` for an image that is kept for
    testing.
    """
    path = folder / NAME
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        names = {entry["id"]: entry["name"] for entry in table["categories"]}
        found = [_of_image(folder, entry, table, names) for entry in table["images"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingRefused(
            f"{path} cannot be read as an export of holes ({type(error).__name__}: {error}); "
            "make it anew with manage.py export_labels --of holes --format coco."
        ) from error
    squares = [square for square in found if square is not None]
    if not squares:
        raise TrainingRefused(
            f"{path} has no square with {FEWEST_HOLES} holes or more; put more squares right first."
        )
    return squares


def _of_image(
    folder: Path, entry: Mapping[str, Any], table: Mapping[str, Any], names: Mapping[int, str]
) -> RealSquare | None:
    if entry["level"] != "square":
        raise ValueError(f"{entry['file_name']} is of level {entry['level']}, not a square")
    file = require_allowed(folder / entry["file_name"], Purpose.TRAIN)
    require_train(entry, file)
    mine = [row for row in table["annotations"] if row["image_id"] == entry["id"]]
    holes = tuple(_hole(row, names[row["category_id"]]) for row in mine)
    if len(holes) < FEWEST_HOLES:
        return None
    pixels = np.asarray(Picture.open(file)).astype(np.float32)
    imaged = pixels > 0
    pitch_um = entry.get("film", {}).get("pitch_um")
    pitch_px = pitch_um / float(entry["pixel_size_um"]) if pitch_um else _nearest(holes)
    everywhere = np.ones(pixels.shape, dtype=np.bool_)
    return RealSquare(pixels, imaged if imaged.any() else everywhere, pitch_px, holes)


def _hole(row: Mapping[str, Any], label: str) -> LabelledHole:
    x, y, width, height = (float(number) for number in row["bbox"])
    ice_nm, dirty, fault = TOLD.get(label, (0.0, 0.0, ""))
    return LabelledHole(
        id=(0, int(row["id"])),
        centre_px=(x + width / 2, y + height / 2),
        radius_px=max(width, height) / 2,
        axes_px=(max(width, height) / 2, min(width, height) / 2),
        angle_deg=0.0 if width >= height else 90.0,
        ice_nm=ice_nm,
        fault=fault,
        dirty=dirty,
    )


def _nearest(holes: Sequence[LabelledHole]) -> float:
    """Median distance (px) of a hole to its nearest neighbour."""
    places = np.array([hole.centre_px for hole in holes])
    away = np.asarray(cKDTree(places).query(places, k=2)[0])
    return float(np.median(away[:, 1]))

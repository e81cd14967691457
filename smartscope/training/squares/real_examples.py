"""Examples from an export of labelled atlases (COCO): what people said of their own grids.

Reads what `manage.py export_labels` and `manage.py make_training_set` write; learns from nothing
that is kept for tuning or testing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as Picture

from smartscope.analysis.base import FindContext, Image, Level
from smartscope.domain.geometry import Affine
from smartscope.training.held_out import Purpose, require_allowed, require_train
from smartscope.training.options import TrainingRefused
from smartscope.training.squares.degrade import degraded
from smartscope.training.squares.examples import LABELS, Examples, examples_of, joined

NAME = "train.json"
DEGRADED_SEED = 1


def real_examples(folder: Path) -> Examples:
    """The labelled squares of every atlas in `folder`/train.json, as they are and poorer.

    Raises `TrainingRefused` where there is nothing to read or no labelled square is recognised,
    `HeldOut` for an image that is kept for testing.
    """
    path = folder / NAME
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
        names = {entry["id"]: entry["name"] for entry in table["categories"]}
        parts = [_of_image(folder, entry, table, names) for entry in table["images"]]
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise TrainingRefused(
            f"{path} cannot be read as an export of labels ({type(error).__name__}: {error}); "
            "make it anew with manage.py export_labels --format coco."
        ) from error
    examples = joined([Examples.none(), *parts])
    if len(examples) == 0:
        raise TrainingRefused(
            f"No square labelled in {path} is seen in its atlas; there is nothing to learn from."
        )
    return examples


def _of_image(
    folder: Path, entry: Mapping[str, Any], table: Mapping[str, Any], names: Mapping[int, str]
) -> Examples:
    file = require_allowed(folder / entry["file_name"], Purpose.TRAIN)
    require_train(entry, file)
    mine = [row for row in table["annotations"] if row["image_id"] == entry["id"]]
    mine = [row for row in mine if names[row["category_id"]] in LABELS]
    boxes = np.array([row["bbox"] for row in mine], dtype=np.float64).reshape(-1, 4)
    centres = boxes[:, :2] + boxes[:, 2:] / 2
    labels = [names[row["category_id"]] for row in mine]
    pixels = np.asarray(Picture.open(file)).astype(np.float32)
    to_stage = Affine(*(float(number) for number in entry["pixel_to_stage"]))
    image = Image(pixels, Level.ATLAS, to_stage, mask=_imaged(pixels))
    context = _context(entry.get("mesh"))
    pitch_um = context.mesh_pitch_um or 84.0
    random = np.random.default_rng([DEGRADED_SEED, int(entry["id"])])
    poorer = degraded(image, pitch_um / image.pixel_size_um, random)
    found = [
        examples_of(image, context, centres, labels),
        examples_of(poorer.image, context, poorer.moved(centres), labels),
    ]
    return joined([Examples.none(), *(part for part in found if part is not None)])


def _imaged(pixels: np.ndarray[Any, np.dtype[np.float32]]) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Exports write 0 where nothing was imaged; an atlas without any is imaged throughout."""
    return np.asarray(pixels > 0) if (pixels > 0).any() else np.ones(pixels.shape, dtype=np.bool_)


def _context(mesh: Mapping[str, Any] | None) -> FindContext:
    if not mesh:
        return FindContext()
    return FindContext(mesh_opening_um=float(mesh["opening_um"]), mesh_bar_um=float(mesh["bar_um"]))

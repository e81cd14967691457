"""People's labels written out as a training set: pictures, COCO or YOLO tables, a list of hashes.

A set appears whole or not at all, in a folder of its own; grids go to train, tune or test by their
id, once for ever, so that what a network is judged on is never what it learnt from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from PIL import Image as Picture

from smartscope.analysis.io.image import read_image
from smartscope.domain.errors import InvalidInput
from smartscope.domain.label_sets import LabelledAtlas, as_coco, as_yolo, yolo_data
from smartscope.domain.labels import SQUARE_LABELS
from smartscope.queries.labelled_squares import labelled_atlases
from smartscope.queries.visible import Reader
from smartscope.storage.store import Store
from smartscope.training.split import Split, split_of

FORMATS: Final = ("coco", "yolo")
CATEGORIES: Final = tuple(SQUARE_LABELS)
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written, by part of the set."""

    atlases: Mapping[Split, int]
    squares: Mapping[Split, int]


def export_labels(
    reader: Reader, store: Store, folder: Path, form: str, *, session: UUID | None = None
) -> Exported:
    """Write the labelled squares that `reader` may see below a new `folder`.

    Raises `InvalidInput` for a folder that is there already, another form than coco or yolo, or
    when nobody has labelled anything; then nothing is left behind.
    """
    if form not in FORMATS:
        raise InvalidInput({"format": f"'{form}' is none; choose one of {', '.join(FORMATS)}."})
    if folder.exists():
        raise InvalidInput(
            {"out": f"{folder} is there already; a set is never changed. Name a new one."}
        )
    atlases = [atlas for atlas in labelled_atlases(reader, session=session) if atlas.squares]
    if not atlases:
        raise InvalidInput(
            {"labels": "Nobody has labelled a square yet; label some on the atlas page."}
        )
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        exported = _write(atlases, store, aside, form)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return exported


def _write(atlases: Sequence[LabelledAtlas], store: Store, folder: Path, form: str) -> Exported:
    parts: dict[Split, list[LabelledAtlas]] = {split: [] for split in Split}
    for atlas in atlases:
        parts[split_of(atlas.grid_id)].append(atlas)
    for split, mine in parts.items():
        if mine:
            _write_part(split, mine, store, folder, form)
    if form == "yolo":
        pictures = {_YOLO_PART[split]: f"images/{split.value}" for split in Split if parts[split]}
        (folder / "data.yaml").write_text(yolo_data(CATEGORIES, pictures), encoding="utf-8")
    _write_manifest(folder)
    return Exported(
        {split: len(mine) for split, mine in parts.items()},
        {split: sum(len(atlas.squares) for atlas in mine) for split, mine in parts.items()},
    )


_YOLO_PART: Final = {Split.TRAIN: "train", Split.TUNE: "val", Split.TEST: "test"}


def _write_part(
    split: Split, atlases: Sequence[LabelledAtlas], store: Store, folder: Path, form: str
) -> None:
    pictures = folder / "images" / split.value
    pictures.mkdir(parents=True)
    files = [f"images/{split.value}/{atlas.grid_id}.png" for atlas in atlases]
    for atlas, file in zip(atlases, files, strict=True):
        _write_picture(atlas, store, folder / file)
    if form == "coco":
        table = json.dumps(as_coco(atlases, files, CATEGORIES), indent=1, ensure_ascii=False)
        (folder / f"{split.value}.json").write_text(table + "\n", encoding="utf-8")
        return
    lines = folder / "labels" / split.value
    lines.mkdir(parents=True)
    for atlas in atlases:
        (lines / f"{atlas.grid_id}.txt").write_text(as_yolo(atlas, CATEGORIES), encoding="utf-8")


def _write_picture(atlas: LabelledAtlas, store: Store, path: Path) -> None:
    """The atlas as 16-bit grey PNG, as counted where they fit, else stretched; 0 is not imaged."""
    with store.local_copy(atlas.key) as source:
        pixels = read_image(source).pixels
    imaged = np.isfinite(pixels) & (pixels != 0)
    low, high = (
        (float(pixels[imaged].min()), float(pixels[imaged].max())) if imaged.any() else (0.0, 1.0)
    )
    if low >= 1.0 and high <= 65535.0:
        grey = np.rint(pixels)
    else:
        grey = 1.0 + (pixels - low) * (65534.0 / max(high - low, 1e-30))
    counts = np.where(imaged, np.clip(grey, 1, 65535), 0).astype(np.uint16)
    Picture.fromarray(counts).save(path, compress_level=1)


def _write_manifest(folder: Path) -> None:
    """SHA-256 of every file: the set's identity, which a training can name."""
    digests = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            with path.open("rb") as file:
                name = path.relative_to(folder).as_posix()
                digests[name] = hashlib.file_digest(file, "sha256").hexdigest()
    (folder / MANIFEST).write_text(json.dumps(digests, indent=1) + "\n", encoding="utf-8")

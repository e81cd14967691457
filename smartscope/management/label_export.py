"""People's labels written out as a training set: pictures, COCO or YOLO tables, a list of hashes.

A set appears whole or not at all, in a folder of its own; grids go to train, tune or test by their
id, once for ever, so that what a network is judged on is never what it learnt from.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

import numpy as np
from PIL import Image as Picture

from smartscope.analysis.io.image import read_image
from smartscope.domain.errors import InvalidInput
from smartscope.domain.label_sets import LabelledImage, as_coco, as_yolo, yolo_data
from smartscope.domain.labels import SQUARE_LABELS
from smartscope.queries.labelled_holes import HOLE_CATEGORIES, labelled_squares
from smartscope.queries.labelled_squares import labelled_atlases
from smartscope.queries.visible import Reader
from smartscope.storage.store import Store
from smartscope.training.split import Split, split_of

FORMATS: Final = ("coco", "yolo")
MANIFEST: Final = "manifest.json"


@dataclass(frozen=True, slots=True)
class _Kind:
    """What can be exported: where its pictures come from, and what to do where there are none."""

    pictures: Callable[..., Iterator[LabelledImage]]
    categories: tuple[str, ...]
    none_yet: str


KINDS: Final[Mapping[str, _Kind]] = {
    "squares": _Kind(
        labelled_atlases,
        tuple(SQUARE_LABELS),
        "Nobody has labelled a square yet; label some on the atlas page.",
    ),
    "holes": _Kind(
        labelled_squares,
        HOLE_CATEGORIES,
        "Nobody has labelled, added, moved or deleted a hole yet; open a square and put it right.",
    ),
}


@dataclass(frozen=True, slots=True)
class Exported:
    """How much was written, by part of the set."""

    pictures: Mapping[Split, int]
    targets: Mapping[Split, int]


def export_labels(
    reader: Reader,
    store: Store,
    folder: Path,
    form: str,
    *,
    of: str = "squares",
    session: UUID | None = None,
) -> Exported:
    """Write the labelled squares, or holes, that `reader` may see below a new `folder`.

    Raises `InvalidInput` for a folder that is there already, another form than coco or yolo, other
    targets than squares and holes, or when nobody has labelled any; then nothing is left behind.
    """
    if form not in FORMATS:
        raise InvalidInput({"format": f"'{form}' is none; choose one of {', '.join(FORMATS)}."})
    if of not in KINDS:
        raise InvalidInput({"of": f"'{of}' have no labels; choose one of {', '.join(KINDS)}."})
    if folder.exists():
        raise InvalidInput(
            {"out": f"{folder} is there already; a set is never changed. Name a new one."}
        )
    kind = KINDS[of]
    images = list(kind.pictures(reader, session=session))
    if not images:
        raise InvalidInput({"labels": kind.none_yet})
    aside = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(aside, ignore_errors=True)
    try:
        exported = _write(images, kind.categories, store, aside, form)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return exported


def _write(
    images: Sequence[LabelledImage],
    categories: Sequence[str],
    store: Store,
    folder: Path,
    form: str,
) -> Exported:
    parts: dict[Split, list[LabelledImage]] = {split: [] for split in Split}
    for image in images:
        parts[split_of(image.grid_id)].append(image)
    for split, mine in parts.items():
        if mine:
            _write_part(split, mine, categories, store, folder, form)
    if form == "yolo":
        pictures = {_YOLO_PART[split]: f"images/{split.value}" for split in Split if parts[split]}
        (folder / "data.yaml").write_text(yolo_data(categories, pictures), encoding="utf-8")
    _write_manifest(folder)
    return Exported(
        {split: len(mine) for split, mine in parts.items()},
        {split: sum(len(image.targets) for image in mine) for split, mine in parts.items()},
    )


_YOLO_PART: Final = {Split.TRAIN: "train", Split.TUNE: "val", Split.TEST: "test"}


def _write_part(
    split: Split,
    images: Sequence[LabelledImage],
    categories: Sequence[str],
    store: Store,
    folder: Path,
    form: str,
) -> None:
    pictures = folder / "images" / split.value
    pictures.mkdir(parents=True)
    files = [f"images/{split.value}/{image.name}.png" for image in images]
    for image, file in zip(images, files, strict=True):
        _write_picture(image, store, folder / file)
    if form == "coco":
        table = json.dumps(as_coco(images, files, categories), indent=1, ensure_ascii=False)
        (folder / f"{split.value}.json").write_text(table + "\n", encoding="utf-8")
        return
    lines = folder / "labels" / split.value
    lines.mkdir(parents=True)
    for image in images:
        (lines / f"{image.name}.txt").write_text(as_yolo(image, categories), encoding="utf-8")


def _write_picture(image: LabelledImage, store: Store, path: Path) -> None:
    """It as 16-bit grey PNG, as counted where they fit, else stretched; 0 is not imaged."""
    with store.local_copy(image.key) as source:
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

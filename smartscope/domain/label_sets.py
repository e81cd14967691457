"""People's labels as data sets that detectors read: COCO tables and YOLO lines, no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: x0, y0, x1, y1 in pixels of the whole opening; it may reach beyond the image
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetLabel:
    """One target of a picture, with a person's label of it and what the model had said.

    `author` is a user name, empty where the account is gone or nobody said a word; `labelled_at` is
    ISO 8601 in UTC, empty likewise.
    """

    target: str
    label: str
    box_px: Box
    author: str
    labelled_at: str
    model_label: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledImage:
    """A picture with its labelled targets: an atlas with squares, or a square's with holes.

    `name` tells it from all others and names its files. `target` is what the labels are of,
    "square" or "hole". `key` is the picture on storage; `source_sha256` are the checksums of it and
    of what it was made from. `mesh` is (name, opening, bar) in µm; `hole_pitch_um` is the film's
    where its holes are the targets and it has one; `pixel_to_stage` is [a, b, tx, c, d, ty].
    """

    name: str
    target: str
    grid_id: str
    grid: str
    key: str
    source_sha256: tuple[str, ...]
    width_px: int
    height_px: int
    pixel_size_um: float
    pixel_to_stage: tuple[float, ...]
    mesh: tuple[str, float, float]
    hole_pitch_um: float | None
    targets: tuple[TargetLabel, ...]


#: on which level the targets of a name are seen
LEVELS: Mapping[str, str] = {"square": "atlas", "hole": "square"}


def as_coco(
    images: Sequence[LabelledImage], files: Sequence[str], categories: Sequence[str]
) -> dict[str, Any]:
    """A COCO table; `files` name each picture. Author, time and model are extra keys."""
    number = {name: place for place, name in enumerate(categories, start=1)}
    annotations: list[dict[str, Any]] = []
    for place, image in enumerate(images, start=1):
        for one in image.targets:
            x0, y0, x1, y1 = one.box_px
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": place,
                    "category_id": number[one.label],
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                    image.target: one.target,
                    "author": one.author,
                    "labelled_at": one.labelled_at,
                    "model_label": one.model_label,
                    "model": one.model,
                }
            )
    return {
        "info": {"description": "labels that people gave"},
        "categories": [{"id": place, "name": name} for name, place in number.items()],
        "images": [
            _coco_image(place, image, file)
            for place, (image, file) in enumerate(zip(images, files, strict=True), start=1)
        ],
        "annotations": annotations,
    }


def as_yolo(image: LabelledImage, categories: Sequence[str]) -> str:
    """One line per target: class number, then middle and size as shares of the image, cut at it."""
    lines = []
    for one in image.targets:
        x0, x1 = (min(max(x, 0.0), float(image.width_px)) for x in one.box_px[::2])
        y0, y1 = (min(max(y, 0.0), float(image.height_px)) for y in one.box_px[1::2])
        shares = (
            (x0 + x1) / 2 / image.width_px,
            (y0 + y1) / 2 / image.height_px,
            (x1 - x0) / image.width_px,
            (y1 - y0) / image.height_px,
        )
        numbers = " ".join(f"{share:.6f}" for share in shares)
        lines.append(f"{categories.index(one.label)} {numbers}\n")
    return "".join(lines)


def yolo_data(categories: Sequence[str], parts: Mapping[str, str]) -> str:
    """The data set's YAML: where the pictures of each part are, and the classes' names."""
    names = "".join(f"  {place}: {name}\n" for place, name in enumerate(categories))
    folders = "".join(f"{part}: {folder}\n" for part, folder in parts.items())
    return f"path: .\n{folders}names:\n{names}"


def _coco_image(place: int, image: LabelledImage, file: str) -> dict[str, Any]:
    name, opening_um, bar_um = image.mesh
    described = {
        "id": place,
        "file_name": file,
        "width": image.width_px,
        "height": image.height_px,
        "grid_id": image.grid_id,
        "grid": image.grid,
        "level": LEVELS[image.target],
        "pixel_size_um": image.pixel_size_um,
        "pixel_to_stage": list(image.pixel_to_stage),
        "mesh": {"name": name, "opening_um": opening_um, "bar_um": bar_um},
        "source_sha256": list(image.source_sha256),
    }
    if image.hole_pitch_um is not None:
        described["film"] = {"pitch_um": image.hole_pitch_um}
    return described

"""People's labels as data sets that detectors read: COCO tables and YOLO lines, no files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: x0, y0, x1, y1 in pixels of the whole opening; it may reach beyond the image
Box = tuple[float, float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class SquareLabel:
    """One person's label of one square, beside what the model had said.

    `author` is a user name, empty where the account is gone; `labelled_at` is ISO 8601 in UTC.
    """

    square: str
    label: str
    box_px: Box
    author: str
    labelled_at: str
    model_label: str
    model: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledAtlas:
    """A grid's atlas with its labelled squares.

    `key` is the picture on storage; `source_sha256` are the checksums of it and of what it was made
    from. `mesh` is (name, opening, bar) in µm; `pixel_to_stage` is [a, b, tx, c, d, ty].
    """

    grid_id: str
    grid: str
    key: str
    source_sha256: tuple[str, ...]
    width_px: int
    height_px: int
    pixel_size_um: float
    pixel_to_stage: tuple[float, ...]
    mesh: tuple[str, float, float]
    squares: tuple[SquareLabel, ...]


def as_coco(
    atlases: Sequence[LabelledAtlas], files: Sequence[str], categories: Sequence[str]
) -> dict[str, Any]:
    """A COCO table; `files` name each atlas's picture. Author, time and model are extra keys."""
    number = {name: place for place, name in enumerate(categories, start=1)}
    annotations: list[dict[str, Any]] = []
    for place, atlas in enumerate(atlases, start=1):
        for square in atlas.squares:
            x0, y0, x1, y1 = square.box_px
            annotations.append(
                {
                    "id": len(annotations) + 1,
                    "image_id": place,
                    "category_id": number[square.label],
                    "bbox": [x0, y0, x1 - x0, y1 - y0],
                    "area": (x1 - x0) * (y1 - y0),
                    "iscrowd": 0,
                    "square": square.square,
                    "author": square.author,
                    "labelled_at": square.labelled_at,
                    "model_label": square.model_label,
                    "model": square.model,
                }
            )
    return {
        "info": {"description": "labels that people gave to grid squares"},
        "categories": [{"id": place, "name": name} for name, place in number.items()],
        "images": [
            _coco_image(place, atlas, file)
            for place, (atlas, file) in enumerate(zip(atlases, files, strict=True), start=1)
        ],
        "annotations": annotations,
    }


def as_yolo(atlas: LabelledAtlas, categories: Sequence[str]) -> str:
    """One line per square: class number, then middle and size as shares of the image, cut at it."""
    lines = []
    for square in atlas.squares:
        x0, x1 = (min(max(x, 0.0), float(atlas.width_px)) for x in square.box_px[::2])
        y0, y1 = (min(max(y, 0.0), float(atlas.height_px)) for y in square.box_px[1::2])
        shares = (
            (x0 + x1) / 2 / atlas.width_px,
            (y0 + y1) / 2 / atlas.height_px,
            (x1 - x0) / atlas.width_px,
            (y1 - y0) / atlas.height_px,
        )
        numbers = " ".join(f"{share:.6f}" for share in shares)
        lines.append(f"{categories.index(square.label)} {numbers}\n")
    return "".join(lines)


def yolo_data(categories: Sequence[str], parts: Mapping[str, str]) -> str:
    """The data set's YAML: where the pictures of each part are, and the classes' names."""
    names = "".join(f"  {place}: {name}\n" for place, name in enumerate(categories))
    folders = "".join(f"{part}: {folder}\n" for part, folder in parts.items())
    return f"path: .\n{folders}names:\n{names}"


def _coco_image(place: int, atlas: LabelledAtlas, file: str) -> dict[str, Any]:
    name, opening_um, bar_um = atlas.mesh
    return {
        "id": place,
        "file_name": file,
        "width": atlas.width_px,
        "height": atlas.height_px,
        "grid_id": atlas.grid_id,
        "grid": atlas.grid,
        "level": "atlas",
        "pixel_size_um": atlas.pixel_size_um,
        "pixel_to_stage": list(atlas.pixel_to_stage),
        "mesh": {"name": name, "opening_um": opening_um, "bar_um": bar_um},
        "source_sha256": list(atlas.source_sha256),
    }

"""A labelled set on disk: grey PNG images, and one COCO file for each split with our own extras.

Labels are written as they come and joined at the end, so that a set larger than memory can be
made; until then no file bears a COCO file's name.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from smartscope.training.samples import AtlasSample, SquareSample
from smartscope.training.split import Split

SQUARE_CATEGORIES = ("good", "small", "contaminated", "cracked", "dry", "partial")
HOLE_CATEGORIES = ("hole", "contaminant")
_CLIP_PERCENTILES = (0.5, 99.8)

Sample = AtlasSample | SquareSample


class CocoSet:
    """Writes samples below a folder; use it with `with`, and the files are joined on leaving."""

    def __init__(self, folder: Path, categories: tuple[str, ...], *, bits: int = 16) -> None:
        """`folder` and its `images` are made; `bits` is 8 (stretched by percentiles) or 16."""
        self._folder, self._bits = folder, bits
        self._number = {name: place for place, name in enumerate(categories, start=1)}
        self._parts: dict[Split, tuple[IO[str], IO[str]]] = {}
        self._annotations = 0
        (folder / "images").mkdir(parents=True, exist_ok=True)

    def __enter__(self) -> CocoSet:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for split, parts in self._parts.items():
            for part in parts:
                part.close()
            if kind is None:
                self._join(split)

    def add(self, sample: Sample) -> None:
        """Write one image and its labels."""
        name = f"images/{sample.number:06d}.png"
        _save(self._folder / name, sample.pixels, self._bits)
        images, annotations = self._parts_of(sample.split)
        _line(images, _image(sample, name))
        for category, fields in _targets(sample):
            self._annotations += 1
            _line(
                annotations,
                {
                    "id": self._annotations,
                    "image_id": sample.number,
                    "category_id": self._number[category],
                    "iscrowd": 0,
                }
                | fields,
            )

    def _parts_of(self, split: Split) -> tuple[IO[str], IO[str]]:
        if split not in self._parts:
            paths = _part_paths(self._folder, split)
            self._parts[split] = (
                paths[0].open("w", encoding="utf-8"),
                paths[1].open("w", encoding="utf-8"),
            )
        return self._parts[split]

    def _join(self, split: Split) -> None:
        """`split`.json from its two parts, complete or not there."""
        whole = self._folder / f"{split.value}.json.part"
        paths = _part_paths(self._folder, split)
        categories = [{"id": number, "name": name} for name, number in self._number.items()]
        with whole.open("w", encoding="utf-8") as file:
            info = {"description": "simulated", "split": split.value}
            file.write(f'{{"info": {json.dumps(info)}, "categories": {json.dumps(categories)}')
            for key, path in zip(("images", "annotations"), paths, strict=True):
                file.write(f',\n"{key}": [\n')
                with path.open(encoding="utf-8") as part:
                    for count, line in enumerate(part):
                        file.write((",\n" if count else "") + line.rstrip("\n"))
                file.write("\n]")
            file.write("}\n")
        whole.rename(self._folder / f"{split.value}.json")
        for path in paths:
            path.unlink()


def categories_of(kind: str) -> tuple[str, ...]:
    """The category names of a kind of set, "squares" or "holes"."""
    return SQUARE_CATEGORIES if kind == "squares" else HOLE_CATEGORIES


def _part_paths(folder: Path, split: Split) -> tuple[Path, Path]:
    return folder / f"{split.value}.images.part", folder / f"{split.value}.annotations.part"


def _line(file: IO[str], value: dict[str, Any]) -> None:
    file.write(json.dumps(_rounded(value)) + "\n")


def _rounded(value: Any) -> Any:
    """Floats to seven significant digits: a thousandth of a pixel, in half the size."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_rounded(each) for each in value]
    return value


def _save(path: Path, pixels: NDArray[np.uint16], bits: int) -> None:
    if bits == 8:
        seen = pixels[pixels > 0]
        low, high = np.percentile(seen, _CLIP_PERCENTILES) if seen.size else (0.0, 1.0)
        scaled = (pixels.astype(np.float32) - low) * (254.0 / max(high - low, 1.0)) + 1.0
        grey = np.where(pixels > 0, np.clip(np.rint(scaled), 1, 255), 0).astype(np.uint8)
        Picture.fromarray(grey).save(path, compress_level=1)
    else:
        Picture.fromarray(pixels).save(path, compress_level=1)


def _image(sample: Sample, name: str) -> dict[str, Any]:
    height, width = sample.pixels.shape
    common: dict[str, Any] = {
        "id": sample.number,
        "file_name": name,
        "width": width,
        "height": height,
        "grid_id": sample.grid_id,
        "pixel_size_um": sample.pixel_size_um,
        "pixel_to_stage": sample.to_stage.as_list(),
        "mesh": {
            "name": sample.mesh.name,
            "opening_um": sample.mesh.opening_um,
            "bar_um": sample.mesh.bar_um,
        },
        "film": {
            "name": sample.film.name,
            "hole_um": sample.film.hole_um,
            "pitch_um": sample.film.pitch_um,
            "gold": sample.film.gold,
        },
        "lattice_px": sample.lattice_px,
        "conditions": dict(sample.conditions),
    }
    if isinstance(sample, AtlasSample):
        return common | {"level": "atlas", "tilt_deg": 0.0}
    return common | {
        "level": sample.level,
        "tilt_deg": sample.tilt_deg,
        "origin_px": sample.origin_px,
        "square_label": sample.square_label,
        "square_polygon_px": sample.square_polygon_px,
    }


def _targets(sample: Sample) -> list[tuple[str, dict[str, Any]]]:
    """(category, COCO fields and extras) of everything labelled."""
    if isinstance(sample, AtlasSample):
        return [(square.label, _square(asdict(square))) for square in sample.squares]
    holes = [("hole", _disc(asdict(hole), max(hole.axes_px))) for hole in sample.holes]
    dirt = [("contaminant", _disc(asdict(each), each.radius_px)) for each in sample.contaminants]
    return holes + dirt


def _square(fields: dict[str, Any]) -> dict[str, Any]:
    x0, y0, x1, y1 = fields.pop("box_px")
    (ax, ay), (bx, by), _, (dx, dy) = fields["polygon_px"]
    area = abs((bx - ax) * (dy - ay) - (by - ay) * (dx - ax))
    corners = [coordinate for corner in fields.pop("polygon_px") for coordinate in corner]
    fields["square_id"] = fields.pop("id")
    del fields["label"]
    return {
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": area,
        "segmentation": [corners],
    } | fields


def _disc(fields: dict[str, Any], reach_px: float) -> dict[str, Any]:
    x, y = fields["centre_px"]
    if "id" in fields:
        fields["hole_id"] = fields.pop("id")
    return {
        "bbox": [x - reach_px, y - reach_px, 2 * reach_px, 2 * reach_px],
        "area": float(np.pi * reach_px**2),
    } | fields

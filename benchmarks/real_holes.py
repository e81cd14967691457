"""Hole finding on real squares whose holes were marked by eye (labels/holes.json says how)."""

from __future__ import annotations

import json
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mrcfile
import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

from benchmarks.hole_finders import discs, kept_holes
from benchmarks.hole_scenes import HoleTruth
from benchmarks.report import Report
from benchmarks.shared_data import shared_data
from smartscope.analysis.base import FindContext, Finder, Findings, Image, Level
from smartscope.domain.geometry import Affine, Point

LABELS = Path(__file__).parent / "labels" / "holes.json"
FOUND = 0.98
#: No picture carries a pixel size; finders are told this one, and only ratios matter to them.
NOMINAL_PIXEL_UM = 0.02
SHEET_PX = 1400


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSquare:
    """A real picture with centres (N, 2) and (M, 2) in px: holes, and what may be one or not."""

    name: str
    image: Image
    holes: NDArray[np.float64]
    either: NDArray[np.float64]
    diameter_px: float
    pitch_px: float
    foil: str

    @property
    def truth(self) -> HoleTruth:
        """What an answer is held against."""
        return HoleTruth(
            every=self.holes,
            demanded=self.holes,
            either=self.either,
            diameter_px=self.diameter_px,
            pixel_um=NOMINAL_PIXEL_UM,
        )

    @property
    def declared(self) -> FindContext:
        """What a person who knows the film would have entered."""
        return FindContext(
            hole_diameter_um=self.diameter_px * NOMINAL_PIXEL_UM,
            hole_pitch_um=self.pitch_px * NOMINAL_PIXEL_UM,
            foil=self.foil,
        )


def labelled_squares(folder: Path) -> list[LabelledSquare]:
    """Every labelled picture that is in the shared data folder."""
    table = json.loads(LABELS.read_text(encoding="utf-8"))
    return [
        _labelled(entry, folder / entry["file"])
        for entry in table["pictures"]
        if (folder / entry["file"]).exists()
    ]


def real_claims(report: Report, finders: tuple[Finder, ...], pictures: Path | None) -> None:
    """Rows per real picture and finder; with a folder, also drawings of every answer."""
    folder = shared_data()
    squares = [] if folder is None else labelled_squares(folder)
    if not squares:
        report.leave_out("real squares: the shared data folder is not there")
    for square in squares:
        plain = square.truth.score(discs(square.image, square.diameter_px))
        for finder in finders:
            found = finder.find(square.image, square.declared)
            score = square.truth.score(kept_holes(found))
            unaided = square.truth.score(kept_holes(finder.find(square.image, FindContext())))
            for part in ("precision", "recall"):
                report.at_least(
                    f"real {square.name} ({len(square.holes)} holes), {finder.manifest.name}: "
                    f"{part}; {getattr(unaided, part):.3f} with no film declared",
                    getattr(score, part),
                    unit="fraction",
                    target=FOUND,
                    baseline=getattr(plain, part),
                    baseline_name="no lattice",
                )
            if pictures is not None:
                _draw(square, found, pictures / f"{square.name}-{finder.manifest.name}.png")


def _labelled(entry: dict[str, Any], path: Path) -> LabelledSquare:
    pixels = _pixels(path)
    height, width = pixels.shape
    return LabelledSquare(
        name=entry["name"],
        image=Image.from_array(
            pixels,
            level=Level.SQUARE,
            to_stage=Affine.scaled(NOMINAL_PIXEL_UM, Point(0.0, 0.0), width, height),
        ),
        holes=np.array(entry["holes"], dtype=np.float64).reshape(-1, 2),
        either=np.array(entry["either"], dtype=np.float64).reshape(-1, 2),
        diameter_px=entry["diameter_px"],
        pitch_px=entry["pitch_px"],
        foil=entry["foil"],
    )


def _pixels(path: Path) -> NDArray[np.float32]:
    if path.suffix == ".mrc":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an old program's machine stamp
            with mrcfile.open(path, permissive=True) as file:
                return np.array(file.data, dtype=np.float32)
    with Picture.open(path) as picture:
        return np.asarray(picture.convert("L"), dtype=np.float32)


def _draw(square: LabelledSquare, found: Findings, path: Path) -> None:
    """Green detected, orange predicted, blue off the lattice; a red cross is a label not found."""
    pixels = square.image.pixels
    zoom = SHEET_PX / max(pixels.shape)
    low, high = np.percentile(pixels, [0.5, 99.7])
    grey = (np.clip((pixels - low) / max(high - low, 1e-6), 0, 1) * 255).astype(np.uint8)
    size = (round(pixels.shape[1] * zoom), round(pixels.shape[0] * zoom))
    sheet = Picture.fromarray(grey).convert("RGB").resize(size, Picture.Resampling.LANCZOS)
    pen = ImageDraw.Draw(sheet)
    kept = kept_holes(found)
    for (x, y), radius, predicted, odds in zip(
        found.positions_px, found.radii_px, found.predicted, found.probabilities, strict=True
    ):
        off = odds.argmax() == found.labels.index("off_lattice")
        colour = (70, 110, 255) if off else (255, 165, 0) if predicted else (0, 220, 0)
        pen.ellipse(_box(x, y, radius, zoom), outline=colour, width=2)
    for x, y in square.holes:
        away = np.linalg.norm(kept - [x, y], axis=1).min() if len(kept) else np.inf
        if away > square.diameter_px / 4:
            left, top, right, bottom = _box(x, y, square.diameter_px / 4, zoom)
            pen.line((left, top, right, bottom), fill=(255, 0, 0), width=3)
            pen.line((left, bottom, right, top), fill=(255, 0, 0), width=3)
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)


def _box(x: float, y: float, radius: float, zoom: float) -> tuple[float, float, float, float]:
    middle_x, middle_y, reach = (x + 0.5) * zoom, (y + 0.5) * zoom, radius * zoom
    return middle_x - reach, middle_y - reach, middle_x + reach, middle_y + reach

"""Real squares on one sheet, each with what eyes and network called it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw

HALF_PX = 14
ZOOM = 5
COLUMNS = 10
WORDS_PX = 34


@dataclass(frozen=True, slots=True)
class Shown:
    """One square of an atlas (grey), its centre (2,) in pixels, and its names."""

    pixels: NDArray[np.uint8]
    centre: NDArray[np.float64]
    first: str
    second: str
    network: str


def draw_sheet(squares: Sequence[Shown], path: Path) -> None:
    """Write the sheet; the network's name is red where neither pass by eye said it."""
    side = (2 * HALF_PX + 1) * ZOOM
    rows = -(-len(squares) // COLUMNS)
    sheet = Picture.new("RGB", (COLUMNS * (side + 4), rows * (side + WORDS_PX)), (40, 40, 60))
    pen = ImageDraw.Draw(sheet)
    for number, square in enumerate(squares):
        left, top = (number % COLUMNS) * (side + 4), (number // COLUMNS) * (side + WORDS_PX)
        sheet.paste(_crop(square, side), (left, top + WORDS_PX - 4))
        eyes = square.first if square.first == square.second else f"{square.first}/{square.second}"
        pen.text((left + 2, top), eyes, fill="yellow")
        agrees = square.network in (square.first, square.second)
        pen.text((left + 2, top + 14), square.network, fill="lime" if agrees else "red")
    sheet.save(path)


def _crop(square: Shown, side: int) -> Picture.Image:
    x, y = (round(float(place)) for place in square.centre)
    padded = np.pad(square.pixels, HALF_PX, constant_values=90)
    crop = padded[y : y + 2 * HALF_PX + 1, x : x + 2 * HALF_PX + 1]
    return Picture.fromarray(crop).resize((side, side), Picture.Resampling.BICUBIC).convert("RGB")

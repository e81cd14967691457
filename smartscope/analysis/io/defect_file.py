"""Reads a camera's list of bad pixels: SerialEM's defect file, or boxes as others write them.

SerialEM's file (`defects_*.txt`, named in a movie's `.mdoc`) has one word and numbers a line; every
other file is one box a line: x, y, width, height. Row 0 of both is the file's first row.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import numpy as np

from smartscope.analysis.base import BoolArray
from smartscope.analysis.io.limits import MAX_METADATA_BYTES
from smartscope.domain.errors import BadFile

_WORD: Final = re.compile(r"[A-Za-z]")
_WHOLE: Final = re.compile(r"-?\d+\Z")
#: SerialEM's words, and how many numbers make one entry
_ENTRY_LENGTH: Final = {
    "BadColumns": 1,
    "BadRows": 1,
    "PartialBadCol": 3,
    "PartialBadRow": 3,
    "BadPixels": 2,
}


def read_defects(path: Path, *, shape: tuple[int, int]) -> BoolArray:
    """True where a pixel of `shape` (height, width) is bad.

    Raises `BadFile` for a line that is none, a box outside the frame, or a list made for a camera
    or binning of another size.
    """
    try:
        if path.stat().st_size > MAX_METADATA_BYTES:
            raise BadFile(f"{path.name} is larger than 64 MiB; a list of defects never is.")
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror}.") from error
    bad = np.zeros(shape, dtype=np.bool_)
    size: dict[str, int] = {}
    for number, line in enumerate(lines, start=1):
        words = line.split("#")[0].split()
        if not words:
            continue
        place = f"Line {number} of {path.name}"
        if _WORD.match(words[0]):
            _mark_word(bad, words, size, place)
        else:
            _mark_box(bad, _numbers(words, place), place)
    _check_size(size, shape, path)
    return bad


def _mark_word(bad: BoolArray, words: list[str], size: dict[str, int], place: str) -> None:
    name = words[0]
    if name in ("CameraSizeX", "CameraSizeY"):
        size[name] = _numbers(words[1:2], place)[0]
    length = _ENTRY_LENGTH.get(name)
    if length is None:
        return  # what describes the camera, not a pixel
    numbers = _numbers(words[1:], place)
    if len(numbers) % length:
        raise BadFile(f"{place} has {len(numbers)} numbers after {name}, not {length} each.")
    for start in range(0, len(numbers), length):
        _mark_entry(bad, name, numbers[start : start + length], place)


def _mark_entry(bad: BoolArray, name: str, entry: list[int], place: str) -> None:
    height, width = bad.shape
    if name == "BadColumns":
        box = [entry[0], 0, 1, height]
    elif name == "BadRows":
        box = [0, entry[0], width, 1]
    elif name == "PartialBadCol":
        box = [entry[0], entry[1], 1, entry[2] - entry[1] + 1]
    elif name == "PartialBadRow":
        box = [entry[1], entry[0], entry[2] - entry[1] + 1, 1]
    else:
        box = [entry[0], entry[1], 1, 1]
    _mark_box(bad, box, place)


def _mark_box(bad: BoolArray, box: list[int], place: str) -> None:
    if len(box) != 4:
        raise BadFile(f"{place} has {len(box)} numbers where a box has x, y, width and height.")
    x, y, width, height = box
    rows, columns = bad.shape
    if not (0 <= x < x + width <= columns and 0 <= y < y + height <= rows):
        raise BadFile(
            f"{place} marks x {x}, y {y}, {width} x {height}, outside frames of {columns} x "
            f"{rows}; give the list of this camera mode."
        )
    bad[y : y + height, x : x + width] = True


def _numbers(words: list[str], place: str) -> list[int]:
    if not words or not all(_WHOLE.match(word) for word in words):
        raise BadFile(f"{place} has something else where whole numbers belong: {words}.")
    return [int(word) for word in words]


def _check_size(size: dict[str, int], shape: tuple[int, int], path: Path) -> None:
    stated = size.get("CameraSizeY", shape[0]), size.get("CameraSizeX", shape[1])
    if stated != shape:
        raise BadFile(
            f"{path.name} is for a camera of {stated[1]} x {stated[0]} pixels, the frames have "
            f"{shape[1]} x {shape[0]}; give the list of this camera mode."
        )

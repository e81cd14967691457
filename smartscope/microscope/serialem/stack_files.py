"""Image files that SerialEM itself writes: MRC stacks, and the `.mdoc` that says where each lies.

Opened for reading only. What is not whole, or lacks what is needed of it, raises BadFile.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import numpy as np

from smartscope.domain.errors import BadFile
from smartscope.microscope.values import Pixels, StagePose

HEADER_BYTES = 1024
#: IMOD's stamp in a header; with bit 0 of the flags behind it bytes are signed.
IMOD_STAMP = 1146047817
LARGEST_NOTES_BYTES = 50_000_000
_TYPES = {0: "<u1", 1: "<i2", 2: "<f4", 6: "<u2"}
_TIME = "%d-%b-%Y %H:%M:%S"
_SECTION = re.compile(r"^\s*\[\s*(\w+)\s*=\s*(.*?)\s*\]\s*$")
_PAIR = re.compile(r"^\s*(\w+)\s*=\s*(.*?)\s*$")


@dataclass(frozen=True, slots=True, eq=False)
class Section:
    """One image of a stack, row 0 on top, and what SerialEM wrote about it."""

    pixels: Pixels
    notes: Mapping[str, str]

    def numbers(self, key: str, count: int) -> tuple[float, ...]:
        """The first `count` finite numbers under a key. Raises BadFile."""
        try:
            found = tuple(float(each) for each in self.notes.get(key, "").split()[:count])
        except ValueError:
            found = ()
        if len(found) < count or not all(map(math.isfinite, found)):
            raise BadFile(
                f"The .mdoc says {key} = {self.notes.get(key)!r} where {count} numbers were due; "
                "look at SerialEM's file options."
            )
        return found

    def pose(self) -> StagePose:
        """Where the stage was, as it reported (µm, degrees). Raises BadFile."""
        x_um, y_um = self.numbers("StagePosition", 2)
        (z_um,), (tilt_deg,) = self.numbers("StageZ", 1), self.numbers("TiltAngle", 1)
        level = abs(tilt_deg) < 0.005
        return StagePose(x_um=x_um, y_um=y_um, z_um=z_um, tilt_deg=0.0 if level else tilt_deg)


def read_stack(path: Path, count: int) -> tuple[Section, ...]:
    """All `count` sections of a file that SerialEM has closed. Raises BadFile."""
    try:
        images = _images(path, count)
        notes = _notes(path.with_name(f"{path.name}.mdoc"))
    except (OSError, ValueError, struct.error) as error:
        raise BadFile(f"{path.name} is no whole stack of {count} images: {error}.") from error
    if len(notes) != count:
        raise BadFile(
            f"{path.name}.mdoc tells of {len(notes)} images where {count} were due; let SerialEM "
            "save metadata in .mdoc files."
        )
    return tuple(Section(image, note) for image, note in zip(images, notes, strict=True))


def times_s(sections: tuple[Section, ...], began_s: float) -> list[float]:
    """When each was taken: the file's own steps, of whole seconds, from when the first began.

    SerialEM writes its computer's local time, so only differences count; times never fall.
    """
    clock = [_seconds(each.notes.get("DateTime", "")) for each in sections]
    found = [began_s]
    for one, other in pairwise(clock):
        step_s = 0.0 if one is None or other is None else max(0.0, other - one)
        found.append(found[-1] + step_s)
    return found[: len(sections)]


def _seconds(text: str) -> float | None:
    """`21-Nov-2026  12:00:00` or `21-Nov-26  12:00:00` in seconds, as if it were UTC."""
    plain = " ".join(text.split())
    for form in (_TIME, _TIME.replace("%Y", "%y")):
        try:
            return datetime.strptime(plain, form).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None


def _images(path: Path, count: int) -> list[Pixels]:
    """Raises ValueError when the header contradicts the file, or `count`."""
    with path.open("rb") as file:
        header = file.read(HEADER_BYTES)
    width, height, depth, mode = struct.unpack_from("<4i", header)
    (extra,) = struct.unpack_from("<i", header, 92)
    if mode not in _TYPES or min(width, height, extra + 1) < 1 or depth != count:
        raise ValueError(f"its header says {width} x {height} x {depth} of mode {mode}")
    dtype = np.dtype("i1" if mode == 0 and _signed(header) else _TYPES[mode])
    due = HEADER_BYTES + extra + width * height * depth * dtype.itemsize
    if path.stat().st_size < due:
        raise ValueError(f"it has {path.stat().st_size} of {due} bytes")
    rows = np.fromfile(path, dtype, width * height * depth, offset=HEADER_BYTES + extra)
    stack = rows.reshape(depth, height, width).astype(dtype.newbyteorder("="), copy=False)
    return [np.ascontiguousarray(image[::-1]) for image in stack]  # the file's rows run upwards


def _signed(header: bytes) -> bool:
    stamp, flags = struct.unpack_from("<2i", header, 152)
    return bool(stamp == IMOD_STAMP and flags & 1)


def _notes(path: Path) -> list[dict[str, str]]:
    """What stands in each `[ZValue = n]`, in the order of n."""
    with path.open("rb") as file:
        text = file.read(LARGEST_NOTES_BYTES).decode("utf-8", errors="replace")
    sections: dict[int, dict[str, str]] = {}
    present: dict[str, str] = {}
    for line in text.splitlines():
        begun, pair = _SECTION.match(line), _PAIR.match(line)
        if begun is not None:
            present = {}
            if begun[1] == "ZValue":
                sections[int(begun[2])] = present
        elif pair is not None:
            present[pair[1]] = pair[2]
    return [sections[number] for number in sorted(sections)]

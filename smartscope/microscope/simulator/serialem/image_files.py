"""Image files that SerialEM has open: MRC stacks with the bottom row first, and their `.mdoc`.

A file is whole after every section: written, header last, so that a reader beside us never sees
a section that is not there.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.simulator.serialem.answers import ScriptError

Pixels = NDArray[np.generic]
HEADER_BYTES = 1024
MODES = {"uint8": 0, "int16": 1, "float32": 2, "uint16": 6}
_TYPES = {mode: np.dtype(name) for name, mode in MODES.items()}


@dataclass(slots=True, kw_only=True)
class ImageFile:
    """One open file; `sections` holds each section's metadata for the `.mdoc`."""

    name: str
    path: Path
    montage: bool = False
    width: int = 0
    height: int = 0
    mode: int = -1
    pixel_angstrom: float = 0.0
    sections: list[dict[str, str]] = field(default_factory=list)
    range: tuple[float, float] = (0.0, 0.0)

    def append(self, pixels: Pixels, pixel_angstrom: float, notes: dict[str, str]) -> None:
        """Add a section (row 0 on top). Raises ScriptError when it does not fit the file."""
        height, width = pixels.shape
        mode = MODES.get(str(pixels.dtype))
        if mode is None:
            raise ScriptError(f"An image of {pixels.dtype} cannot be saved to {self.name}")
        if self.sections and (width, height, mode) != (self.width, self.height, self.mode):
            raise ScriptError(
                f"The image ({width} x {height}, mode {mode}) does not match the file {self.name} "
                f"({self.width} x {self.height}, mode {self.mode})"
            )
        self.width, self.height, self.mode = width, height, mode
        low, high = float(pixels.min()), float(pixels.max())
        self.range = (
            (min(low, self.range[0]), max(high, self.range[1])) if self.sections else (low, high)
        )
        self.pixel_angstrom = pixel_angstrom
        rows = np.ascontiguousarray(pixels[::-1], dtype=pixels.dtype.newbyteorder("<"))
        with self.path.open("r+b" if self.path.exists() else "w+b") as file:
            file.seek(HEADER_BYTES + len(self.sections) * rows.nbytes)
            file.write(rows.data)
            self.sections.append(dict(notes))
            file.seek(0)
            file.write(self._header(float(pixels.mean(dtype=np.float64))))

    def read(self, section: int) -> Pixels:
        """A section, row 0 on top. Raises ScriptError when there is none."""
        if not 0 <= section < len(self.sections):
            raise ScriptError(f"{self.name} has no section {section}")
        dtype = _TYPES[self.mode].newbyteorder("<")
        count = self.width * self.height
        rows = np.fromfile(
            self.path, dtype, count, offset=HEADER_BYTES + section * count * dtype.itemsize
        )
        image: Pixels = rows.reshape(self.height, self.width)[::-1].copy()
        return image

    def write_notes(self) -> None:
        """The `.mdoc` beside the file."""
        lines = [
            f"PixelSpacing = {self.pixel_angstrom:.5g}",
            f"ImageFile = {self.path.name}",
            f"ImageSize = {self.width} {self.height}",
            f"DataMode = {self.mode}",
            *(["Montage = 1"] if self.montage else []),
            "",
            "[T = SerialEM: simulated microscope]",
        ]
        for number, notes in enumerate(self.sections):
            lines += ["", f"[ZValue = {number}]"]
            lines += [f"{key} = {value}" for key, value in notes.items()]
        text = "\n".join(lines) + "\n"
        self.path.with_name(f"{self.path.name}.mdoc").write_text(text, encoding="ascii")

    def _header(self, mean: float) -> bytes:
        header, depth = bytearray(HEADER_BYTES), len(self.sections)
        sizes = (self.width, self.height, depth)
        struct.pack_into("<10i", header, 0, *sizes, self.mode, 0, 0, 0, *sizes)
        cell = (side * self.pixel_angstrom for side in sizes)
        struct.pack_into("<6f", header, 40, *cell, 90.0, 90.0, 90.0)
        struct.pack_into("<3i3f", header, 64, 1, 2, 3, *self.range, mean)
        struct.pack_into("<i", header, 108, 20140)
        header[208:216] = b"MAP \x44\x44\x00\x00"
        return bytes(header)


def read_old(name: str, path: Path) -> ImageFile:
    """A file as it is on disk. Raises ScriptError when it is none of ours."""
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise ScriptError(f"{name} cannot be opened: {error.strerror}") from error
    if len(header) < HEADER_BYTES or header[208:211] != b"MAP":
        raise ScriptError(f"{name} is not an MRC file")
    width, height, depth, mode = struct.unpack_from("<4i", header)
    size = path.stat().st_size
    if mode not in _TYPES or width < 1 or height < 1 or depth < 0:
        raise ScriptError(f"{name} has a header that makes no sense")
    if size < HEADER_BYTES + width * height * depth * _TYPES[mode].itemsize:
        raise ScriptError(f"{name} is shorter than its header says")
    (cell_x,) = struct.unpack_from("<f", header, 40)
    return ImageFile(
        name=name,
        path=path,
        width=width,
        height=height,
        mode=mode,
        pixel_angstrom=cell_x / width,
        sections=[{} for _ in range(depth)],
        range=struct.unpack_from("<2f", header, 76),
    )


@dataclass(slots=True)
class OpenFiles:
    """All open files; `current` counts from 0 and is -1 when there is none."""

    files: list[ImageFile] = field(default_factory=list)
    current: int = -1

    def file(self) -> ImageFile:
        """The current file. Raises ScriptError when none is open."""
        if self.current < 0:
            raise ScriptError("There is no open image file")
        return self.files[self.current]

    def open(self, file: ImageFile) -> None:
        """Add a file and make it current. Raises ScriptError when it is open already."""
        if any(each.path == file.path for each in self.files):
            raise ScriptError(f"{file.name} is already open")
        self.files.append(file)
        self.current = len(self.files) - 1

    def close(self) -> None:
        """Close the current file; the one before it becomes current."""
        self.file()
        del self.files[self.current]
        self.current = len(self.files) - 1

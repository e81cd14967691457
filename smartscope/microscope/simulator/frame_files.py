"""How the simulated camera's computer leaves files: written aside, flushed, then renamed.

A file that carries its final name is complete, except where a fault says otherwise. MRC rows run
from the top as in TIFF, which every `.mdoc` written here states.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import tifffile
from numpy.typing import NDArray

from smartscope.domain.errors import StorageFull
from smartscope.domain.no_room import means_no_room
from smartscope.microscope.errors import CameraFailed, CommandRefused

Frames = NDArray[np.uint8] | NDArray[np.uint16] | NDArray[np.float32]
FORMATS = ("tif", "mrc")
_MRC_MODE = {"float32": 2, "uint16": 6}


def write_frames(path: Path, frames: Frames, pixel_size_angstrom: float) -> None:
    """Frames (n, height, width) as LZW TIFF or MRC stack, by the suffix of `path`."""
    writers: Mapping[str, Callable[[Path], None]] = {
        ".tif": lambda part: _write_tiff(part, frames, pixel_size_angstrom),
        ".mrc": lambda part: _write_mrc(part, frames, pixel_size_angstrom),
    }
    if path.suffix not in writers:
        raise CommandRefused(
            f"The camera cannot write {path.suffix!r} files; choose one of {', '.join(FORMATS)}."
        )
    _appear_whole(path, writers[path.suffix])


def write_text(path: Path, text: str) -> None:
    """A small text file, such as an `.mdoc`."""
    _appear_whole(path, lambda part: _put(part, text))


def mdoc(header: Mapping[str, object], section: Mapping[str, object]) -> str:
    """The text of an `.mdoc` with one frame set."""
    lines = [f"{key} = {value}" for key, value in header.items()]
    lines += ["", "[FrameSet = 0]"]
    lines += [f"{key} = {value}" for key, value in section.items()]
    return "\n".join(lines) + "\n"


def truncate(path: Path) -> None:
    """Cut a finished file short, as a dying disk or network share would."""
    os.truncate(path, path.stat().st_size * 3 // 5)


def _put(part: Path, text: str) -> None:
    part.write_text(text, encoding="utf-8")


def _write_tiff(part: Path, frames: Frames, pixel_size_angstrom: float) -> None:
    per_cm = 1e8 / pixel_size_angstrom
    with tifffile.TiffWriter(part) as writer:
        for frame in frames:
            writer.write(
                frame,
                compression="lzw",
                photometric="minisblack",
                contiguous=False,
                metadata=None,
                resolution=(per_cm, per_cm),
                resolutionunit="CENTIMETER",
            )


def _write_mrc(part: Path, frames: Frames, pixel_size_angstrom: float) -> None:
    data = frames.astype(np.uint16) if frames.dtype == np.uint8 else frames
    n, height, width = data.shape
    cell = (width * pixel_size_angstrom, height * pixel_size_angstrom, n * pixel_size_angstrom)
    header = bytearray(1024)
    struct.pack_into(
        "<10i", header, 0, width, height, n, _MRC_MODE[str(data.dtype)], 0, 0, 0, width, height, n
    )
    struct.pack_into("<6f", header, 40, *cell, 90.0, 90.0, 90.0)
    struct.pack_into("<3i", header, 64, 1, 2, 3)
    low, high, mean = float(data.min()), float(data.max()), float(data.mean())
    struct.pack_into("<3f", header, 76, low, high, mean)
    struct.pack_into("<i", header, 108, 20140)
    header[208:216] = b"MAP \x44\x44\x00\x00"
    struct.pack_into("<f", header, 216, float(data.std(dtype=np.float64)))
    with part.open("wb") as file:
        file.write(header)
        data.astype(data.dtype.newbyteorder("<"), copy=False).tofile(file)


def _appear_whole(path: Path, write: Callable[[Path], None]) -> None:
    part = path.with_name(f"{path.name}.part")
    try:
        write(part)
        _flush(part)
        part.replace(path)
        _flush(path.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        what = (
            f"The camera's computer could not write {path.name} ({error.strerror}); "
            "dose was spent but there is no file."
        )
        if means_no_room(error):
            raise StorageFull(f"{what} Make room and check the folder.") from error
        raise CameraFailed(f"{what} Check that computer's disk.") from error


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

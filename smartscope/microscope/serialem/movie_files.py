"""What a camera's movie file says about itself; opened for reading only, never trusted unread."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from smartscope.domain.errors import BadFile
from smartscope.microscope.values import Pixels

MRC_HEADER_BYTES = 1024
_MRC_BYTES = {0: 1.0, 1: 2.0, 2: 4.0, 6: 2.0, 12: 2.0, 101: 0.5}
_MOST_FRAMES = 100_000
#: What reading headers raises, depending on which byte is wrong.
_BROKEN = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
    struct.error,
    tifffile.TiffFileError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class MovieShape:
    """Frames and their sides."""

    frames: int
    width_px: int
    height_px: int


def shape_of(path: Path) -> MovieShape:
    """Read the headers of a TIFF or MRC movie. Raises BadFile when it is not whole."""
    try:
        if path.suffix == ".mrc":
            return _mrc(path)
        return _tiff(path)
    except _BROKEN as error:
        raise BadFile(f"{path.name} is no whole movie: {error}.") from error


def write_sum(path: Path, pixels: Pixels, pixel_size_angstrom: float) -> None:
    """One float32 frame as TIFF, for exposures whose frames are not kept."""
    per_cm = 1e8 / pixel_size_angstrom
    tifffile.imwrite(
        path,
        pixels.astype(np.float32),
        photometric="minisblack",
        metadata=None,
        compression="lzw",
        resolution=(per_cm, per_cm),
        resolutionunit="CENTIMETER",
    )


def _tiff(path: Path) -> MovieShape:
    size = path.stat().st_size
    with tifffile.TiffFile(path) as movie:
        first = movie.pages.first
        height, width = int(first.imagelength), int(first.imagewidth)
        frames = len(movie.pages)
        last = movie.pages[frames - 1]
        ends = [
            offset + count
            for offset, count in zip(last.dataoffsets, last.databytecounts, strict=True)
        ]
        if not ends or max(ends) > size:
            raise ValueError("its last frame reaches beyond the end of the file")
        if _follows(movie, last.offset):
            raise ValueError(f"more frames than the {frames} that are there were announced")
    return MovieShape(frames=frames, width_px=width, height_px=height)


def _follows(movie: tifffile.TiffFile, directory: int) -> int:
    """Where a directory says that the next one begins, 0 for the last; tifffile stops without a
    word where that lies beyond the end of the file.
    """
    tiff, file = movie.tiff, movie.filehandle
    file.seek(directory)
    (tags,) = struct.unpack(tiff.tagnoformat, file.read(tiff.tagnosize))
    file.seek(directory + tiff.tagnosize + tags * tiff.tagsize)
    (offset,) = struct.unpack(tiff.offsetformat, file.read(tiff.offsetsize))
    return int(offset)


def _mrc(path: Path) -> MovieShape:
    with path.open("rb") as file:
        header = file.read(MRC_HEADER_BYTES)
    width, height, frames, mode = struct.unpack_from("<4i", header)
    (extra,) = struct.unpack_from("<i", header, 92)
    if (
        mode not in _MRC_BYTES
        or not 0 < frames <= _MOST_FRAMES
        or min(width, height, extra + 1) < 1
    ):
        raise ValueError(f"its header says {width} x {height} x {frames} of mode {mode}")
    due = MRC_HEADER_BYTES + extra + width * height * frames * _MRC_BYTES[mode]
    if path.stat().st_size < due:
        raise ValueError(f"it has {path.stat().st_size} of {due:.0f} bytes")
    return MovieShape(frames=frames, width_px=width, height_px=height)

"""Reads TIFF images and stacks frame by frame, plain or LZW, and writes stacks that appear whole.

A file's directories are counted and compared with the budgets before the first pixel is decoded.
"""

from __future__ import annotations

import itertools
import math
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import tifffile
from numpy.typing import NDArray

from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.limits import MAX_EXPANSION, MAX_FRAMES, MAX_IMAGE_PX, MAX_SIDE_PX
from smartscope.analysis.io.plain_frame import read_plain_frame
from smartscope.domain.errors import BadFile, InvalidInput

Frame = NDArray[np.generic]

_ANGSTROM_PER_CM: Final = 1e8
_CENTIMETRE: Final = 3
# What the library raises, depending on which byte is wrong; `TiffFileError` alone is not enough.
BROKEN_TIFF: Final = (
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
_READ_TYPES: Final = frozenset(
    {"uint8", "int8", "uint16", "int16", "uint32", "int32", "float16", "float32"}
)


@dataclass(frozen=True, slots=True)
class TiffFrames:
    """An open TIFF file whose frames are decoded one by one."""

    width_px: int
    height_px: int
    frames: int
    dtype: np.dtype[np.generic]
    pixel_size_angstrom: float | None
    _pages: tuple[tifffile.TiffPage | tifffile.TiffFrame, ...]
    _file: tifffile.TiffFile

    def read(self, index: int) -> Frame:
        """Frame `index` as (height, width), by any thread. Raises `BadFile` when broken."""
        page, file = self._pages[index], self._file
        try:
            if _lies_plain(page, self.dtype):
                return read_plain_frame(
                    file.filehandle.fileno(),
                    page.dataoffsets[0],
                    (self.height_px, self.width_px),
                    self.dtype.newbyteorder(file.byteorder),
                    name=file.filename,
                )
            # one thread each: several frames are decoded beside one another, not one frame's strips
            frame = page.asarray(maxworkers=1)
        except BROKEN_TIFF as error:
            raise BadFile(f"Frame {index} of {file.filename} does not decode ({error}).") from error
        return np.asarray(frame)

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _lies_plain(page: tifffile.TiffPage | tifffile.TiffFrame, dtype: np.dtype[np.generic]) -> bool:
    """Whether a page's pixels are in the file in one piece as they are."""
    places = list(zip(page.dataoffsets, page.databytecounts, strict=True))
    in_one_piece = all(
        offset + count == following
        for (offset, count), (following, _) in itertools.pairwise(places)
    )
    size = math.prod(page.shape) * dtype.itemsize
    return page.is_final and in_one_piece and sum(count for _, count in places) == size


def open_tiff(path: Path) -> TiffFrames:
    """Check every directory of a TIFF file; the caller closes it. Raises `BadFile`."""
    try:
        file = tifffile.TiffFile(path)
    except BROKEN_TIFF as error:
        raise BadFile(f"{path.name} is not a TIFF file that can be read ({error}).") from error
    try:
        return _checked(file, path)
    except BROKEN_TIFF as error:
        file.close()
        raise BadFile(f"{path.name} has broken TIFF directories ({error}).") from error
    except BadFile:
        file.close()
        raise


def save_tiff_stack(
    path: Path,
    frames: Iterable[Frame],
    *,
    lzw: bool,
    pixel_size_angstrom: float | None = None,
) -> None:
    """Write frames, each (height, width) of one type, as one TIFF stack that appears whole.

    Raises `InvalidInput` when there is no frame or frames differ in shape or type.
    """
    first: Frame | None = None
    with written_aside(path) as part, tifffile.TiffWriter(part, bigtiff=True) as writer:
        for frame in frames:
            first = frame if first is None else first
            if frame.ndim != 2 or frame.shape != first.shape or frame.dtype != first.dtype:
                raise InvalidInput(
                    {"frames": f"A frame is {frame.dtype} {frame.shape}, unlike the first."}
                )
            writer.write(
                frame,
                contiguous=False,
                metadata=None,
                compression="lzw" if lzw else None,
                software="smartscope",
                resolution=_pixels_per_cm(pixel_size_angstrom),
                resolutionunit=None if pixel_size_angstrom is None else _CENTIMETRE,
            )
        if first is None:
            raise InvalidInput({"frames": "A movie needs at least one frame."})


def _pixels_per_cm(pixel_size_angstrom: float | None) -> tuple[float, float] | None:
    if pixel_size_angstrom is None:
        return None
    per_cm = _ANGSTROM_PER_CM / pixel_size_angstrom
    return per_cm, per_cm


def _checked(file: tifffile.TiffFile, path: Path) -> TiffFrames:
    pages = tuple(file.pages)
    count, first = len(pages), pages[0]
    shape, dtype = first.shape, first.dtype
    if not 1 <= count <= MAX_FRAMES:
        raise BadFile(f"{path.name} holds {count} frames; 1 to {MAX_FRAMES} are read.")
    if len(shape) != 2 or dtype is None or dtype.name not in _READ_TYPES:
        raise BadFile(f"{path.name} holds {dtype} frames of shape {shape}, not grey images.")
    height, width = shape
    if max(shape) > MAX_SIDE_PX or height * width > MAX_IMAGE_PX or min(shape) < 1:
        raise BadFile(f"{path.name} claims {width} x {height} pixels, beyond what is read.")
    if count * height * width * dtype.itemsize > MAX_EXPANSION * path.stat().st_size:
        raise BadFile(f"{path.name} would expand more than {MAX_EXPANSION} times; it is refused.")
    for index, page in enumerate(pages):
        if page.shape != shape or page.dtype != dtype:
            raise BadFile(f"Frame {index} of {path.name} is unlike its first frame.")
    if announces_more(file, pages[-1].offset):
        raise BadFile(
            f"{path.name} was cut short or is still being written: it announces more frames than "
            f"the {count} in it."
        )
    file.filehandle.set_lock(True)
    pixel_size = _pixel_size(file.pages.first)
    return TiffFrames(width, height, count, np.dtype(dtype), pixel_size, pages, file)


def announces_more(file: tifffile.TiffFile, directory: int) -> bool:
    """Whether another directory follows; tifffile stops silently where that one is not there."""
    tiff, handle = file.tiff, file.filehandle
    handle.seek(directory)
    (tags,) = struct.unpack(tiff.tagnoformat, handle.read(tiff.tagnosize))
    handle.seek(directory + tiff.tagnosize + tags * tiff.tagsize)
    (following,) = struct.unpack(tiff.offsetformat, handle.read(tiff.offsetsize))
    return bool(following)


def _pixel_size(page: tifffile.TiffPage) -> float | None:
    unit = page.tags.get("ResolutionUnit")
    resolution = page.tags.get("XResolution")
    if unit is None or resolution is None or unit.value != _CENTIMETRE:
        return None
    numerator, denominator = resolution.value
    if numerator <= 0 or denominator <= 0:
        return None
    size = _ANGSTROM_PER_CM * denominator / numerator
    # Printers' resolutions (dots per inch) are far above any microscope's pixel.
    return size if size < 1e5 else None

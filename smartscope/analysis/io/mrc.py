"""Reads MRC images and stacks frame by frame, and writes MRC2014 front to back.

Row 0 of the file is row 0 of the array and the top of the picture, in reading and in writing: this
is the one place where that is decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np
from mrcfile.dtypes import HEADER_DTYPE
from numpy.typing import NDArray

from smartscope.analysis.base import FloatImage
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.io.mrc_header import PACKED_MODE, MrcHeader, check_mrc
from smartscope.analysis.io.plain_frame import read_plain_frame
from smartscope.domain.errors import BadFile, InvalidInput

Frame = NDArray[np.generic]

_MODE: Final = {"int8": 0, "int16": 1, "float32": 2, "uint16": 6, "float16": 12}
_LITTLE_ENDIAN_STAMP: Final = bytes((0x44, 0x44, 0, 0))
_WRITTEN_BY: Final = "written by smartscope"


@dataclass(frozen=True, slots=True)
class MrcFrames:
    """An open MRC file whose frames are read one by one; nothing else is held in memory."""

    header: MrcHeader
    _name: str
    _file: BinaryIO

    def read(self, index: int) -> Frame:
        """Frame `index` as (height, width) in native byte order and the file's type.

        Raises `BadFile` when the file was cut short since it was opened.
        """
        header = self.header
        shape = header.height_px, header.row_bytes // header.dtype.itemsize
        offset = header.data_offset + index * header.height_px * header.row_bytes
        frame = read_plain_frame(self._file.fileno(), offset, shape, header.dtype, name=self._name)
        return _unpacked(frame, header.width_px) if header.mode == PACKED_MODE else frame

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def _unpacked(packed: Frame, width_px: int) -> Frame:
    """Two counts a byte as uint8, the first in the low bits."""
    counts = np.empty((packed.shape[0], 2 * packed.shape[1]), dtype=np.uint8)
    np.bitwise_and(packed, 15, out=counts[:, 0::2])
    np.right_shift(packed, 4, out=counts[:, 1::2])
    return counts[:, :width_px]


def open_mrc(path: Path) -> MrcFrames:
    """Check the header; the caller closes the file. Raises `BadFile`."""
    return MrcFrames(check_mrc(path), path.name, path.open("rb"))


def read_mrc_image(path: Path) -> tuple[FloatImage, MrcHeader]:
    """The only frame of an MRC file as float32 (height, width), and its header.

    Raises `BadFile` when the file is broken, holds several frames, or pixels that are not finite.
    """
    frames = open_mrc(path)
    try:
        if frames.header.frames != 1:
            raise BadFile(
                f"{path.name} holds {frames.header.frames} frames where one image was expected; "
                "measure it as a movie."
            )
        pixels = frames.read(0).astype(np.float32)
    finally:
        frames.close()
    if not np.isfinite(pixels).all():
        raise BadFile(f"{path.name} contains pixels that are not finite numbers.")
    return pixels, frames.header


def write_mrc(
    stream: BinaryIO,
    frames: Iterable[Frame],
    *,
    frame_count: int,
    pixel_size_angstrom: float,
) -> None:
    """Write frames, each (height, width) of one type, as an MRC2014 image or image stack.

    `stream` needs no seek. The header's statistics are marked "not determined" for a stack, whose
    frames are written as they come; `write_mrc_image` states them. Raises `InvalidInput` when
    frames differ in shape or type, have a type without MRC mode, or are not `frame_count`.
    """
    written = 0
    first: Frame | None = None
    for given in frames:
        frame = _native(given)
        if first is None:
            first = frame
            header = _header(first, frame_count, pixel_size_angstrom)
            stream.write(header.tobytes())
        if frame.shape != first.shape or frame.dtype != first.dtype:
            raise InvalidInput(
                {"frames": f"Frame {written} is {frame.dtype} {frame.shape}, unlike the first."}
            )
        stream.write(np.ascontiguousarray(frame).data)
        written += 1
    if written != frame_count:
        raise InvalidInput({"frames": f"{written} frames were given where {frame_count} were due."})


def write_mrc_image(stream: BinaryIO, image: Frame, *, pixel_size_angstrom: float) -> None:
    """Write one (height, width) image with its statistics. Raises `InvalidInput` as `write_mrc`."""
    native = _native(image)
    header = _header(native, 1, pixel_size_angstrom)
    header["dmin"], header["dmax"] = native.min(), native.max()
    header["dmean"] = native.mean(dtype=np.float64)
    header["rms"] = native.std(dtype=np.float64)
    stream.write(header.tobytes())
    stream.write(np.ascontiguousarray(native).data)


def save_mrc(path: Path, pixels: Frame, *, pixel_size_angstrom: float) -> None:
    """Write an image (height, width) or stack (frames, height, width) so that it appears whole."""
    with written_aside(path) as part, part.open("wb") as stream:
        if pixels.ndim == 2:
            write_mrc_image(stream, pixels, pixel_size_angstrom=pixel_size_angstrom)
        else:
            write_mrc(
                stream, pixels, frame_count=len(pixels), pixel_size_angstrom=pixel_size_angstrom
            )


def _native(frame: Frame) -> Frame:
    if frame.ndim != 2 or frame.dtype.name not in (*_MODE, "uint8"):
        raise InvalidInput(
            {"frames": f"MRC has no mode for {frame.dtype} {frame.shape}; give 2-D float32 or int."}
        )
    # Mode 0 is signed by the standard, so unsigned bytes go into the next type that holds them.
    kind = "u2" if frame.dtype.name == "uint8" else frame.dtype.newbyteorder("<")
    return frame.astype(kind, copy=False)


def _header(frame: Frame, frame_count: int, pixel_size_angstrom: float) -> NDArray[np.void]:
    if not (np.isfinite(pixel_size_angstrom) and pixel_size_angstrom > 0):
        raise InvalidInput({"pixel_size_angstrom": f"{pixel_size_angstrom} is not positive."})
    height, width = frame.shape
    header = np.zeros((), dtype=HEADER_DTYPE)
    header["nx"], header["ny"], header["nz"] = width, height, frame_count
    header["mode"] = _MODE[frame.dtype.name]
    header["mx"], header["my"], header["mz"] = width, height, 1
    header["cella"] = (
        width * pixel_size_angstrom,
        height * pixel_size_angstrom,
        pixel_size_angstrom,
    )
    header["cellb"] = (90.0, 90.0, 90.0)
    header["mapc"], header["mapr"], header["maps"] = 1, 2, 3
    header["dmin"], header["dmax"], header["dmean"], header["rms"] = 0.0, -1.0, -2.0, -1.0
    header["nversion"] = 20141
    header["map"] = b"MAP "
    header["machst"] = np.frombuffer(_LITTLE_ENDIAN_STAMP, dtype=np.uint8)
    header["nlabl"] = 1
    header["label"][0] = _WRITTEN_BY
    return header

"""Images on the wire: their header, their pixels in memory, the names of buffers.

Row 0 of an array is the top row, as SerialEM sends it; colour has a last axis of 3.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from smartscope.microscope.errors import BadArgument
from smartscope.microscope.serialem.wire.frames import (
    BadFrame,
    Status,
    frame,
    longs_of,
    split_frame,
)

LARGEST_IMAGE_BYTES = (1 << 31) - 1
LARGEST_SIDE_PX = 65_536
MOST_CHUNKS = 65_536
#: SerialEM's own limit for a chunk of an image that a client puts into a buffer.
PUT_CHUNK_BYTES = 336_200_000
IMAGE_BUFFERS = string.ascii_uppercase[:20]
FFT_BUFFERS = string.ascii_uppercase[:8]

Pixels = NDArray[np.generic]


class PixelType(IntEnum):
    """How a pixel is stored; the numbers are those of MRC files."""

    UINT8 = 0
    INT16 = 1
    FLOAT32 = 2
    UINT16 = 6
    RGB = 16


#: of each type, what one sample is and how many make a pixel
_SAMPLES: dict[PixelType, tuple[str, int]] = {
    PixelType.UINT8: ("|u1", 1),
    PixelType.INT16: ("<i2", 1),
    PixelType.FLOAT32: ("<f4", 1),
    PixelType.UINT16: ("<u2", 1),
    PixelType.RGB: ("|u1", 3),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageHeader:
    """What precedes an image's rows; `total_bytes` 0 says that the buffer is empty."""

    pixel_type: int
    row_bytes: int
    width: int
    height: int
    total_bytes: int
    chunks: int = 1

    @property
    def empty(self) -> bool:
        """True when there is no image; the other fields then mean nothing."""
        return self.total_bytes == 0

    def chunk_lengths(self) -> Iterator[int]:
        """The bytes of each chunk: all alike, the last one shorter."""
        length = math.ceil(self.total_bytes / self.chunks)
        for begun in range(0, self.total_bytes, length):
            yield min(length, self.total_bytes - begun)


NO_IMAGE = ImageHeader(pixel_type=0, row_bytes=0, width=0, height=0, total_bytes=0, chunks=0)


def buffer_number(name: str) -> tuple[int, bool]:
    """A buffer's number and whether it is one of Fourier transforms: "A" is (0, False), "CF" (2,
    True). Raises BadArgument.
    """
    if len(name) == 1 and name in IMAGE_BUFFERS:
        return IMAGE_BUFFERS.index(name), False
    if len(name) == 2 and name[0] in FFT_BUFFERS and name[1] == "F":
        return FFT_BUFFERS.index(name[0]), True
    raise BadArgument(f"There is no image buffer {name!r}; use A to T, or AF to HF for transforms.")


def encode_image_header(header: ImageHeader) -> bytes:
    """The reply that announces an image; its raw rows follow it."""
    longs = (
        header.pixel_type,
        header.row_bytes,
        header.width,
        header.height,
        header.total_bytes,
        header.chunks,
    )
    return frame(Status.DONE, longs)


def decode_image_header(whole: bytes) -> ImageHeader:
    """The announcement of an image, checked so that nothing absurd is reserved or received.

    Raises BadFrame.
    """
    status, body = split_frame(whole)
    longs, rest = longs_of(body, 6)
    if status != Status.DONE or rest:
        raise BadFrame(f"An image's header has status {status}.", Status.WRONG_LENGTH)
    pixel_type, row_bytes, width, height, total, chunks = longs
    if total == 0:
        return NO_IMAGE
    header = ImageHeader(
        pixel_type=pixel_type,
        row_bytes=row_bytes,
        width=width,
        height=height,
        total_bytes=total,
        chunks=chunks,
    )
    if not _possible(header):
        raise BadFrame(f"An image cannot be like this: {header}.", Status.WRONG_LENGTH)
    return header


def pixels_of(header: ImageHeader, rows: bytearray | bytes | memoryview) -> Pixels:
    """The image as an array over `rows` without copying them, padding at each row's end left out.

    Shape (height, width), for colour (height, width, 3). `rows` has `header.total_bytes`.
    """
    sample, per_pixel = _SAMPLES[PixelType(header.pixel_type)]
    dtype = np.dtype(sample)
    shape: tuple[int, ...] = (header.height, header.width)
    strides: tuple[int, ...] = (header.row_bytes, dtype.itemsize * per_pixel)
    if per_pixel > 1:
        shape, strides = (*shape, per_pixel), (*strides, dtype.itemsize)
    return np.ndarray(shape, dtype=dtype, buffer=rows, strides=strides)


def pixel_type_of(pixels: Pixels) -> PixelType:
    """How these pixels would be stored. Raises BadArgument where SerialEM has no such type."""
    for pixel_type, (sample, per_pixel) in _SAMPLES.items():
        shaped = pixels.ndim == 2 if per_pixel == 1 else pixels.shape[2:] == (per_pixel,)
        if shaped and pixels.dtype.newbyteorder("=") == np.dtype(sample).newbyteorder("="):
            return pixel_type
    raise BadArgument(
        f"An image of {pixels.dtype} with shape {pixels.shape} fits no buffer; convert it to "
        "uint8, int16, uint16 or float32 (height, width), or uint8 (height, width, 3)."
    )


def header_of(pixels: Pixels, *, row_bytes: int | None = None, chunks: int = 1) -> ImageHeader:
    """The header under which these pixels travel; packed rows when `row_bytes` is None.

    Raises BadArgument for pixels that fit no buffer.
    """
    pixel_type = pixel_type_of(pixels)
    height, width = pixels.shape[:2]
    bytes_per_row = width * _pixel_bytes(pixel_type) if row_bytes is None else row_bytes
    if not 0 < bytes_per_row * height <= LARGEST_IMAGE_BYTES:
        raise BadArgument(
            f"An image of shape {pixels.shape} is empty or over 2 GiB; no buffer can hold it."
        )
    return ImageHeader(
        pixel_type=pixel_type,
        row_bytes=bytes_per_row,
        width=width,
        height=height,
        total_bytes=bytes_per_row * height,
        chunks=chunks,
    )


def rows_of(pixels: Pixels) -> memoryview:
    """The pixels as packed little-endian rows, without a copy where they already are."""
    dtype = np.dtype(_SAMPLES[pixel_type_of(pixels)][0])
    return np.ascontiguousarray(pixels, dtype=dtype).data.cast("B")


def _pixel_bytes(pixel_type: int) -> int:
    sample, per_pixel = _SAMPLES[PixelType(pixel_type)]
    return np.dtype(sample).itemsize * per_pixel


def _possible(header: ImageHeader) -> bool:
    return (
        header.pixel_type in _SAMPLES
        and 0 < header.width <= LARGEST_SIDE_PX
        and 0 < header.height <= LARGEST_SIDE_PX
        and header.row_bytes >= header.width * _pixel_bytes(header.pixel_type)
        and header.total_bytes == header.row_bytes * header.height
        and header.total_bytes <= LARGEST_IMAGE_BYTES
        and 0 < header.chunks <= min(MOST_CHUNKS, header.total_bytes)
    )

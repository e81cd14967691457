"""Our own look at the 1 KiB header of an MRC file, before any library touches it.

Every number a library would trust (sizes, mode, extended header) is compared with the file itself,
so that a lying header is one clear `BadFile` and never a giant allocation. Format: MRC2014 (Cheng
et al., J. Struct. Biol. 192, 2015); signed bytes by IMOD's rule.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from smartscope.analysis.io.limits import (
    MAX_EXTENDED_HEADER_BYTES,
    MAX_FRAMES,
    MAX_IMAGE_PX,
    MAX_SIDE_PX,
)
from smartscope.domain.errors import BadFile

HEADER_BYTES: Final = 1024

#: two 4-bit counts a byte, the first in the low bits; an odd row ends in half a byte (IMOD)
PACKED_MODE: Final = 101
_NUMPY_CODE: Final = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2", PACKED_MODE: "u1"}
# The last stamp is not in the standard: an old writer swapped it but wrote little-endian data.
_BYTE_ORDER: Final = {
    b"\x44\x44": "<",
    b"\x44\x41": "<",
    b"\x11\x11": ">",
    b"\x00\x00": "<",
}
_PACKED: Final = (
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bzip2"),
    (b"PK\x03\x04", "zip"),
    (b"\xfd7zXZ", "xz"),
)
_IMOD_STAMP: Final = 1_146_047_817
_IMOD_SIGNED_BYTES: Final = 1


@dataclass(frozen=True, slots=True)
class MrcHeader:
    """What a checked header says; the pixels are `frames` x `height_px` x `width_px` of `dtype`.

    `pixel_size_angstrom` is None where the header says nothing usable; even a stated one is often
    wrong, so an `.mdoc` or the session wins. `dtype` is of a byte in the file for mode 101, which
    holds two pixels a byte.
    """

    width_px: int
    height_px: int
    frames: int
    mode: int
    dtype: np.dtype[np.generic]
    data_offset: int
    pixel_size_angstrom: float | None

    @property
    def row_bytes(self) -> int:
        """Bytes of one row in the file."""
        return _row_bytes(self.width_px, self.mode, self.dtype)


def check_mrc(path: Path) -> MrcHeader:
    """Check the header of an MRC image, stack or volume against the file.

    Raises `BadFile` with one sentence that names the file and what is wrong with it.
    """
    try:
        file_bytes = path.stat().st_size
        with path.open("rb") as stream:
            raw = stream.read(HEADER_BYTES)
    except OSError as error:
        raise BadFile(f"{path.name} cannot be read: {error.strerror}.") from error
    return parse_header(raw, file_bytes=file_bytes, name=path.name)


def parse_header(raw: bytes, *, file_bytes: int, name: str) -> MrcHeader:
    """Check the first 1,024 bytes of a file that is `file_bytes` long. Raises `BadFile`."""
    _refuse_packed(raw, name)
    if len(raw) < HEADER_BYTES:
        raise BadFile(f"{name} has {len(raw)} bytes, fewer than the 1024 of an MRC header.")
    if raw[208:211] != b"MAP":
        raise BadFile(f"{name} is not an MRC file: the word MAP is missing from its header.")
    order = _byte_order(raw, name)
    nx, ny, nz, mode = struct.unpack_from(f"{order}4i", raw, 0)
    (extended,) = struct.unpack_from(f"{order}i", raw, 92)
    dtype = _dtype(raw, order=order, mode=mode, name=name)
    _check_sizes(nx, ny, nz, extended, name=name)
    data_offset = HEADER_BYTES + extended
    expected = data_offset + _row_bytes(nx, mode, dtype) * ny * nz
    if expected != file_bytes:
        raise BadFile(
            f"{name} has {file_bytes} bytes where its header promises {expected}: it is "
            f"{'cut short or still being written' if file_bytes < expected else 'too long'}."
        )
    _check_statistics(raw, order, name)
    return MrcHeader(nx, ny, nz, mode, dtype, data_offset, _pixel_size(raw, order))


def _refuse_packed(raw: bytes, name: str) -> None:
    for magic, packer in _PACKED:
        if raw.startswith(magic):
            raise BadFile(f"{name} is compressed with {packer}; unpack it before handing it in.")


def _byte_order(raw: bytes, name: str) -> str:
    stamp = raw[212:214]
    if stamp == b"\x00\x00" and raw[214:216] != b"\x44\x44":
        stamp = b"none"
    order = _BYTE_ORDER.get(stamp)
    if order is None:
        raise BadFile(f"{name} has the unknown machine stamp {raw[212:216].hex()} in its header.")
    return order


def _dtype(raw: bytes, *, order: str, mode: int, name: str) -> np.dtype[np.generic]:
    code = _NUMPY_CODE.get(mode)
    if code is None:
        known = ", ".join(str(key) for key in _NUMPY_CODE)
        raise BadFile(f"{name} has MRC mode {mode}; only modes {known} are read.")
    if mode == 0 and _has_unsigned_bytes(raw, order):
        code = "u1"
    return np.dtype(order + code)


def _row_bytes(width_px: int, mode: int, dtype: np.dtype[np.generic]) -> int:
    return (width_px + 1) // 2 if mode == PACKED_MODE else width_px * dtype.itemsize


def _has_unsigned_bytes(raw: bytes, order: str) -> bool:
    stamp, flags = struct.unpack_from(f"{order}2i", raw, 152)
    return stamp == _IMOD_STAMP and not flags & _IMOD_SIGNED_BYTES


def _check_sizes(nx: int, ny: int, nz: int, extended: int, *, name: str) -> None:
    if not (0 < nx <= MAX_SIDE_PX and 0 < ny <= MAX_SIDE_PX):
        raise BadFile(f"{name} claims {nx} x {ny} pixels; each side must be 1 to {MAX_SIDE_PX}.")
    if not 0 < nz <= MAX_FRAMES:
        raise BadFile(f"{name} claims {nz} frames; 1 to {MAX_FRAMES} are read.")
    if nx * ny > MAX_IMAGE_PX:
        raise BadFile(f"{name} claims {nx} x {ny} pixels, above {MAX_IMAGE_PX:,} per image.")
    if not 0 <= extended <= MAX_EXTENDED_HEADER_BYTES:
        raise BadFile(f"{name} claims an extended header of {extended} bytes; at most 64 MiB.")


def _check_statistics(raw: bytes, order: str, name: str) -> None:
    low, high, mean = struct.unpack_from(f"{order}3f", raw, 76)
    (rms,) = struct.unpack_from(f"{order}f", raw, 216)
    if not np.isfinite([low, high, mean, rms]).all():
        raise BadFile(f"{name} states statistics that are not finite numbers in its header.")


def _pixel_size(raw: bytes, order: str) -> float | None:
    mx, my, _ = struct.unpack_from(f"{order}3i", raw, 28)
    cell_x, cell_y, _ = struct.unpack_from(f"{order}3f", raw, 40)
    if mx <= 0 or my <= 0 or not np.isfinite([cell_x, cell_y]).all():
        return None
    size = float(cell_x) / mx
    # 0 and 1 are what writers leave behind that never knew the pixel size.
    return size if size > 0.0 and size != 1.0 else None

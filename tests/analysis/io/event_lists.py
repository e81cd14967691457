"""Writes small EER files byte by byte from the format's description, for the reader's tests.

BigTIFF; one directory and one strip per raw frame. The strip is a stream of bits, lowest first: a
run of empty pixels (all ones: add it and read on without an event), then the event's place within
its pixel, two bits each way. The frame ends when the runs have passed its last pixel.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

_SHORT: Final = 3
_LONG: Final = 4
_UNDEFINED: Final = 7
_LONG8: Final = 16
_SIZE: Final = {_SHORT: 2, _LONG: 4, _UNDEFINED: 1, _LONG8: 8}


@dataclass(frozen=True)
class Coding:
    """How events are coded: the TIFF compression, bits of a run, bits of a sub-pixel place."""

    compression: int
    run_bits: int
    place_bits: tuple[int, int] = (2, 2)


EIGHT_BIT: Final = Coding(65000, 8)
SEVEN_BIT: Final = Coding(65001, 7)
VARIABLE: Final = Coding(65002, 5, (1, 3))


def write_eer(
    path: Path,
    frames: Sequence[np.ndarray],
    *,
    coding: Coding = SEVEN_BIT,
    metadata: str | None = None,
    image_first: bool = False,
) -> None:
    """Write boolean frames (height, width): where an electron was seen."""
    height, width = frames[0].shape
    strips = [(coding.compression, _packed(frame, coding)) for frame in frames]
    if image_first:
        strips.insert(0, (1, np.sum(frames, axis=0).astype(np.uint8).tobytes()))
    data = bytearray(b"II" + struct.pack("<HHHQ", 43, 8, 0, 0))
    link = 8
    for number, (compression, strip) in enumerate(strips):
        strip_at = len(data)
        data += strip + b"\0" * (-len(strip) % 8)
        entries = [
            (256, _LONG, struct.pack("<I", width)),
            (257, _LONG, struct.pack("<I", height)),
            (258, _SHORT, struct.pack("<H", 8)),
            (259, _SHORT, struct.pack("<H", compression)),
            (262, _SHORT, struct.pack("<H", 1)),
            (273, _LONG8, struct.pack("<Q", strip_at)),
            (277, _SHORT, struct.pack("<H", 1)),
            (278, _LONG, struct.pack("<I", height)),
            (279, _LONG8, struct.pack("<Q", len(strip))),
        ]
        if metadata is not None and number == 0:
            entries.append((65001, _UNDEFINED, metadata.encode()))
        if compression == VARIABLE.compression:
            values = (coding.run_bits, *coding.place_bits)
            entries += [(65007 + n, _SHORT, struct.pack("<H", v)) for n, v in enumerate(values)]
        link = _append_directory(data, entries, link)
    path.write_bytes(bytes(data))


def _append_directory(data: bytearray, entries: Sequence[tuple[int, int, bytes]], link: int) -> int:
    """Add a directory, point `link` at it, and return where the next one's place is written."""
    placed = []
    for tag, kind, value in entries:
        count = len(value) // _SIZE[kind]
        if len(value) > 8:
            place = struct.pack("<Q", len(data))
            data += value + b"\0" * (-len(value) % 8)
        else:
            place = value.ljust(8, b"\0")
        placed.append(struct.pack("<HHQ", tag, kind, count) + place)
    struct.pack_into("<Q", data, link, len(data))
    data += struct.pack("<Q", len(placed)) + b"".join(placed)
    data += struct.pack("<Q", 0)
    return len(data) - 8


def _packed(frame: np.ndarray, coding: Coding) -> bytes:
    horizontal, vertical = coding.place_bits
    longest = (1 << coding.run_bits) - 1
    bits: list[int] = []
    rng = np.random.default_rng(int(frame.sum()))
    following = 0
    for event in np.flatnonzero(frame):
        run = int(event) - following
        while run >= longest:
            _put(bits, longest, coding.run_bits)
            run -= longest
        _put(bits, run, coding.run_bits)
        _put(bits, int(rng.integers(1 << (horizontal + vertical))), horizontal + vertical)
        following = int(event) + 1
    run = frame.size - following
    while run >= longest:
        _put(bits, longest, coding.run_bits)
        run -= longest
    _put(bits, run, coding.run_bits)
    return np.packbits(np.array(bits, dtype=np.uint8), bitorder="little").tobytes()


def _put(bits: list[int], value: int, count: int) -> None:
    bits += [(value >> place) & 1 for place in range(count)]

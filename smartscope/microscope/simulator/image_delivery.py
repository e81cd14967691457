"""Images to and from a client: header, a pause, packed rows; and how that can go wrong."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from smartscope.microscope.serialem.wire import (
    FFT_BUFFERS,
    IMAGE_BUFFERS,
    NO_IMAGE,
    ImageHeader,
    ImageRequest,
    encode_image_header,
    header_of,
    rows_of,
)
from smartscope.microscope.simulator.delivery import Delivered, Line
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.faults import Fault
from smartscope.microscope.simulator.serialem.buffers import Pixels
from smartscope.microscope.simulator.serialem.program import Program

_HANDSHAKE_BYTES = 8
HANDSHAKE_TIMEOUT_S = 30.0
UNKNOWN_TYPE = 9


def pixels_asked_for(program: Program, request: ImageRequest) -> Pixels | None:
    """What a buffer holds, or the logarithm of its power spectrum; None when it is empty."""
    letters = FFT_BUFFERS if request.fft else IMAGE_BUFFERS
    if not 0 <= request.buffer < len(letters):
        return None
    image = program.buffers.images.get(letters[request.buffer])
    if image is None:
        return None
    return _spectrum(image.pixels) if request.fft else image.pixels


def _spectrum(pixels: Pixels) -> Pixels:
    values = pixels.astype(np.float32)
    power = np.abs(np.fft.fftshift(np.fft.fft2(values - values.mean()))) ** 2
    spectrum: Pixels = np.log1p(power).astype(np.float32)
    return spectrum


def send_image(
    line: Line, pixels: Pixels | None, struck: tuple[Fault, ...], *, header_pause_s: float
) -> Delivered:
    """Header, then rows. One chunk unless a fault asks for more: stock clients hang on several."""
    faults = {fault.kind: fault for fault in struck}
    if pixels is None or FaultKind.NO_IMAGE in faults:
        return line.send(encode_image_header(NO_IMAGE))
    header, rows = header_of(pixels), rows_of(pixels)
    if FaultKind.PADDED_ROWS in faults:
        padding = int(faults[FaultKind.PADDED_ROWS].number("bytes", 16))
        header = header_of(pixels, row_bytes=header.row_bytes + padding)
        rows = _padded(rows, pixels.shape[0], padding)
    if FaultKind.IMAGE_TYPE in faults:
        kind = int(faults[FaultKind.IMAGE_TYPE].number("type", UNKNOWN_TYPE))
        header = replace(header, pixel_type=kind)
    if FaultKind.CHUNKS in faults:
        header = replace(header, chunks=max(1, int(faults[FaultKind.CHUNKS].number("count", 2))))
    if FaultKind.JOINED in faults:
        return line.send(encode_image_header(header) + bytes(rows))
    delivered = line.send(encode_image_header(header))
    line.pause(header_pause_s)
    return delivered if delivered is not Delivered.WHOLE else _rows(line, header, rows, faults)


def _rows(
    line: Line, header: ImageHeader, rows: memoryview, faults: dict[FaultKind, Fault]
) -> Delivered:
    for kind in (FaultKind.IMAGE_STALL, FaultKind.IMAGE_CUT):
        if kind in faults:
            line.send(rows[: int(faults[kind].number("after_bytes", len(rows) // 2))])
            if kind is FaultKind.IMAGE_STALL:
                return Delivered.NOTHING
            line.sock.close()
            return Delivered.CLOSED
    begun = 0
    for length in header.chunk_lengths():
        if begun and not _handshake(line):
            return Delivered.CLOSED
        if line.send(rows[begun : begun + length]) is not Delivered.WHOLE:
            return Delivered.CLOSED
        begun += length
    return Delivered.WHOLE


def _handshake(line: Line) -> bool:
    """Wait for the client's word that a chunk has arrived."""
    received = b""
    line.sock.settimeout(HANDSHAKE_TIMEOUT_S)
    try:
        while len(received) < _HANDSHAKE_BYTES:
            piece = line.sock.recv(_HANDSHAKE_BYTES - len(received))
            if not piece:
                return False
            received += piece
    except OSError:
        return False
    return True


def _padded(rows: memoryview, height: int, padding: int) -> memoryview:
    length = len(rows) // height
    packed = np.frombuffer(rows, np.uint8).reshape(height, length)
    wide = np.full((height, length + padding), 0xAA, np.uint8)
    wide[:, :length] = packed
    return wide.data.cast("B")


def receive_pixels(line: Line, count: int) -> bytes | None:
    """The raw pixels of an image a client puts; None when it went before all of them came."""
    content = bytearray(count)
    view, filled = memoryview(content), 0
    line.sock.settimeout(HANDSHAKE_TIMEOUT_S)
    try:
        while filled < count:
            got = line.sock.recv_into(view[filled:], min(count - filled, 1 << 20))
            if not got:
                return None
            filled += got
    except OSError:
        return None
    return bytes(content)

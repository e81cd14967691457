"""Reads a frame that lies in a file as it is, uncompressed, straight into its own memory.

It reads at a place without moving the file's own, so several threads may read one file. A file that
is cut short meanwhile is an error like any other; a map of it would end the process.
"""

from __future__ import annotations

import os

import numpy as np
from numpy.typing import NDArray

from smartscope.domain.errors import BadFile

Frame = NDArray[np.generic]


def read_plain_frame(
    descriptor: int, offset: int, shape: tuple[int, int], dtype: np.dtype[np.generic], *, name: str
) -> Frame:
    """(rows, columns) of `dtype` from byte `offset` of the open file, in native byte order.

    Raises `BadFile`, which calls the file `name`, when it ends before the frame does.
    """
    frame = np.empty(shape, dtype=dtype)
    rest = frame.reshape(-1).view(np.uint8).data
    while rest:
        count = os.preadv(descriptor, [rest], offset)
        if count == 0:
            raise BadFile(f"{name} was cut short while it was read.")
        rest, offset = rest[count:], offset + count
    return frame.astype(dtype.newbyteorder("="), copy=False)

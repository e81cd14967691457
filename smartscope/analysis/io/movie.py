"""One way to read the frames of a movie, whatever its file format; EER is refused in words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.mrc import MrcFrames, open_mrc
from smartscope.analysis.io.tiff import open_tiff
from smartscope.domain.errors import BadFile

Frame = NDArray[np.generic]

MRC_SUFFIXES: Final = frozenset({".mrc", ".mrcs", ".st", ".map"})
TIFF_SUFFIXES: Final = frozenset({".tif", ".tiff"})


class Movie(Protocol):
    """Frames read one by one, each (height, width) of raw counts."""

    @property
    def frames(self) -> int:
        """How many."""
        ...

    @property
    def height_px(self) -> int:
        """Rows of each frame."""
        ...

    @property
    def width_px(self) -> int:
        """Columns of each frame."""
        ...

    @property
    def pixel_size_angstrom(self) -> float | None:
        """As the file says; None when it does not."""
        ...

    def read(self, index: int) -> Frame:
        """Frame `index`. Raises `BadFile` when it is broken."""
        ...


class _MrcMovie:
    """An MRC stack seen as a movie."""

    def __init__(self, mrc: MrcFrames) -> None:
        self._mrc = mrc
        self.frames = mrc.header.frames
        self.height_px = mrc.header.height_px
        self.width_px = mrc.header.width_px
        self.pixel_size_angstrom = mrc.header.pixel_size_angstrom

    def read(self, index: int) -> Frame:
        return self._mrc.read(index)


@contextmanager
def open_movie(path: Path) -> Iterator[Movie]:
    """Open a movie (or a single image, a movie of one frame). Raises `BadFile`."""
    suffix = path.suffix.lower()
    if suffix in MRC_SUFFIXES:
        mrc = open_mrc(path)
        try:
            yield _MrcMovie(mrc)
        finally:
            mrc.close()
    elif suffix in TIFF_SUFFIXES:
        tiff = open_tiff(path)
        try:
            yield tiff
        finally:
            tiff.close()
    else:
        raise BadFile(
            f"{path.name} is no movie format that is read here; give MRC or TIFF (plain or LZW)."
        )

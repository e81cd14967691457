"""One way to read the frames of a movie, whatever its file format: MRC, TIFF or EER."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.eer import DEFAULT_FRACTIONS, open_eer
from smartscope.analysis.io.mrc import MrcFrames, open_mrc
from smartscope.analysis.io.tiff import open_tiff
from smartscope.domain.errors import BadFile

Frame = NDArray[np.generic]

MRC_SUFFIXES: Final = frozenset({".mrc", ".mrcs", ".st", ".map"})
TIFF_SUFFIXES: Final = frozenset({".tif", ".tiff"})
EER_SUFFIXES: Final = frozenset({".eer"})


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


class _Closable(Movie, Protocol):
    """A movie with an open file behind it."""

    def close(self) -> None:
        """Close the file."""
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

    def close(self) -> None:
        self._mrc.close()


@contextmanager
def open_movie(path: Path, *, eer_fractions: int = DEFAULT_FRACTIONS) -> Iterator[Movie]:
    """Open a movie (or a single image, a movie of one frame). Raises `BadFile`.

    An EER file's raw frames are summed to `eer_fractions`; other formats have the frames they have.
    """
    movie = _opened(path, eer_fractions)
    try:
        yield movie
    finally:
        movie.close()


def _opened(path: Path, eer_fractions: int) -> _Closable:
    suffix = path.suffix.lower()
    if suffix in MRC_SUFFIXES:
        return _MrcMovie(open_mrc(path))
    if suffix in TIFF_SUFFIXES:
        return open_tiff(path)
    if suffix in EER_SUFFIXES:
        return open_eer(path, fractions=eer_fractions)
    raise BadFile(
        f"{path.name} is no movie format that is read here; give MRC, TIFF (plain or LZW) or EER."
    )

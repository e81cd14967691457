"""What cryo-ZSSR trains on and is given: averages of a movie's frames, moved to random references.

Huang et al. 2023, Biological Imaging. K views of the same frames are copies that differ by where
their reference lay: little but position is new in them, which is why this is the reference and not
the default. Where the paper leaves open how views and target are brought to one place, the views'
mean place is the target's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.prepare import PreparedMovie
from smartscope.analysis.movies.transforms import FrameSpectra, picture_of

VIEWS = 4


@dataclass(frozen=True, slots=True, eq=False)
class PaperPair:
    """`views` (4, height, width) from late frames, `target` (height, width) from the early half."""

    views: FloatImage
    target: FloatImage


class MovedSums:
    """Means of frames, aligned and then moved by fractions of pixels."""

    def __init__(self, movie: PreparedMovie, shifts_px: FloatArray) -> None:
        self._spectra = FrameSpectra(movie)
        self._shape = movie.shape
        self._shifts = shifts_px
        self._ky = np.fft.fftfreq(movie.shape[0])[:, None]
        self._kx = np.fft.rfftfreq(movie.shape[1])

    @property
    def frames(self) -> int:
        """How many there are."""
        return len(self._shifts)

    def views(self, members: Sequence[int], references: Sequence[int]) -> FloatImage:
        """(references, height, width): the mean of `members`, as it lies in each reference."""
        total = np.zeros((self._shape[0], self._shape[1] // 2 + 1), dtype=np.complex64)
        for index in members:
            total += self._spectra.of(index) * self._phase(-self._shifts[index])
        total /= len(members)
        places = self._shifts[list(references)]
        places = places - places.mean(axis=0)
        return np.stack([picture_of(total * self._phase(place), self._shape) for place in places])

    def _phase(self, shift_px: FloatArray) -> np.ndarray:
        turn = self._ky * shift_px[1] + self._kx * shift_px[0]
        return np.asarray(np.exp(-2j * np.pi * turn), dtype=np.complex64)


def training_pairs(sums: MovedSums, count: int, rng: np.random.Generator) -> list[PaperPair]:
    """`count` pairs: runs of late frames at 4 random late references, and the early half's mean."""
    half = sums.frames // 2
    late = np.arange(half, sums.frames)
    target = sums.views(range(half), [half // 2])[0]
    pairs = []
    for _ in range(count):
        length = int(rng.integers(max(2, len(late) // 2), len(late) + 1))
        first = int(rng.integers(0, len(late) - length + 1))
        references = rng.choice(late, VIEWS, replace=False)
        run = [int(number) for number in late[first : first + length]]
        pairs.append(PaperPair(sums.views(run, [int(each) for each in references]), target))
    return pairs


def given_views(sums: MovedSums, members: Sequence[int], rng: np.random.Generator) -> FloatImage:
    """(4, height, width): what the trained network is given, of all or half of the frames."""
    late = np.arange(sums.frames // 2, sums.frames)
    return sums.views(members, [int(each) for each in rng.choice(late, VIEWS, replace=False)])


def halved(picture: FloatImage) -> FloatImage:
    """Means of 2 x 2 pixels over the last two axes; sides must be even."""
    height, width = picture.shape[-2:]
    blocks = picture.reshape(*picture.shape[:-2], height // 2, 2, width // 2, 2)
    return np.asarray(blocks.mean(axis=(-3, -1)), dtype=np.float32)

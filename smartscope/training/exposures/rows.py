"""Indicators of simulated exposures with their classes, one small file each."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.quality.classes import CLASSES
from smartscope.analysis.quality.indicators import indicators
from smartscope.training.exposures.samples import ExposureSample, sample
from smartscope.training.split import Split


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Indicators (N, F) and numbers of classes (N,)."""

    values: FloatArray
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    @classmethod
    def read(cls, files: Iterator[Path]) -> Self:
        """All rows of the files."""
        values, labels = [], []
        for path in files:
            with np.load(path) as stored:
                values.append(stored["values"])
                labels.append(int(stored["label"]))
        return cls(np.array(values), np.array(labels, dtype=np.int64))


def row_of(shown: ExposureSample) -> tuple[FloatArray, int]:
    """The indicators of a sample and the number of its class."""
    values = indicators(shown.total, shown.context, pixel_size_angstrom=shown.pixel_size_angstrom)
    return values, CLASSES.index(shown.label)


def gather(folder: Path, seed: int, split: Split, numbers: int) -> Iterator[Path]:
    """Write the rows of a split among the first `numbers` samples; yields every file.

    A file that is there is kept, so an interrupted gathering goes on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(numbers):
        path = folder / f"{number:06d}.npz"
        if not zipfile.is_zipfile(path):
            shown = sample(seed, number, split)
            if shown is None:
                continue
            values, label = row_of(shown)
            np.savez(path, values=values, label=label)
        yield path

"""Simulated exposures kept on disk from run to run: rendering takes most of a benchmark's time.

What is kept is believed only while the same code makes it: in each run the first exposures of a
folder are rendered anew, and where one differs in a single pixel or number all are made anew.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from smartscope.analysis.quality.context import Context
from smartscope.training.exposures.samples import ExposureSample, sample
from smartscope.training.exposures.truth import ExposureTruth
from smartscope.training.specimens import grid_id_of
from smartscope.training.split import Split, split_of

KIND = "exposure"
#: so many are rendered anew to see whether the others are still what the code makes
CHECKED = 3


class KeptExposures:
    """The exposures of one seed and split, by number."""

    def __init__(self, seed: int, split: Split) -> None:
        self._seed, self._split = seed, split
        self._folder = Path(tempfile.gettempdir()) / f"smartscope-exposures-{split.value}-{seed}"
        self._folder.mkdir(exist_ok=True)
        self._checked = 0

    def __getitem__(self, number: int) -> ExposureSample | None:
        """As `sample` makes it; None where it makes none."""
        if split_of(grid_id_of(KIND, self._seed, number)) is not self._split:
            return None
        path = self._folder / f"{number:06d}.npz"
        kept = _read(path) if zipfile.is_zipfile(path) else None
        if kept is not None and self._checked >= CHECKED:
            return kept
        made = sample(self._seed, number, self._split)
        if made is None:
            return None
        if kept is not None:
            self._checked += 1
            if not _same(kept, made):
                self._forget()
        if not path.exists():
            _write(path, made)
        return made

    def _forget(self) -> None:
        shutil.rmtree(self._folder)
        self._folder.mkdir()


def _write(path: Path, made: ExposureSample) -> None:
    told = {
        "grid_id": made.grid_id,
        "pixel_size_angstrom": made.pixel_size_angstrom,
        "context": asdict(made.context),
        "truth": asdict(made.truth),
    }
    aside = path.with_suffix(".aside.npz")
    np.savez(aside, total=made.total, dirty=made.dirty, told=json.dumps(told))
    aside.rename(path)


def _read(path: Path) -> ExposureSample:
    with np.load(path) as stored:
        told = json.loads(str(stored["told"]))
        return ExposureSample(
            told["grid_id"],
            stored["total"],
            told["pixel_size_angstrom"],
            Context(**told["context"]),
            ExposureTruth(**told["truth"]),
            stored["dirty"],
        )


def _same(kept: ExposureSample, made: ExposureSample) -> bool:
    return (
        np.array_equal(kept.total, made.total)
        and np.array_equal(kept.dirty, made.dirty)
        and (kept.context, kept.truth) == (made.context, made.truth)
    )

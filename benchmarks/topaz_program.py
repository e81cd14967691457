"""The pretrained networks of Topaz, as its own program in its own environment: a rival, no part.

Topaz (Bepler et al. 2019, 2020) is under GPL-3 and needs PyTorch. Where `TOPAZ` names its program,
or `topaz` is on the path, benchmarks ask it; nothing of it is imported, shipped or needed.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.mrc import read_mrc_image, save_mrc
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.scoring import PickingScore, Truth, score_image, score_set

DETECTOR: Final = "resnet16_u64"
#: about how many pixels a particle measures in what the detector is shown; Topaz shrinks by whole
#: numbers only
SIZES_PX: Final = (12.0, 20.0, 32.0)
#: log-likelihood ratio down to which places are listed, Topaz's own default
LEAST_SCORE: Final = -6.0
THRESHOLDS: Final = tuple(0.5 * step for step in range(-12, 17))
LONGEST_S: Final = 1800


@dataclass(frozen=True, slots=True, eq=False)
class Asked:
    """One picture (height, width), what is looked for in it, and where it is."""

    total: NDArray[np.generic]
    pixel_size_angstrom: float
    diameter_angstrom: float
    truth: Truth


@dataclass(frozen=True, slots=True)
class Best:
    """The scale and threshold that hindsight chose, and how good Topaz is there."""

    particle_px: float
    threshold: float
    score: PickingScore


def topaz() -> str | None:
    """Topaz's program, None where it is not installed."""
    return os.environ.get("TOPAZ") or shutil.which("topaz")


def topaz_at_its_best(program: str, asked: Sequence[Asked]) -> Best:
    """Topaz told the size, at the one scale and threshold with the highest F1 on these pictures."""
    tried = []
    for particle_px in SIZES_PX:
        found = [_picked(program, one, particle_px) for one in asked]
        for threshold in THRESHOLDS:
            scores = [
                score_image(replace(picks, threshold=threshold), one.truth)
                for picks, one in zip(found, asked, strict=True)
            ]
            tried.append(Best(particle_px, threshold, score_set(scores)))
    return max(tried, key=lambda one: one.score.f1)


def topaz_denoised(
    program: str, total: NDArray[np.float32], pixel_size_angstrom: float
) -> NDArray[np.float32]:
    """The picture by Topaz-Denoise's general network."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given = folder / "given.mrc"
        save_mrc(given, total, pixel_size_angstrom=pixel_size_angstrom)
        _run(program, "denoise", "--device", "-1", "-o", str(folder / "out"), str(given))
        return read_mrc_image(folder / "out" / "given.mrc")[0]


def _picked(program: str, asked: Asked, particle_px: float) -> Picks:
    """Every listed place, best first, of a picture shrunk until a particle is about that large."""
    diameter_px = asked.diameter_angstrom / asked.pixel_size_angstrom
    factor = max(round(diameter_px / particle_px), 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        given, listed = folder / "given.mrc", folder / "listed.txt"
        total = np.ascontiguousarray(asked.total, dtype=np.float32)
        save_mrc(given, total, pixel_size_angstrom=asked.pixel_size_angstrom)
        small = folder / "small"
        _run(program, "preprocess", "-s", str(factor), "-o", str(small), str(given))
        radius = max(round(diameter_px / factor / 2.0), 1)
        _run(
            program,
            *("extract", "--device", "-1", "-m", DETECTOR, "-r", str(radius)),
            *("-t", f"{LEAST_SCORE:g}", "-o", str(listed), str(small / "given.mrc")),
        )
        with listed.open(newline="") as rows:
            found = [
                (float(row["x_coord"]), float(row["y_coord"]), float(row["score"]))
                for row in csv.DictReader(rows, delimiter="\t")
            ]
        scale = np.array(total.shape) / np.array(read_mrc_image(small / "given.mrc")[0].shape)
    table = np.array(sorted(found, key=lambda row: -row[2])).reshape(-1, 3)
    return Picks(
        centres_px=(table[:, :2] + 0.5) * scale[::-1] - 0.5,
        scores=table[:, 2],
        threshold=LEAST_SCORE,
        diameter_angstrom=asked.diameter_angstrom,
    )


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, timeout=LONGEST_S
    )
    if done.returncode:
        raise RuntimeError(f"topaz {arguments[0]} failed: {done.stderr[-500:]}")

"""Examples of many simulated atlases, one file each, so that an interrupted gathering goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from smartscope.analysis.base import FindContext, Image, Level
from smartscope.training.atlases import stream_atlases
from smartscope.training.samples import AtlasSample
from smartscope.training.split import Split
from smartscope.training.squares.degrade import degraded
from smartscope.training.squares.examples import Examples, examples_of, joined, write_examples

#: Sometimes nobody said which mesh it is, and sometimes a label on a box was wrong by this much.
UNDECLARED_SHARE = 0.25
WRONG_OPENING = 0.1


def gather(folder: Path, seed: int, split: Split, atlases: int) -> Iterator[Path]:
    """Write the examples of the first `atlases` atlases of a split below `folder`, a file each.

    Files already there are kept, and the stream goes on behind them: the same seed gives the same
    files, however often the gathering was interrupted. Yields every file, old ones first.
    """
    folder.mkdir(parents=True, exist_ok=True)
    present = sorted(folder.glob("*.npz"))[:atlases]
    yield from present
    following = int(present[-1].stem) + 1 if present else 0
    if len(present) == atlases:
        return
    for sample in stream_atlases(seed, split, first=following, count=atlases - len(present)):
        path = folder / f"{sample.number:06d}.npz"
        write_examples(examples_of_sample(sample, seed), path)
        yield path


def examples_of_sample(sample: AtlasSample, seed: int) -> Examples:
    """The squares of one atlas as it is and in one poorer version; maybe none."""
    random = np.random.default_rng([seed, sample.number])
    image = Image(
        sample.pixels.astype(np.float32), Level.ATLAS, sample.to_stage, mask=sample.imaged
    )
    centres = np.array([square.centre_px for square in sample.squares]).reshape(-1, 2)
    labels = [square.label for square in sample.squares]
    poorer = degraded(image, sample.mesh.pitch_um / image.pixel_size_um, random)
    parts = [
        examples_of(image, _context(sample, random), centres, labels),
        examples_of(poorer.image, _context(sample, random), poorer.moved(centres), labels),
    ]
    return joined([Examples.none(), *(part for part in parts if part is not None)])


def _context(sample: AtlasSample, random: np.random.Generator) -> FindContext:
    """What a person would have declared of the mesh: mostly the truth."""
    if random.random() < UNDECLARED_SHARE:
        return FindContext()
    wrong = np.exp(random.normal(0.0, WRONG_OPENING / 2))
    opening = float(np.clip(sample.mesh.opening_um * wrong, 0.5, 0.95 * sample.mesh.pitch_um))
    return FindContext(mesh_opening_um=opening, mesh_bar_um=float(sample.mesh.pitch_um - opening))

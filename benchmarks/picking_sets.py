"""Micrographs with known particles, as the benchmarks of picking share them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from benchmarks.shared_data import shared_data
from smartscope.analysis.base import BoolArray
from smartscope.analysis.picking.left_out import left_out
from smartscope.analysis.picking.scoring import Truth
from smartscope.training.picking.micrographs import (
    SPECIES,
    Micrograph,
    grid_numbers,
    micrographs_of,
)
from smartscope.training.split import Split

SEED = 1
BGAL_PIXEL_ANGSTROM = 1.77
#: the longest side of the molecule (PDB 5a1a)
BGAL_DIAMETER_ANGSTROM = 180.0


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """One picture with its truth; `diameter_angstrom` is None on a grid without particles."""

    name: str
    total: NDArray[np.generic]
    pixel_size_angstrom: float
    diameter_angstrom: float | None
    dirt: BoolArray | None
    truth: Truth


def real_micrographs() -> Iterator[Shown]:
    """Four denoised pictures of β-galactosidase (EMPIAR-10017) with CryoPPP labels, if here."""
    folder = (shared_data() or Path()) / "real" / "bgal_empiar10017"
    for file in sorted((folder / "images").glob("*.jpg")):
        with PillowImage.open(file) as picture:
            total = np.asarray(picture.convert("F"), dtype=np.float32)
        labels = np.loadtxt(folder / "coords" / f"{file.stem}.csv", delimiter=",", skiprows=1)
        truth = Truth(
            centres_px=labels,
            diameter_px=BGAL_DIAMETER_ANGSTROM / BGAL_PIXEL_ANGSTROM,
            shape=total.shape,
        )
        yield Shown("bgal", total, BGAL_PIXEL_ANGSTROM, BGAL_DIAMETER_ANGSTROM, None, truth)


def simulated_micrographs(grids: int, each: int) -> Iterator[Shown]:
    """Of every species, and of ice without any, on grids that nothing was fitted on."""
    for species in SPECIES:
        for number in grid_numbers(SEED, Split.TEST, species, grids):
            for micrograph in micrographs_of(SEED, number, each):
                yield shown(micrograph)


def shown(micrograph: Micrograph) -> Shown:
    """A simulated micrograph; the picker is told the dirt that the service would find."""
    pixel = micrograph.pixel_size_angstrom
    diameter = micrograph.diameter_angstrom
    height, width = micrograph.total.shape
    truth = Truth(
        centres_px=micrograph.centres_px,
        diameter_px=(diameter or 150.0) / pixel,
        shape=(height, width),
        unsure_px=micrograph.broken_px,
        masked=micrograph.dirty,
    )
    dirt = left_out(micrograph.total, pixel_size_angstrom=pixel).mask
    return Shown(micrograph.species, micrograph.total, pixel, diameter, dirt, truth)

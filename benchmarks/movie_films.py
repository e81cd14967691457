"""Simulated movies with known motion, as the benchmarks of movies share them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from smartscope.analysis.resolution.correlation import fsc
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import CameraProfile
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.values import (
    Level,
    NoiseKey,
    Recording,
    RecordSettings,
)
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

Floats = NDArray[np.float64]
Image = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ArrayMovie:
    """Frames in memory, read as a file's would be."""

    counts: NDArray[np.generic]
    pixel_size_angstrom: float

    @property
    def frames(self) -> int:
        """How many."""
        return len(self.counts)

    @property
    def height_px(self) -> int:
        """Rows."""
        return int(self.counts.shape[1])

    @property
    def width_px(self) -> int:
        """Columns."""
        return int(self.counts.shape[2])

    def read(self, index: int) -> NDArray[np.generic]:
        """One frame."""
        frame: NDArray[np.generic] = self.counts[index]
        return frame


def good_holes(specimen: Specimen, count: int) -> Iterator[Pose]:
    """Centres of holes with 20 to 80 nm of ice, in the order of the specimen."""
    found = 0
    for square in specimen.squares(Box.around(0.0, 0.0, 400.0)):
        for hole in specimen.holes(Box.around(square.stage_x_um, square.stage_y_um, 8.0)):
            ice = specimen.ice_nm(hole.stage_x_um, hole.stage_y_um)
            if 20.0 < ice < 80.0 and found < count:
                found += 1
                yield Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um)
                break


def film(
    camera: CameraProfile, pose: Pose, specimen: Specimen, s: RecordSettings, *, again: int = 0
) -> Recording:
    """One simulated movie; `again` draws noise and motion anew."""
    key = NoiseKey(
        seed=specimen.seed + again,
        level=Level.RECORD,
        stage_x_nm=round(pose.x_um * 1e3),
        stage_y_nm=round(pose.y_um * 1e3),
    )
    return record_movie(specimen, pose, Camera(camera, seed=1), s, key)


def ring_correlation(
    first: Image, second: Image, pixel_size_angstrom: float, band_angstrom: tuple[float, float]
) -> float:
    """Fourier ring correlation, the mean over the rings of a band (coarsest, finest; Å)."""
    curve = fsc(
        first - first.mean(), second - second.mean(), pixel_size_angstrom=pixel_size_angstrom
    )
    k = curve.k_per_angstrom
    return float(curve.values[(k >= 1 / band_angstrom[0]) & (k < 1 / band_angstrom[1])].mean())


def placed(image: Image, shift_px: Floats) -> Image:
    """`image` moved by a fraction of pixels (x, y)."""
    height, width = image.shape
    phase = np.exp(
        -2j
        * np.pi
        * (np.fft.fftfreq(height)[:, None] * shift_px[1] + np.fft.rfftfreq(width) * shift_px[0])
    )
    return np.asarray(fft.irfft2(fft.rfft2(image) * phase, s=image.shape), dtype=np.float32)


def rmse(found: Floats, true: Floats) -> float:
    """Per axis, means over frames removed."""
    away = (found - found.mean(axis=0)) - (true - true.mean(axis=0))
    return float(np.sqrt(np.mean(away**2)))

"""Simulated tilt series with their truth, as the benchmarks of tomograms share them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from benchmarks.movie_films import Floats, Image
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.microscope.simulator.optics.slab_truth import slab_phase
from smartscope.microscope.simulator.optics.tilt_series import (
    TiltRecording,
    TiltSettings,
    dose_symmetric,
    record_tilt_series,
)
from smartscope.microscope.simulator.specimen.slab import crowded_slab

PIXEL_ANGSTROM: Final = 10.0
SIDE_PX, DEPTH_PX = 128, 64
THICKNESS_ANGSTROM: Final = 500.0
MOST_DEG, STEP_DEG = 60.0, 3.0
AXIS_DEG, NOMINAL_DEG = 4.0, 2.0
SPECIES = ("t20s", "shell60", "rod")


@dataclass(frozen=True, slots=True, eq=False)
class TiltFilm:
    """A recording, how it truly lies, and the phase (depth, height, width) it shows."""

    recording: TiltRecording
    geometry: TiltGeometry
    truth: Image

    @property
    def halves(self) -> tuple[Image, Image]:
        """Even and odd frames of every tilt."""
        series = self.recording.series
        return series.even.astype(np.float32), series.odd.astype(np.float32)


def tilt_film(
    seed: int, *, wanted: int = 60, dose_e_per_a2: float = 3.0, shift_px: float = 2.0
) -> TiltFilm:
    """Molecules in a slab, seen from 41 sides; specimen reaches beyond the field as tilts need."""
    width = 2.0 * SIDE_PX * PIXEL_ANGSTROM
    extent = (width, 1.2 * SIDE_PX * PIXEL_ANGSTROM, THICKNESS_ANGSTROM)
    slab = crowded_slab(SPECIES, wanted=wanted, extent_angstrom=extent, seed=seed)
    settings = TiltSettings(
        angles_deg=dose_symmetric(MOST_DEG, STEP_DEG),
        shape=(SIDE_PX, SIDE_PX),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_a2=dose_e_per_a2,
        axis_deg=AXIS_DEG,
        shift_px=shift_px,
        seed=seed,
    )
    recording = record_tilt_series(slab, settings)
    series = recording.series
    geometry = replace(
        TiltGeometry.of_angles(series.angles_deg, axis_deg=AXIS_DEG),
        shifts_px=recording.truth.shifts_px,
        dose_before_e_per_a2=series.dose_before_e_per_a2,
        dose_e_per_a2=series.dose_e_per_a2,
    )
    shape = (DEPTH_PX, SIDE_PX, SIDE_PX)
    truth = slab_phase(slab, shape, pixel_size_angstrom=PIXEL_ANGSTROM)
    return TiltFilm(recording, geometry, truth)


def alignment_errors(found: TiltGeometry, true: TiltGeometry) -> tuple[Floats, Floats]:
    """(tilts,) across and along the axis, px, less what no alignment can know."""
    angle = np.radians(true.axis_deg)
    away = found.shifts_px - true.shifts_px
    across = np.cos(angle) * away[:, 0] + np.sin(angle) * away[:, 1]
    along = -np.sin(angle) * away[:, 0] + np.cos(angle) * away[:, 1]
    tilt = np.radians(true.angles_deg)
    moves = np.stack([np.cos(tilt), np.sin(tilt)], axis=1)
    across -= moves @ np.linalg.lstsq(moves, across, rcond=None)[0]
    return np.asarray(across), np.asarray(along - along.mean())

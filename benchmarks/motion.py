"""How well whole-frame motion is found and undone on simulated movies, beside doing less.

No real multi-frame movie is available, so every figure is of the simulator: its ice moves, its
frames bend locally (which whole-frame alignment cannot undo), its gain reference is imperfect. True
motion is the simulated whole-frame shift plus the mean of the local one.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from benchmarks.report import Report, main
from smartscope.analysis.movies.align import align_movie, aligned_sum
from smartscope.analysis.movies.correlation import pair_shifts, weight
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.movies.solve import solve_least_squares, solve_robust
from smartscope.analysis.movies.spectra import group_spectra
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.profiles import MINI, MINI_WIDE, CameraProfile
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.values import (
    Level,
    NoiseKey,
    Recording,
    RecordSettings,
)
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

Floats = NDArray[np.float64]

FRC_BAND_ANGSTROM = (30.0, 5.0)


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


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one movie: rmse in pixels, correlation with truth relative to the true shifts' sum."""

    ours_px: float
    least_squares_px: float
    pairs_px: float
    uncorrected_px: float
    ours_frc: float
    unaligned_frc: float
    error_ratio: float
    seconds: float


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


def film(camera: CameraProfile, pose: Pose, specimen: Specimen, s: RecordSettings) -> Recording:
    """One simulated movie."""
    key = NoiseKey(
        seed=specimen.seed,
        level=Level.RECORD,
        stage_x_nm=round(pose.x_um * 1e3),
        stage_y_nm=round(pose.y_um * 1e3),
    )
    return record_movie(specimen, pose, Camera(camera, seed=1), s, key)


def true_shifts_px(recording: Recording) -> Floats:
    """(frames, 2) x, y with mean 0."""
    truth = recording.truth
    moved: Floats = truth.shifts_px + truth.local_px.mean(axis=(1, 2))
    moved -= moved.mean(axis=0)
    return moved


def frc(
    image: NDArray[np.float32], truth: NDArray[np.float32], pixel_size_angstrom: float
) -> float:
    """Mean Fourier ring correlation over the band."""
    height, width = image.shape
    k = np.hypot(
        np.fft.fftfreq(height, pixel_size_angstrom)[:, None],
        np.fft.rfftfreq(width, pixel_size_angstrom)[None, :],
    )
    first = fft.rfft2(image - image.mean())
    second = fft.rfft2(truth - truth.mean())
    edges = np.linspace(1 / FRC_BAND_ANGSTROM[0], 1 / FRC_BAND_ANGSTROM[1], 40)
    ring = np.digitize(k.ravel(), edges)
    cross = np.bincount(ring, (first * second.conj()).real.ravel(), minlength=41)
    power = [np.bincount(ring, np.abs(f.ravel()) ** 2, minlength=41) for f in (first, second)]
    return float(np.mean((cross / np.sqrt(power[0] * power[1]))[1:40]))


def placed(image: NDArray[np.float32], shift_px: Floats) -> NDArray[np.float32]:
    """`image` moved by a fraction of pixels (x, y)."""
    height, width = image.shape
    phase = np.exp(
        -2j
        * np.pi
        * (np.fft.fftfreq(height)[:, None] * shift_px[1] + np.fft.rfftfreq(width) * shift_px[0])
    )
    return np.asarray(fft.irfft2(fft.rfft2(image) * phase, s=image.shape), dtype=np.float32)


def rmse(found: Floats, true: Floats) -> float:
    """Per axis, means removed."""
    away = (found - found.mean(axis=0)) - (true - true.mean(axis=0))
    return float(np.sqrt(np.mean(away**2)))


def score(recording: Recording) -> Scores:
    """Align one movie in every way and compare with its truth."""
    pixel = recording.movie.pixel_size_angstrom
    dose = recording.movie.frame_dose_e_per_a2
    movie = ArrayMovie(recording.movie.frames, pixel)
    gain = recording.movie.gain_reference
    true = true_shifts_px(recording)
    start = time.perf_counter()
    ours = align_movie(movie, pixel_size_angstrom=pixel, dose_per_frame_e_per_a2=dose, gain=gain)
    seconds = time.perf_counter() - start
    prepared = prepare(movie, gain)
    spectra = group_spectra(prepared, pixel_size_angstrom=pixel, group_size=1)
    pairs = pair_shifts(spectra, weight(spectra, b_square_angstrom=150.0))
    plain = solve_least_squares(pairs, movie.frames) / pixel
    robust = solve_robust(pairs, movie.frames).positions_angstrom / pixel
    offset = recording.truth.shifts_px + recording.truth.local_px.mean(axis=(1, 2))
    truth = placed(recording.truth.noise_free, offset.mean(axis=0))

    def likeness(shifts_px: Floats) -> float:
        return frc(_summed(prepared, shifts_px, pixel), truth, pixel)

    best = likeness(true)
    ours_px = ours.shifts_angstrom / pixel
    error = ours.shift_error_angstrom
    return Scores(
        ours_px=rmse(ours_px, true),
        least_squares_px=rmse(plain, true),
        pairs_px=rmse(robust, true),
        uncorrected_px=rmse(np.zeros_like(true), true),
        ours_frc=likeness(ours_px) / best,
        unaligned_frc=likeness(np.zeros_like(true)) / best,
        error_ratio=float("nan") if error is None else error / pixel / rmse(ours_px, true),
        seconds=seconds,
    )


def _summed(movie: PreparedMovie, shifts_px: Floats, pixel: float) -> NDArray[np.float32]:
    return aligned_sum(movie, shifts_px * pixel, pixel_size_angstrom=pixel)


def false_motion_px(pattern: float, movies: int, shape: tuple[int, int]) -> float:
    """The largest shift claimed in movies without a specimen, over a standing `pattern` (sd)."""
    worst = 0.0
    for seed in range(movies):
        rng = np.random.default_rng(seed)
        rate = np.maximum(1.0 + pattern * rng.normal(size=shape), 0.0)
        counts = rng.poisson(rate, (20, *shape)).astype(np.uint8)
        found = align_movie(
            ArrayMovie(counts, 1.0), pixel_size_angstrom=1.0, dose_per_frame_e_per_a2=1.0
        )
        worst = max(worst, float(np.abs(found.shifts_angstrom).max()))
    return worst


CONDITIONS = (
    ("apoferritin ice, 40 e/Å² in 40 frames", RecordSettings(dose_e_per_a2=40.0, frames=40)),
    ("a quarter of the dose, 10 e/Å² in 20 frames", RecordSettings(dose_e_per_a2=10.0, frames=20)),
    (
        "stage drifting 3 Å/s",
        RecordSettings(dose_e_per_a2=40.0, frames=40, drift_angstrom_per_s=(2.5, -1.7)),
    ),
)


SMALL = MINI_WIDE
LARGE = replace(MINI, name="quarter of a Falcon 4", width_px=2048, height_px=2048)


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Whole-frame motion correction on simulated movies."""
    report = Report("Whole-frame motion: simulated movies (no real movie is available)")
    specimen = Specimen(preset_spec(Preset.GOOD, "motion-benchmark"))
    # The quick field holds a 64th of the electrons that the targets are meant for.
    camera, movies = (SMALL, 2) if quick else (LARGE, 3)
    for name, settings in CONDITIONS:
        scores = [
            score(film(camera, pose, specimen, settings)) for pose in good_holes(specimen, movies)
        ]
        _report_condition(report, f"{camera.width_px} px, {name}", scores, judged=not quick)
    _report_false_motion(report, quick=quick)
    if quick:
        report.leave_out(
            "shift and FRC targets: they are for fields of 2048 px, run without --quick."
        )
    report.leave_out("torch-motion-correction and MotionCor: not installed here.")
    report.leave_out("local motion: not corrected yet, so it lowers every sum alike.")
    return report


def _report_condition(report: Report, name: str, scores: list[Scores], *, judged: bool) -> None:
    def median(attribute: str) -> float:
        return float(np.median([getattr(score, attribute) for score in scores]))

    shift = f"{name}: shift rmse", median("ours_px")
    least_squares = median("least_squares_px"), "pairs, plain least squares"
    likeness = f"{name}: FRC 30-5 Å, of the true-shift sum's", median("ours_frc")
    unaligned = median("unaligned_frc"), "unaligned"
    if judged:
        report.at_most(
            *shift,
            unit="px",
            target=0.1,
            baseline=least_squares[0],
            baseline_name=least_squares[1],
        )
        report.at_least(
            *likeness, unit="", target=0.99, baseline=unaligned[0], baseline_name=unaligned[1]
        )
    else:
        report.inform(*shift, unit="px", baseline=least_squares[0], baseline_name=least_squares[1])
        report.inform(*likeness, unit="", baseline=unaligned[0], baseline_name=unaligned[1])
    report.inform(
        f"{name}: shift rmse, robust pairs alone",
        median("pairs_px"),
        unit="px",
        baseline=median("uncorrected_px"),
        baseline_name="uncorrected",
    )
    report.inform(f"{name}: stated error / real error", median("error_ratio"), unit="")
    report.inform(f"{name}: time per movie, one process", median("seconds"), unit="s")


def _report_false_motion(report: Report, *, quick: bool) -> None:
    movies, shape = (4, (360, 400)) if quick else (20, (512, 720))
    for name, pattern in (("noise alone", 0.0), ("noise over a 5 % standing pattern", 0.05)):
        report.at_most(
            f"{name}: largest shift claimed",
            false_motion_px(pattern, movies, shape),
            unit="px",
            target=0.2,
        )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

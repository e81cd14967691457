"""How well motion, of whole frames and over the field, is found and undone on simulated movies.

No real multi-frame movie is available, so every figure is of the simulator: its ice moves, its
frames bend, its gain reference is imperfect. Baselines on the same movies in the same run: no
alignment, plain least squares over pairs, torch-motion-correction (the better of its two ways to
find whole-frame shifts) where it is installed, and the sum by the true shifts as the ceiling.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from dataclasses import dataclass, replace

import numpy as np
from scipy import ndimage

from benchmarks.movie_films import (
    ArrayMovie,
    Floats,
    Image,
    film,
    good_holes,
    placed,
    ring_correlation,
    rmse,
)
from benchmarks.report import Report, main
from smartscope.analysis.movies.align import AlignedMovie, Taken, align_movie
from smartscope.analysis.movies.correlation import pair_shifts, weight
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.movies.solve import solve_least_squares
from smartscope.analysis.movies.spectra import group_spectra
from smartscope.analysis.movies.sums import movie_sums
from smartscope.analysis.movies.transforms import FrameSpectra
from smartscope.microscope.simulator.optics.profiles import MINI, MINI_WIDE
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.world import Specimen

FRC_BAND_ANGSTROM = (30.0, 5.0)
#: of an amplitude exp(-B k²/4) that a residual of sd σ an axis costs: B = 8 π² σ²
B_PER_SQUARE = 8.0 * math.pi**2
TORCH = "torch-motion-correction"


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one movie: shift errors in pixels an axis, likeness relative to the true shifts' sum."""

    whole_px: float
    least_squares_px: float
    uncorrected_px: float
    torch_px: float
    field_px: float
    field_whole_only_px: float
    frc: float
    whole_only_frc: float
    torch_frc: float
    unaligned_frc: float
    error_ratio: float
    bent: float
    seconds: float


def field_px(found: AlignedMovie, recording: Recording, *, local: bool) -> float:
    """Error of all that was undone, over a grid of 16 x 16 places and all frames, an axis."""
    truth = recording.truth
    true = truth.shifts_px[:, None, None, :] + truth.local_px
    line = (np.arange(16) + 0.5) / 16 * 2 - 1
    ours = np.broadcast_to(found.shifts_angstrom[:, None, :], (len(true), 256, 2))
    if local and found.local is not None:
        ours = ours + found.local.shifts_angstrom(*np.meshgrid(line, line))
    return rmse(ours / found.pixel_size_angstrom, true.reshape(len(true), 256, 2))


def true_sum(movie: PreparedMovie, recording: Recording) -> Image:
    """Every frame resampled by its true shifts, whole and local: what no aligner can beat."""
    truth = recording.truth
    height, width = movie.shape
    y, x = np.mgrid[:height, :width].astype(np.float32)
    whole = truth.shifts_px - truth.shifts_px.mean(axis=0)
    bent = truth.local_px - truth.local_px.mean(axis=0)
    total = np.zeros(movie.shape, dtype=np.float32)
    nodes = [(axis + 0.5) * 16 / side - 0.5 for axis, side in ((y, height), (x, width))]
    for index in range(movie.frames):
        dx, dy = (
            ndimage.map_coordinates(bent[index, ..., axis], nodes, order=1, mode="nearest")
            for axis in (0, 1)
        )
        moved = placed(movie.frame(index), -whole[index])
        total += ndimage.map_coordinates(moved, [y + dy, x + dx], order=3, mode="grid-wrap")
    return total


def torch_shifts_px(movie: PreparedMovie, pixel: float, true: Floats) -> Floats | None:
    """(frames, 2) x, y by torch-motion-correction; None where it is not installed.

    The better, by the truth, of its whole-frame mode (each frame against the middle one) and of its
    patch mode with one patch as large as the frame (each against the mean of the others). Both take
    the highest peak wherever it lies, which in frames of few electrons is noise.
    """
    if importlib.util.find_spec("torch_motion_correction") is None:
        return None
    import torch
    from torch_motion_correction import (
        PatchSamplingConfig,
        XCRefinementConfig,
        estimate_global_motion,
        estimate_motion_cross_correlation_patches,
    )

    torch.set_num_threads(1)
    frames = np.stack([movie.frame(index) for index in range(movie.frames)])
    frames -= frames.mean(axis=(1, 2), keepdims=True)
    stack = torch.from_numpy(frames)
    by_patch, _ = estimate_motion_cross_correlation_patches(
        stack,
        pixel,
        PatchSamplingConfig(movie.shape),
        # one patch has no neighbours to be an outlier among
        refinement=XCRefinementConfig(outlier_rejection=False),
    )
    tried: list[Floats] = []
    for field in (estimate_global_motion(stack, pixel), by_patch):
        found = field.data.detach().reshape(2, movie.frames).numpy()
        # (y, x) of the specimen in each frame, Å
        shifts: Floats = np.stack([found[1], found[0]], axis=1).astype(np.float64) / pixel
        tried.append(shifts - shifts.mean(axis=0))
    return min(tried, key=lambda each: rmse(each, true))


def score(recording: Recording) -> Scores:
    """Align one movie in every way and compare with its truth."""
    pixel = recording.movie.pixel_size_angstrom
    dose = recording.movie.frame_dose_e_per_a2
    movie = ArrayMovie(recording.movie.frames, pixel)
    gain = recording.movie.gain_reference
    true = recording.truth.shifts_px + recording.truth.local_px.mean(axis=(1, 2))
    start = time.perf_counter()
    taken = Taken(pixel_size_angstrom=pixel, dose_per_frame_e_per_a2=dose)
    ours = align_movie(movie, taken, gain=gain)
    seconds = time.perf_counter() - start
    prepared = prepare(movie, gain)
    spectra = group_spectra(FrameSpectra(prepared), pixel_size_angstrom=pixel, group_size=1)
    pairs = pair_shifts(spectra, weight(spectra, b_square_angstrom=150.0))
    torch_px = torch_shifts_px(prepared, pixel, true)
    truth = placed(
        recording.truth.noise_free,
        recording.truth.shifts_px.mean(axis=0) + recording.truth.local_px.mean(axis=(0, 1, 2)),
    )

    def likeness(image: Image) -> float:
        return ring_correlation(image, truth, pixel, FRC_BAND_ANGSTROM)

    best = likeness(true_sum(prepared, recording))

    def by_whole(shifts_px: Floats) -> float:
        return likeness(_summed(prepared, shifts_px, pixel)) / best

    error = ours.shift_error_angstrom
    whole_px = rmse(ours.shifts_angstrom / pixel, true)
    return Scores(
        whole_px=whole_px,
        least_squares_px=rmse(solve_least_squares(pairs, movie.frames) / pixel, true),
        uncorrected_px=rmse(np.zeros_like(true), true),
        torch_px=math.nan if torch_px is None else rmse(torch_px, true),
        field_px=field_px(ours, recording, local=True),
        field_whole_only_px=field_px(ours, recording, local=False),
        frc=likeness(ours.sums.plain) / best,
        whole_only_frc=by_whole(ours.shifts_angstrom / pixel),
        torch_frc=math.nan if torch_px is None else by_whole(torch_px),
        unaligned_frc=by_whole(np.zeros_like(true)),
        error_ratio=math.nan if error is None else error / pixel / whole_px,
        bent=float(ours.local is not None),
        seconds=seconds,
    )


def _summed(movie: PreparedMovie, shifts_px: Floats, pixel: float) -> Image:
    return movie_sums(FrameSpectra(movie), shifts_px * pixel, pixel_size_angstrom=pixel).plain


def false_motion_px(pattern: float, movies: int, shape: tuple[int, int]) -> float:
    """The largest shift claimed in movies without a specimen, over a standing `pattern` (sd)."""
    worst = 0.0
    for seed in range(movies):
        rng = np.random.default_rng(seed)
        rate = np.maximum(1.0 + pattern * rng.normal(size=shape), 0.0)
        counts = rng.poisson(rate, (20, *shape)).astype(np.uint8)
        found = align_movie(
            ArrayMovie(counts, 1.0),
            Taken(pixel_size_angstrom=1.0, dose_per_frame_e_per_a2=1.0),
        )
        worst = max(worst, float(np.abs(found.shifts_angstrom).max()))
        if found.local is not None:
            corners = np.array([-1.0, 1.0, -1.0, 1.0]), np.array([-1.0, -1.0, 1.0, 1.0])
            worst = max(worst, float(np.abs(found.local.shifts_angstrom(*corners)).max()))
    return worst


CONDITIONS = (
    ("300 kV, 40 e/Å² in 40 frames", RecordSettings(dose_e_per_a2=40.0, frames=40)),
    ("10 e/Å² in 20 frames", RecordSettings(dose_e_per_a2=10.0, frames=20)),
    (
        "stage drifting 3 Å/s",
        RecordSettings(dose_e_per_a2=40.0, frames=40, drift_angstrom_per_s=(2.5, -1.7)),
    ),
)

SMALL = MINI_WIDE
LARGE = replace(MINI, name="quarter of a Falcon 4", width_px=2048, height_px=2048)


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Motion correction on simulated movies."""
    report = Report("Motion: simulated movies (no real movie is available)")
    specimen = Specimen(preset_spec(Preset.GOOD, "motion-benchmark"))
    # The quick field holds a 64th of the electrons that the targets are meant for.
    camera, movies = (SMALL, 2) if quick else (LARGE, 1)
    for name, settings in CONDITIONS:
        scores = [
            score(film(camera, pose, specimen, settings)) for pose in good_holes(specimen, movies)
        ]
        _report_condition(report, f"{camera.width_px} px, {name}", scores, judged=not quick)
    _report_false_motion(report, quick=quick)
    if quick:
        report.leave_out(
            "shift and FRC targets: they are for fields of 2048 px, run without --quick; local "
            "motion is not sought in fields under 768 px."
        )
    if importlib.util.find_spec("torch_motion_correction") is None:
        report.leave_out(f"{TORCH}: not installed here.")
    report.leave_out(f"{TORCH}'s local mode: not run here.")
    report.leave_out("MotionCor and RELION: not installed here. Every figure is of the simulator.")
    return report


def _report_condition(report: Report, name: str, scores: list[Scores], *, judged: bool) -> None:
    def median(attribute: str) -> float:
        return float(np.median([getattr(score, attribute) for score in scores]))

    shift = f"{name}: whole-frame shift rmse", median("whole_px")
    likeness = f"{name}: FRC 30-5 Å with truth, of the true-shift sum's", median("frc")
    field = f"{name}: residual over field and frames, an axis", median("field_px")
    if judged:
        report.at_most(
            *shift, unit="px", target=0.1, baseline=median("torch_px"), baseline_name=TORCH
        )
        report.at_least(
            *likeness, unit="", target=0.99, baseline=median("torch_frc"), baseline_name=TORCH
        )
        report.at_most(
            *field,
            unit="px = Å",
            target=0.25,
            baseline=median("field_whole_only_px"),
            baseline_name="ours, whole frames only",
        )
    else:
        report.inform(*shift, unit="px", baseline=median("torch_px"), baseline_name=TORCH)
        report.inform(*likeness, unit="", baseline=median("torch_frc"), baseline_name=TORCH)
    report.inform(
        f"{name}: the same, not aligned",
        median("uncorrected_px"),
        unit="px",
        baseline=median("least_squares_px"),
        baseline_name="pairs, plain least squares",
    )
    report.inform(
        f"{name}: FRC, not aligned",
        median("unaligned_frc"),
        unit="",
        baseline=median("whole_only_frc"),
        baseline_name="ours, whole frames only",
    )
    report.inform(f"{name}: B of the residual", B_PER_SQUARE * median("field_px") ** 2, unit="Å²")
    report.inform(f"{name}: local motion claimed in", median("bent"), unit="of movies")
    report.inform(f"{name}: stated error / real error", median("error_ratio"), unit="")
    report.inform(f"{name}: time per movie, one process", median("seconds"), unit="s")


def _report_false_motion(report: Report, *, quick: bool) -> None:
    movies, shape = (4, (360, 400)) if quick else (12, (1024, 1024))
    for name, pattern in (("noise alone", 0.0), ("noise over a 5 % standing pattern", 0.05)):
        report.at_most(
            f"{name}: largest shift claimed",
            false_motion_px(pattern, movies, shape),
            unit="px",
            target=0.2,
        )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

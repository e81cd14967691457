"""How long aligning a movie takes on this machine's processors, from file to sums.

The movie is a random scene that moves by half a pixel a frame, counted at one electron per pixel
and frame. Two baselines take the same frames, already in memory: torch-motion-correction's
whole-frame estimate and correction to one sum, beside what is like it of ours; and its estimate and
correction over the field to half sums and, by torch-fourier-filter, a weighted one, beside all that
we do, which begins with the file. Its patches do not overlap, which is the least it can do. All ran
once before on a small movie. Compared are seconds of processors, of which other work takes none.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.movie_films import ArrayMovie, Floats, rmse
from benchmarks.report import Report, main
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.analysis.movies.patches import PATCH_PX

TORCH = "torch-motion-correction"
FILTER = "torch-fourier-filter"
ONE_THREAD = "OPENBLAS_NUM_THREADS"
#: the wall target is for so many
CORES = 8
SMALL = (720, 512)
TIMES_AS_FAST = 3.0
TAKEN = Taken(pixel_size_angstrom=0.83, dose_per_frame_e_per_a2=1.0, voltage_kv=300.0)


def counts(shape: tuple[int, int], frames: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of a scene of detail from 8 pixels upwards that moves to the right."""
    rng = np.random.default_rng(1)
    coarse = rng.normal(size=(-(-shape[0] // 4), -(-shape[1] // 4))).astype(np.float32)
    scene = np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)[: shape[0], : shape[1]]
    for frame in range(frames):
        # half-way lies the mean of two neighbours
        moved = 0.5 * (
            np.roll(scene, frame // 2, axis=1) + np.roll(scene, (frame + 1) // 2, axis=1)
        )
        rate = np.maximum(1.0 + 0.2 * moved, 0.0)
        yield rng.poisson(rate).astype(np.uint8)


@dataclass(frozen=True, slots=True)
class Spent:
    """Wall and processor seconds, and the shifts found (frames, 2) x, y, pixels."""

    wall_s: float
    processor_s: float
    shifts_px: Floats


def spent(work: Callable[[], Floats]) -> Spent:
    """Time one run."""
    start, cpu = time.perf_counter(), time.process_time()
    shifts = work()
    return Spent(time.perf_counter() - start, time.process_time() - cpu, shifts)


def ours(path: Path) -> Floats:
    """Everything: reading, alignment of frames and field, four sums."""
    with open_movie(path) as movie:
        return align_movie(movie, TAKEN).shifts_angstrom / TAKEN.pixel_size_angstrom


def ours_alike(frames: NDArray[np.float32]) -> Floats:
    """Whole frames in memory to two half sums, whose sum is the plain one; no dose weights."""
    movie = ArrayMovie(frames, TAKEN.pixel_size_angstrom)
    undosed = replace(TAKEN, voltage_kv=None)
    return align_movie(movie, undosed, local=False).shifts_angstrom / TAKEN.pixel_size_angstrom


def baseline(frames: NDArray[np.float32]) -> Floats:
    """torch-motion-correction on frames in memory."""
    import torch
    from torch_motion_correction import correct_motion_fast, estimate_global_motion

    movie = torch.from_numpy(frames)
    field = estimate_global_motion(movie, TAKEN.pixel_size_angstrom)
    correct_motion_fast(movie, field).sum(dim=0)
    found = field.data.detach().reshape(2, len(frames)).numpy()
    return np.stack([found[1], found[0]], axis=1) / TAKEN.pixel_size_angstrom


def baseline_everything(frames: NDArray[np.float32]) -> Floats:
    """The baseline's way to what we make: local motion, plain, half and weighted sums."""
    import torch
    from torch_fourier_filter.dose_weight import dose_weight_movie
    from torch_motion_correction import (
        PatchSamplingConfig,
        correct_motion,
        estimate_global_motion,
        estimate_motion_cross_correlation_patches,
    )

    movie = torch.from_numpy(frames)
    pixel = TAKEN.pixel_size_angstrom
    whole = estimate_global_motion(movie, pixel)
    field, _ = estimate_motion_cross_correlation_patches(
        movie,
        pixel,
        PatchSamplingConfig((PATCH_PX, PATCH_PX), overlap=0.0),
        initial_deformation_field=whole,
    )
    corrected = correct_motion(movie, field, pixel)
    even, odd = corrected[0::2].sum(dim=0), corrected[1::2].sum(dim=0)
    torch.add(even, odd)
    weighted = torch.zeros_like(torch.fft.rfft2(even))
    dose = TAKEN.dose_per_frame_e_per_a2
    assert dose is not None
    for number, frame in enumerate(corrected):
        weighted += dose_weight_movie(
            torch.fft.rfft2(frame)[None],
            image_shape=(frame.shape[0], frame.shape[1]),
            pixel_size=pixel,
            pre_exposure=number * dose,
            dose_per_frame=dose,
            voltage=300.0,
        )[0]
    torch.fft.irfft2(weighted, s=frames.shape[1:])
    found = field.data.detach().mean(dim=(2, 3)).numpy()
    return np.stack([found[1], found[0]], axis=1) / pixel


def true_shifts_px(frames: int) -> Floats:
    """Half a pixel a frame to the right."""
    return np.stack([0.5 * np.arange(frames), np.zeros(frames)], axis=1)


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Aligning a movie: seconds on processors."""
    shape, frames = (SMALL, 20) if quick else ((4096, 4096), 30)
    report = Report(
        "Aligning a movie on processors, from LZW TIFF to plain, weighted and half sums"
    )
    name = f"{shape[1]} x {shape[0]} x {frames}"
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        for number, size in enumerate((SMALL, shape)):
            path = Path(folder) / f"{number}.tif"
            save_tiff_stack(path, counts(size, frames), lzw=True)
            all_of_it = spent(lambda path=path: ours(path))  # type: ignore[misc]
    wall = f"{name}: wall, {cores} cores (the target is for {CORES})", all_of_it.wall_s
    if quick or cores < CORES:
        report.inform(*wall, unit="s")
        report.leave_out(f"20 s of wall on {CORES} cores: it is for the whole movie and as many.")
    else:
        report.at_most(*wall, unit="s", target=20.0)
    _report_beside_torch(report, name, all_of_it, shape, frames, judged=not quick)
    report.leave_out("a GPU: there is no GPU path.")
    return report


def _report_beside_torch(
    report: Report,
    name: str,
    all_of_it: Spent,
    shape: tuple[int, int],
    frames: int,
    *,
    judged: bool,
) -> None:
    if importlib.util.find_spec("torch") is not None:
        import torch

        # threads that wait for one another spin, and would count as work of the baseline
        torch.set_num_threads(1)
    stacks = [np.stack(list(counts(size, frames))).astype(np.float32) for size in (SMALL, shape)]
    alike = [spent(lambda stack=stack: ours_alike(stack)) for stack in stacks][-1]  # type: ignore[misc]
    if importlib.util.find_spec("torch_motion_correction") is None:
        report.inform(f"{name}: processor, all of it", all_of_it.processor_s, unit="s")
        report.inform(f"{name}: processor, whole frames to one sum", alike.processor_s, unit="s")
        report.leave_out(f"{TORCH}: not installed here.")
        return
    true = true_shifts_px(frames)
    for claim, found, work, theirs_name in (
        ("all of it", all_of_it, baseline_everything, f"{TORCH}, {FILTER}"),
        ("whole frames to one sum", alike, baseline, TORCH),
    ):
        theirs = [spent(lambda stack=stack, work=work: work(stack)) for stack in stacks][-1]  # type: ignore[misc]
        report.inform(
            f"{name}: processor, {claim}",
            found.processor_s,
            unit="s",
            baseline=theirs.processor_s,
            baseline_name=theirs_name,
        )
        times = f"{name}: times as fast as {TORCH}, {claim}"
        if judged:
            report.at_least(
                times, theirs.processor_s / found.processor_s, unit="", target=TIMES_AS_FAST
            )
        else:
            report.inform(times, theirs.processor_s / found.processor_s, unit="")
        report.at_most(
            f"{name}: shift rmse, {claim}",
            rmse(found.shifts_px, true),
            unit="px",
            target=rmse(theirs.shifts_px, true),
            baseline=rmse(theirs.shifts_px, true),
            baseline_name=theirs_name,
        )
    report.inform(
        f"{name}: times as fast, all of it of ours beside {TORCH}'s whole frames to one sum",
        theirs.processor_s / all_of_it.processor_s,
        unit="",
    )


def as_workers_run() -> None:
    """Start again with one thread for a matrix product, as the service's workers have it."""
    if ONE_THREAD not in os.environ:
        again = [sys.executable, *sys.orig_argv[1:]]
        os.execve(sys.executable, again, os.environ | {ONE_THREAD: "1"})  # noqa: S606 - itself


if __name__ == "__main__":
    as_workers_run()
    sys.exit(main(claims, sys.argv[1:]))

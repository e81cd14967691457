"""How long aligning a movie takes on this machine's processors, from file to sums.

The movie is a random scene that moves by half a pixel a frame, counted at one electron per pixel
and frame. The baseline is torch-motion-correction's whole-frame estimate and correction of the same
frames, already in memory, which makes one sum and no dose weights. It is compared with all that we
do, from the file on, and with the part that is like it: whole frames in memory, one sum. Both ran
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

TORCH = "torch-motion-correction"
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
    wall = f"{name}: wall, {cores} cores (the target is for 8)", all_of_it.wall_s
    if quick:
        report.inform(*wall, unit="s")
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
    stacks = [np.stack(list(counts(size, frames))).astype(np.float32) for size in (SMALL, shape)]
    alike = [spent(lambda stack=stack: ours_alike(stack)) for stack in stacks][-1]  # type: ignore[misc]
    if importlib.util.find_spec("torch_motion_correction") is None:
        report.inform(f"{name}: processor, all of it", all_of_it.processor_s, unit="s")
        report.inform(f"{name}: processor, whole frames to one sum", alike.processor_s, unit="s")
        report.leave_out(f"{TORCH}: not installed here.")
        return
    theirs = [spent(lambda stack=stack: baseline(stack)) for stack in stacks][-1]  # type: ignore[misc]
    for claim, found in (("all of it", all_of_it), ("whole frames to one sum", alike)):
        report.inform(
            f"{name}: processor, {claim}",
            found.processor_s,
            unit="s",
            baseline=theirs.processor_s,
            baseline_name=TORCH,
        )
        times = f"{name}: times as fast as {TORCH}, {claim}"
        if judged:
            report.at_least(
                times, theirs.processor_s / found.processor_s, unit="", target=TIMES_AS_FAST
            )
        else:
            report.inform(times, theirs.processor_s / found.processor_s, unit="")
        true = true_shifts_px(frames)
        report.at_most(
            f"{name}: shift rmse, {claim}",
            rmse(found.shifts_px, true),
            unit="px",
            target=rmse(theirs.shifts_px, true),
            baseline=rmse(theirs.shifts_px, true),
            baseline_name=f"{TORCH}, in whole pixels",
        )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

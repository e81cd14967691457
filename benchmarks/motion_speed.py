"""How long aligning a movie takes on this machine's processors, from file to sums.

The movie is a random scene that moves by a pixel a frame, counted at one electron per pixel and
frame: what is measured is time, not quality. The baseline is torch-motion-correction's whole-frame
estimate and correction of the same frames, already in memory, which makes one sum and no dose
weights.
"""

from __future__ import annotations

import importlib.util
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, main
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.analysis.movies.align import Taken, align_movie

TORCH = "torch-motion-correction"
TAKEN = Taken(pixel_size_angstrom=0.83, dose_per_frame_e_per_a2=1.0, voltage_kv=300.0)


def counts(shape: tuple[int, int], frames: int) -> Iterator[NDArray[np.uint8]]:
    """Frames of a scene of detail from 8 pixels upwards that moves to the right."""
    rng = np.random.default_rng(1)
    coarse = rng.normal(size=(-(-shape[0] // 4), -(-shape[1] // 4))).astype(np.float32)
    scene = np.repeat(np.repeat(coarse, 4, axis=0), 4, axis=1)[: shape[0], : shape[1]]
    for frame in range(frames):
        rate = np.maximum(1.0 + 0.2 * np.roll(scene, frame, axis=1), 0.0)
        yield rng.poisson(rate).astype(np.uint8)


def ours(path: Path) -> tuple[float, float]:
    """Wall and processor seconds of everything: reading, alignment, four sums."""
    start, cpu = time.perf_counter(), time.process_time()
    with open_movie(path) as movie:
        align_movie(movie, TAKEN)
    return time.perf_counter() - start, time.process_time() - cpu


def baseline(frames: NDArray[np.float32]) -> tuple[float, float]:
    """Wall and processor seconds of torch-motion-correction on frames in memory."""
    import torch
    from torch_motion_correction import correct_motion_fast, estimate_global_motion

    start, cpu = time.perf_counter(), time.process_time()
    movie = torch.from_numpy(frames)
    field = estimate_global_motion(movie, TAKEN.pixel_size_angstrom)
    correct_motion_fast(movie, field).sum(dim=0)
    return time.perf_counter() - start, time.process_time() - cpu


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Aligning a movie: seconds on processors."""
    shape, frames = ((720, 512), 20) if quick else ((4096, 4096), 30)
    report = Report(
        "Aligning a movie on processors, from LZW TIFF to plain, weighted and half sums"
    )
    name = f"{shape[1]} x {shape[0]} x {frames}"
    cores = len(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "movie.tif"
        save_tiff_stack(path, counts(shape, frames), lzw=True)
        wall, cpu = ours(path)
    torch_wall, torch_cpu = float("nan"), float("nan")
    if importlib.util.find_spec("torch_motion_correction") is None:
        report.leave_out(f"{TORCH}: not installed here.")
    else:
        stack = np.stack(list(counts(shape, frames))).astype(np.float32)
        torch_wall, torch_cpu = baseline(stack)
    if quick:
        report.inform(f"{name}: wall", wall, unit="s", baseline=torch_wall, baseline_name=TORCH)
    else:
        report.at_most(
            f"{name}: wall, {cores} cores (the target is for 8)",
            wall,
            unit="s",
            target=20.0,
            baseline=torch_wall,
            baseline_name=TORCH,
        )
    report.inform(f"{name}: processor", cpu, unit="s", baseline=torch_cpu, baseline_name=TORCH)
    report.leave_out("a GPU: there is no GPU path.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

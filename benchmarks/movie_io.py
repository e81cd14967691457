"""How fast movies are decoded, frame by frame in bounded memory, beside tifffile one by one.

Frames are Poisson counts at one electron per pixel, as counting cameras deliver them; the files lie
in a temporary folder and were just written, so the disk is the memory's cache: what is measured is
decoding, not a disk. Frames are decoded into memory and let go; that every reader counted the same
electrons is looked at apart. What other work leaves of the processors is measured before and after.
"""

from __future__ import annotations

import resource
import sys
import tempfile
import threading
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mrcfile
import numpy as np
import tifffile
from numpy.typing import NDArray

from benchmarks.report import Report, main
from smartscope.analysis.io.movie import open_movie
from smartscope.analysis.io.mrc import save_mrc
from smartscope.analysis.io.read_ahead import read_ahead, threads_ahead
from smartscope.analysis.io.tiff import save_tiff_stack
from smartscope.analysis.movies.align import Taken, align_movie

Frame = NDArray[np.generic]

K3 = (4092, 5760)
SMALL = (1023, 1440)
MEMORY_LIMIT_GB = 3.0


@dataclass(frozen=True, slots=True)
class Timed:
    """Seconds of the best of some passes, and processor seconds of it."""

    seconds: float
    cpu_seconds: float

    @property
    def cores(self) -> float:
        """How many processors it kept busy."""
        return self.cpu_seconds / self.seconds


def counts(shape: tuple[int, int], frames: int) -> Iterator[Frame]:
    """Frames of electrons; a few are made and repeated, which no codec here can notice."""
    rng = np.random.default_rng(1)
    made = [rng.poisson(1.0, shape).astype(np.uint8) for _ in range(min(frames, 4))]
    for number in range(frames):
        yield made[number % len(made)]


def timed(work: Callable[[], object], passes: int) -> Timed:
    """The fastest of `passes`."""
    found = []
    for _ in range(passes):
        start, cpu = time.perf_counter(), time.process_time()
        work()
        found.append(Timed(time.perf_counter() - start, time.process_time() - cpu))
    return min(found, key=lambda each: each.seconds)


def free_cores(threads: int, seconds: float) -> float:
    """How many processors so many threads get that do nothing but compute."""
    until = time.perf_counter() + seconds
    block = bytes(1 << 20)

    def compute() -> None:
        while time.perf_counter() < until:
            zlib.crc32(block)

    def all_of_them() -> None:
        busy = [threading.Thread(target=compute) for _ in range(threads)]
        for each in busy:
            each.start()
        for each in busy:
            each.join()

    return timed(all_of_them, 1).cores


def ours(path: Path) -> Iterator[Frame]:
    """Every frame through the one reader, decoded ahead."""
    with open_movie(path) as movie:
        yield from read_ahead(movie, range(movie.frames))


def plain(path: Path) -> Iterator[Frame]:
    """Every frame by the library itself, one after the other."""
    if path.suffix == ".mrcs":
        with mrcfile.mmap(path) as mrc:
            assert mrc.data is not None
            for frame in mrc.data:
                yield np.array(frame)
        return
    with tifffile.TiffFile(path) as file:
        for page in file.pages:
            yield page.asarray()


def raw(path: Path) -> Iterator[bytes]:
    """The file's bytes alone: the least that any reader must do."""
    with path.open("rb", buffering=0) as stream:
        while block := stream.read(1 << 24):
            yield block


def electrons(frames: Iterator[Frame]) -> int:
    """All that were counted."""
    return sum(int(frame.sum(dtype=np.int64)) for frame in frames)


def _report_format(report: Report, path: Path, *, name: str, unpacked: int, passes: int) -> None:
    assert electrons(ours(path)) == electrons(plain(path)), "readers must count alike"
    with open_movie(path) as movie:
        threads = threads_ahead(movie)
    free = [free_cores(threads, 1.0)]
    read, baseline, least = (
        timed(lambda frames=frames: deque(frames(path), maxlen=0), passes)  # type: ignore[misc]
        for frames in (ours, plain, raw)
    )
    free.append(free_cores(threads, 1.0))
    report.inform(
        f"{name}: decoded",
        unpacked / read.seconds / 1e6,
        unit="MB/s of counts",
        baseline=unpacked / baseline.seconds / 1e6,
        baseline_name="library, frame by frame",
    )
    cores = float(np.mean(free))
    report.inform(f"{name}: processors kept busy, of {cores:.2f} to be had", read.cores, unit="")
    share = max(least.seconds / read.seconds, read.cores / cores) / 0.8
    report.at_least(
        f"{name}: of raw read speed or of those processors, the better, as part of 0.8",
        share,
        unit="",
        target=1.0,
        baseline=least.seconds / read.seconds / 0.8,
        baseline_name="of raw read speed alone",
    )


def _report_memory(report: Report, path: Path, *, judged: bool) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with open_movie(path) as movie:
        align_movie(movie, Taken(pixel_size_angstrom=0.83, dose_per_frame_e_per_a2=1.0))
        name = f"aligning {movie.width_px} x {movie.height_px} x {movie.frames}"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    claim = f"{name}: most memory of the process"
    if judged:
        report.at_most(claim, peak / 1e6, unit="GB", target=MEMORY_LIMIT_GB)
    else:
        report.inform(claim, peak / 1e6, unit="GB")
    report.inform(f"{name}: memory before", before / 1e6, unit="GB")
    report.inform(f"{name}: time", time.perf_counter() - start, unit="s")


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Decoding movies: speed and memory."""
    shape, frames, passes = (SMALL, 20, 5) if quick else (K3, 40, 3)
    size = f"{shape[1]} x {shape[0]} x {frames}"
    report = Report(f"Decoding movies, {size} of uint8 (files in the memory's cache)")
    with tempfile.TemporaryDirectory() as folder:
        unpacked = shape[0] * shape[1] * frames
        for name, lzw in (("TIFF, LZW", True), ("TIFF, plain", False)):
            path = Path(folder) / f"{'lzw' if lzw else 'plain'}.tif"
            save_tiff_stack(path, counts(shape, frames), lzw=lzw)
            if lzw:
                report.inform("TIFF, LZW: file / counts", path.stat().st_size / unpacked, unit="")
            _report_format(report, path, name=name, unpacked=unpacked, passes=passes)
        mrc = Path(folder) / "movie.mrcs"
        save_mrc(mrc, np.stack(list(counts(shape, frames))), pixel_size_angstrom=1.0)
        _report_format(report, mrc, name="MRC (16 bit)", unpacked=2 * unpacked, passes=passes)
        mrc.unlink()
        _report_memory(report, Path(folder) / "lzw.tif", judged=not quick)
    report.leave_out("EER: no camera's file is available; the reader is tested on hand-made ones.")
    report.leave_out("a network or disk: files were in the memory's cache.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

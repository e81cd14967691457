"""What denoising brings to pictures, beside the best Gaussian and the best median at every k, and
beside Topaz-Denoise where it is installed (`topaz_program`).

Simulated movies of grids that nothing was fitted on are aligned as the service aligns them; the
truth is the sum without noise. Real frames are judged by frames that nothing was made from. That
two outputs of one network agree says nothing and is not measured.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.denoise_likeness import Rivals, bands, likeness, rival_filters, slope
from benchmarks.denoise_picking import Tally, places_of
from benchmarks.denoise_real import report_real
from benchmarks.movie_films import ArrayMovie, placed
from benchmarks.report import Report, main
from benchmarks.topaz_program import topaz
from smartscope.analysis import registry
from smartscope.analysis.denoising.denoised import Denoiser
from smartscope.analysis.denoising.pairs import Pair, even_and_odd
from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.analysis.picking.scoring import Truth
from smartscope.microscope.simulator.optics.values import Movie, RecordTruth
from smartscope.training.denoising.samples import SOUGHT, recorded
from smartscope.training.split import Split

Image = NDArray[np.float32]
Floats = NDArray[np.float64]

SEED: Final = 3
NAMES: Final = ("wiener-halves", "care-p2p")
NOISE_SHAPE: Final = (1024, 1024)
LARGE: Final = {"4096²": (4096, 4096), "K3": (4092, 5760)}
MOST_S: Final = 20.0


@dataclass(frozen=True, slots=True, eq=False)
class Exposure:
    """Halves of a simulated movie and the noise-free sum where they show it."""

    number: int
    pair: Pair
    truth: Image
    places: Truth | None

    @property
    def total(self) -> Image:
        """Of both halves."""
        even, odd = (np.asarray(half, np.float32) for half in (self.pair.even, self.pair.odd))
        return even + odd


def exposures(count: int) -> Iterator[Exposure]:
    """The first `count` of the test part."""
    number = 0
    while count:
        found = recorded(SEED, number, Split.TEST)
        if found is not None:
            count -= 1
            yield _exposure(number, found[0].movie, found[0].truth)
        number += 1


def _exposure(number: int, movie: Movie, truth: RecordTruth) -> Exposure:
    pixel = movie.pixel_size_angstrom
    taken = Taken(pixel_size_angstrom=pixel, dose_per_frame_e_per_a2=movie.frame_dose_e_per_a2)
    aligned = align_movie(ArrayMovie(movie.frames, pixel), taken, gain=movie.gain_reference)
    moved = truth.shifts_px + truth.local_px.mean(axis=(1, 2))
    middle = moved.mean(axis=0)
    return Exposure(
        number,
        even_and_odd(aligned),
        np.float32(len(movie.frames)) * placed(truth.noise_free, middle),
        places_of(truth, middle, pixel),
    )


def report_simulated(
    report: Report, denoisers: dict[str, Denoiser], count: int, program: str | None
) -> None:
    """Ring by ring, with the noise-free sum."""
    plain: list[Floats] = []
    names: list[str] = []
    ours: dict[str, list[Floats]] = {name: [] for name in denoisers}
    slopes: dict[str, list[float]] = {name: [] for name in denoisers}
    tally = Tally()
    for shown in exposures(count):
        pixel = shown.pair.pixel_size_angstrom
        pictures = {"raw sum": shown.total}
        filters = rival_filters(pixel, program)
        names = list(filters)
        plain.append(
            np.array([likeness(f(shown.total), shown.truth, pixel) for f in filters.values()])
        )
        for name, denoiser in denoisers.items():
            clean = denoiser.denoise(
                shown.pair.even, shown.pair.odd, pixel_size_angstrom=pixel
            ).pixels
            pictures[name] = clean
            ours[name].append(likeness(clean, shown.truth, pixel))
            slopes[name].append(slope(shown.truth, clean))
        tally.add(pictures, shown.places, pixel)
    report.inform("simulated movies, of grids that nothing was fitted on", len(plain), unit="")
    rivals = Rivals.of(names, np.array(plain))
    curves = {name: np.mean(found, axis=0) for name, found in ours.items()}
    for number, (low, high) in enumerate(bands()):
        best, rival = rivals.best(number)
        claim = f"simulated, {1 / low:.0f}-{1 / high:.0f} Å: FRC with truth,"
        report.inform(f"{claim} wiener-halves", float(curves["wiener-halves"][number]), unit="")
        report.at_least(
            f"{claim} care-p2p",
            float(curves["care-p2p"][number]),
            unit="",
            target=best,
            baseline=best,
            baseline_name=rival,
        )
    for name, found in slopes.items():
        report.at_most(
            f"simulated: truth over {name}, slope's mean distance from 1",
            float(np.mean(np.abs(np.array(found) - 1.0))),
            unit="",
            target=0.05,
        )
        report.inform(
            f"simulated: truth over {name}, slope from/to",
            f"{min(found):.3f} / {max(found):.3f}",
            unit="",
        )
    tally.report(report)


def report_noise(report: Report, denoisers: dict[str, Denoiser]) -> None:
    """What is made of nothing."""
    random = np.random.default_rng(SEED)
    even, odd = random.poisson(25.0, (2, *NOISE_SHAPE)).astype(np.float32)
    for name, denoiser in denoisers.items():
        clean = denoiser.denoise(even, odd, pixel_size_angstrom=1.0).pixels
        report.at_most(
            f"pure noise, {name}: power out over power in",
            float(clean.var(dtype=np.float64) / (even + odd).var(dtype=np.float64)),
            unit="",
            target=1e-3,
        )


def report_size(report: Report, *, quick: bool) -> None:
    """Time and memory of whole micrographs, each in a process of its own."""
    cores = len(os.sched_getaffinity(0))
    for name, shape in list(LARGE.items())[: 1 if quick else None]:
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.denoise2d", "--one", *map(str, shape)],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.split()
        wall_s, processor_s, size = (float(each) for each in said[-3:])
        report.at_most(
            f"care-p2p, {name}: processor time, all threads",
            processor_s,
            unit="s",
            target=MOST_S,
        )
        report.inform(
            f"care-p2p, {name}: time, {cores} cores that others use as well", wall_s, unit="s"
        )
        report.at_most(f"care-p2p, {name}: largest memory", size / 1e9, unit="GB", target=3.0)


def one(shape: tuple[int, int]) -> None:
    """Denoise one large picture; prints seconds, seconds of processors and bytes."""
    random = np.random.default_rng(SEED)
    shade = np.float32(20.0) + np.linspace(0.0, 5.0, shape[1], dtype=np.float32)
    even, odd = (
        (np.sqrt(shade) * random.standard_normal(shape, dtype=np.float32) + shade) for _ in "eo"
    )
    denoiser = registry.denoiser("care-p2p")
    began, busy = time.perf_counter(), time.process_time()
    denoiser.denoise(even, odd, pixel_size_angstrom=1.0)
    wall_s, processor_s = time.perf_counter() - began, time.process_time() - busy
    size = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    sys.stdout.write(f"{wall_s} {processor_s} {size}\n")


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Denoising of pictures."""
    report = Report("Denoising: simulated movies with truth, real frames with independent ones")
    denoisers = {name: registry.denoiser(name) for name in NAMES}
    program = None if quick else topaz()
    report_simulated(report, denoisers, 3 if quick else len(SOUGHT), program)
    report_noise(report, denoisers)
    report_real(report, denoisers, program)
    report_size(report, quick=quick)
    if program is None:
        report.leave_out("Topaz-Denoise: set TOPAZ to its program, and leave out --quick.")
    report.leave_out(
        "paper mode: 7,500 steps for each grid take hours without a GPU; tests teach it in small."
    )
    return report


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one((int(sys.argv[2]), int(sys.argv[3])))
        sys.exit(0)
    sys.exit(main(claims, sys.argv[1:]))

"""How well a magnification that differs with direction is measured on gold, and undone.

The gold is made here: white noise with a ring at 2.355 Å, distorted in Fourier space, so that
nothing interpolates it, under four times its power of shot noise. The baseline is doing nothing.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray

from benchmarks.movie_films import ArrayMovie
from benchmarks.report import Report, main
from smartscope.analysis.movies.correct import CorrectedFrames
from smartscope.analysis.movies.gold_rings import (
    GOLD_ANGSTROM,
    mean_power,
    measure_magnification,
)
from smartscope.analysis.movies.magnification import Magnification
from smartscope.analysis.movies.prepare import prepare

Image = NDArray[np.float32]

PIXEL_ANGSTROM = 0.83
RING_WIDTH = 0.003
RATIOS = (0.005, 0.01, 0.02, 0.03)


def gold(
    magnification: Magnification, *, side: int, images: int, seed: int, spacing: float
) -> list[Image]:
    """Pictures of a powder of crystals as the projector distorts them."""
    rng = np.random.default_rng(seed)
    ky = np.fft.fftfreq(side, PIXEL_ANGSTROM)[:, None]
    kx = np.fft.rfftfreq(side, PIXEL_ANGSTROM)[None, :]
    # k_observed = Mᵀ k_true
    true = np.linalg.inv(magnification.matrix().T)
    radius = np.hypot(true[0, 0] * kx + true[0, 1] * ky, true[1, 0] * kx + true[1, 1] * ky)
    ring = np.exp(-0.5 * ((radius - 1 / spacing) / RING_WIDTH) ** 2)
    made = []
    for _ in range(images):
        signal = np.fft.irfft2(np.fft.rfft2(rng.normal(size=(side, side))) * ring, s=(side, side))
        made.append(signal / signal.std() + 2.0 * rng.normal(size=(side, side)))
    return [np.asarray(image, dtype=np.float32) for image in made]


def errors(ratio: float, *, quick: bool, seed: int) -> tuple[float, float, float]:
    """Error of the ratio in %, of the angle in °, and the ratio left after undoing it in %."""
    angle = float(np.random.default_rng(seed).uniform(0.0, 180.0))
    true = Magnification(ratio=ratio, angle_deg=angle)
    side, images = (512, 6) if quick else (1024, 10)
    found = measure_magnification(
        mean_power(gold(true, side=side, images=images, seed=seed, spacing=GOLD_ANGSTROM)),
        pixel_size_angstrom=PIXEL_ANGSTROM,
    )
    if found is None:
        return float("inf"), float("inf"), float("inf")
    away = abs((found.magnification.angle_deg - angle + 90.0) % 180.0 - 90.0)
    left = _left_after_undoing(found.magnification, true, side=side, images=images, seed=seed)
    return 100.0 * abs(found.magnification.ratio - ratio), away, left


def _left_after_undoing(
    found: Magnification, true: Magnification, *, side: int, images: int, seed: int
) -> float:
    """% left in pictures of another, coarser crystal (4 Å) that were resampled by `found`."""
    coarse = gold(true, side=side, images=images, seed=seed + 100, spacing=4.0)
    undone = []
    for image in coarse:
        counts = (20.0 * (image - image.min())).astype(np.float32)
        movie = prepare(ArrayMovie(counts[None], PIXEL_ANGSTROM), None)
        corrected = CorrectedFrames(
            movie,
            np.zeros((1, 2)),
            pixel_size_angstrom=PIXEL_ANGSTROM,
            magnification=found,
        )
        undone.append(corrected.frame(0))
    again = measure_magnification(
        mean_power(undone), pixel_size_angstrom=PIXEL_ANGSTROM, spacing_angstrom=4.0
    )
    return float("inf") if again is None else 100.0 * again.magnification.ratio


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Anisotropic magnification: measured on gold and undone."""
    report = Report("Anisotropic magnification: gold made in the computer (no real gold image)")
    start = time.perf_counter()
    for ratio in RATIOS:
        runs = [errors(ratio, quick=quick, seed=seed) for seed in range(2 if quick else 5)]
        ratio_error, angle_error, left = (max(each) for each in zip(*runs, strict=True))
        name = f"ε {100 * ratio:g} %, worst of {len(runs)}"
        if quick:
            report.inform(f"{name}: error of ε", ratio_error, unit="%")
            report.inform(f"{name}: error of θ", angle_error, unit="°")
        else:
            report.at_most(f"{name}: error of ε", ratio_error, unit="%", target=0.05)
            report.at_most(f"{name}: error of θ", angle_error, unit="°", target=2.0)
        report.inform(
            f"{name}: left after undoing, on a 4 Å ring",
            left,
            unit="%",
            baseline=100 * ratio,
            baseline_name="uncorrected",
        )
    none = measure_magnification(
        mean_power(
            gold(
                Magnification(ratio=0.0, angle_deg=0.0),
                side=512,
                images=6,
                seed=9,
                spacing=GOLD_ANGSTROM,
            )
        ),
        pixel_size_angstrom=PIXEL_ANGSTROM,
    )
    report.inform(
        "no distortion: ε found",
        float("inf") if none is None else 100 * none.magnification.ratio,
        unit="%",
        baseline=float("inf") if none is None else 100 * none.ratio_error,
        baseline_name="its stated error",
    )
    report.inform("time", time.perf_counter() - start, unit="s")
    if quick:
        report.leave_out("targets: they are for ten images of 1024 px, run without --quick.")
    report.leave_out("the astigmatism of a session as a watchdog without gold: not built yet.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

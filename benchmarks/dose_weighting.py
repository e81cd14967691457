"""What weighing frames by the damage in them gains, beside the plain sum.

Two kinds of movies, both with known shifts, so that only the weights differ. *Fading* ones are made
here: a random scene whose every detail fades by the published curve (Grant & Grigorieff 2015), the
one the weights assume; they show that the weights are used rightly, not that the curve is right for
a real specimen. *Simulated* ones have particles that fade in ice that does not, and the truth holds
both: weighting trades the ice for the particles there, so they only inform.
"""

from __future__ import annotations

import importlib.util
import math
import sys
from dataclasses import dataclass

import numpy as np
from scipy import fft

from benchmarks.movie_films import (
    ArrayMovie,
    Floats,
    Image,
    film,
    good_holes,
    placed,
    ring_correlation,
)
from benchmarks.report import Report, main
from smartscope.analysis.movies.dose import critical_dose
from smartscope.analysis.movies.prepare import PreparedMovie, prepare
from smartscope.analysis.movies.sums import Dosing, movie_sums
from smartscope.analysis.movies.transforms import FrameSpectra
from smartscope.microscope.simulator.optics.profiles import MINI_WIDE
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.world import Specimen

BANDS_ANGSTROM = ((30.0, 10.0), (10.0, 6.0), (6.0, 4.0))
DOSE_E_PER_A2 = 60.0
FRAMES = 30
TORCH = "torch-fourier-filter"


@dataclass(frozen=True, slots=True)
class Likeness:
    """Mean ring correlation with the undamaged truth in each band."""

    plain: Floats
    weighted: Floats
    torch: Floats
    noise_ratio: float


def torch_weighted(movie: PreparedMovie, shifts_px: Floats, pixel: float) -> Image | None:
    """The same frames weighed by torch-fourier-filter; None where it is not installed."""
    if importlib.util.find_spec("torch_fourier_filter") is None:
        return None
    import torch
    from torch_fourier_filter.dose_weight import dose_weight_movie

    torch.set_num_threads(1)
    frames = np.stack(
        [fft.rfft2(placed(movie.frame(n), -shifts_px[n])) for n in range(movie.frames)]
    )
    weighed = dose_weight_movie(
        torch.from_numpy(frames),
        image_shape=movie.shape,
        pixel_size=pixel,
        pre_exposure=0.0,
        dose_per_frame=DOSE_E_PER_A2 / FRAMES,
        voltage=300.0,
    )
    total = weighed.sum(dim=0).numpy()
    return np.asarray(fft.irfft2(total, s=movie.shape), dtype=np.float32)


def simulated(recording: Recording) -> Likeness:
    """Sums of one simulated movie against its noise-free, undamaged truth, ice and all."""
    pixel = recording.movie.pixel_size_angstrom
    movie = prepare(ArrayMovie(recording.movie.frames, pixel), recording.movie.gain_reference)
    moved = recording.truth.shifts_px + recording.truth.local_px.mean(axis=(1, 2))
    truth = placed(recording.truth.noise_free, moved.mean(axis=0))
    return likeness(movie, moved - moved.mean(axis=0), truth, pixel)


def fading(seed: int, shape: tuple[int, int] = (512, 720), pixel: float = 1.0) -> Likeness:
    """Sums of a movie at rest whose detail fades as published, against the scene before."""
    rng = np.random.default_rng(seed)
    k = np.hypot(np.fft.fftfreq(shape[0], pixel)[:, None], np.fft.rfftfreq(shape[1], pixel))
    scene = fft.rfft2(rng.normal(size=shape)) * np.exp(-15.0 * k**2) * 0.4
    scene[0, 0] = 0.0
    per_frame = DOSE_E_PER_A2 / FRAMES
    twice = 2.0 * critical_dose(k, voltage_kv=300.0)
    frames = []
    for frame in range(FRAMES):
        left = fft.irfft2(scene * np.exp(-per_frame * (frame + 0.5) / twice), s=shape)
        frames.append(rng.poisson(np.maximum(per_frame * (1.0 + left), 0.0)))
    movie = prepare(ArrayMovie(np.array(frames, dtype=np.uint8), pixel), None)
    truth = np.asarray(fft.irfft2(scene, s=shape), dtype=np.float32)
    return likeness(movie, np.zeros((FRAMES, 2)), truth, pixel)


def likeness(movie: PreparedMovie, shifts: Floats, truth: Image, pixel: float) -> Likeness:
    """Plain, weighted and the baseline's sum against the truth."""
    sums = movie_sums(
        FrameSpectra(movie),
        shifts * pixel,
        pixel_size_angstrom=pixel,
        dosing=Dosing(dose_per_frame_e_per_a2=DOSE_E_PER_A2 / FRAMES, voltage_kv=300.0),
    )
    assert sums.weighted is not None

    def bands(image: Image | None) -> Floats:
        if image is None:
            return np.full(len(BANDS_ANGSTROM), math.nan)
        return np.array([ring_correlation(image, truth, pixel, b) for b in BANDS_ANGSTROM])

    rim = fft.rfft2(sums.weighted)[-200:-100, 200:300], fft.rfft2(sums.plain)[-200:-100, 200:300]
    ratio = float(np.mean(np.abs(rim[0]) ** 2) / np.mean(np.abs(rim[1]) ** 2))
    return Likeness(
        bands(sums.plain), bands(sums.weighted), bands(torch_weighted(movie, shifts, pixel)), ratio
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Dose weighting on simulated movies."""
    report = Report("Dose weighting: movies of 60 e/Å² (no real movie is available)")
    specimen = Specimen(preset_spec(Preset.GOOD, "dose-benchmark"))
    settings = RecordSettings(dose_e_per_a2=DOSE_E_PER_A2, frames=FRAMES)
    found = [
        simulated(film(MINI_WIDE, pose, specimen, settings))
        for pose in good_holes(specimen, 2 if quick else 8)
    ]
    _report_fading(report, [fading(seed) for seed in range(2 if quick else 8)])
    for number, (low, high) in enumerate(BANDS_ANGSTROM):
        plain, weighted, torch = (
            float(np.mean([getattr(each, name)[number] for each in found]))
            for name in ("plain", "weighted", "torch")
        )
        report.inform(
            f"simulated, {low:g}-{high:g} Å: FRC with truth, weighted / plain",
            weighted / plain,
            unit="",
            baseline=torch / plain,
            baseline_name=TORCH,
        )
    report.inform(
        "noise power near Nyquist, weighted / plain",
        float(np.mean([each.noise_ratio for each in found])),
        unit="",
    )
    if importlib.util.find_spec("torch_fourier_filter") is None:
        report.leave_out(f"{TORCH}: not installed here.")
    return report


def _report_fading(report: Report, found: list[Likeness]) -> None:
    for number, (low, high) in enumerate(BANDS_ANGSTROM):
        plain, weighted, torch = (
            float(np.mean([getattr(each, name)[number] for each in found]))
            for name in ("plain", "weighted", "torch")
        )
        report.at_least(
            f"fading, {low:g}-{high:g} Å: FRC with truth, weighted / plain",
            weighted / plain,
            unit="",
            # coarse detail survives: there, weighting must only do no harm
            target=1.0 if high < 10.0 else 0.99,
            baseline=torch / plain,
            baseline_name=TORCH,
        )
        report.inform(f"fading, {low:g}-{high:g} Å: FRC with truth, plain", plain, unit="")


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

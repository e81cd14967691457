"""How well defocus and astigmatism are found on simulated micrographs, beside a radial search.

No real movie with a known defocus is available, so every figure but the samples' is of the
simulator: movies are aligned as in a session, then fitted; truth lies on no grid that is searched.
The baseline is what the first stage of common programs does: radial average, box-mean background,
correlation with |CTF| over defoci 100 Å apart; it knows no astigmatism.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from benchmarks.movie_films import ArrayMovie, film
from benchmarks.report import Report, main
from benchmarks.shared_data import shared_data
from smartscope.analysis.ctf.estimate import CtfResult, tile_angstrom
from smartscope.analysis.ctf.estimator import RingEstimator
from smartscope.analysis.ctf.optics import Defocus, Optics, aberration_phase
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, SpectrumGatherer, polar_spectrum
from smartscope.analysis.movies.align import Taken, align_movie
from smartscope.microscope.simulator.optics.profiles import MINI, CameraProfile
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

Floats = NDArray[np.float64]

LARGE = replace(MINI, name="quarter of a Falcon 4", width_px=2048, height_px=2048)
PIXEL_ANGSTROM = 1.0
REAL_PIXEL_ANGSTROM = 1.5
#: kV, Cs in mm, and what the session would be told
MICROSCOPES = ((300.0, 2.7), (200.0, 2.7), (300.0, 2.7), (120.0, 2.0))
DOSES_E_PER_A2 = (40.0, 50.0, 30.0)
ICE_NM = (18.0, 90.0)


@dataclass(frozen=True, slots=True)
class Scored:
    """One micrograph: misses in Å (None where no fit was claimed), and what was stated."""

    defocus_um: float
    ice_nm: float
    ours_angstrom: float | None
    astigmatism_angstrom: float | None
    covered: tuple[bool, ...]
    radial_angstrom: float
    true_astigmatism_angstrom: float
    fit_angstrom: float | None
    fit_s: float
    radial_s: float


def places(specimen: Specimen, ice_nm: tuple[float, float]) -> Iterator[Pose]:
    """Centres of holes with ice in a range, one a square, in the order of the specimen."""
    for square in specimen.squares(Box.around(0.0, 0.0, 800.0)):
        for hole in specimen.holes(Box.around(square.stage_x_um, square.stage_y_um, 8.0)):
            if ice_nm[0] <= specimen.ice_nm(hole.stage_x_um, hole.stage_y_um) <= ice_nm[1]:
                yield Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um)
                break


def settings(number: int, rng: np.random.Generator) -> RecordSettings:
    """Conditions of the nth micrograph: defocus 0.5 to 3.5 µm, astigmatism up to 600 Å."""
    voltage_kv, spherical_aberration_mm = MICROSCOPES[number % len(MICROSCOPES)]
    dose = DOSES_E_PER_A2[number % len(DOSES_E_PER_A2)]
    return RecordSettings(
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_a2=dose,
        frames=round(dose / 2),
        defocus_um=float(rng.uniform(0.5, 3.5)),
        astigmatism_angstrom=float(rng.uniform(0.0, 600.0)),
        astigmatism_angle_deg=float(rng.uniform(0.0, 180.0)),
        voltage_kv=voltage_kv,
        spherical_aberration_mm=spherical_aberration_mm,
    )


def fitted(recording: Recording, optics: Optics, expected: float) -> tuple[CtfResult, float]:
    """Align as in a session, fit; and the time of the CTF alone: spectra and fit."""
    movie = recording.movie
    gatherer = SpectrumGatherer(
        pixel_size_angstrom=PIXEL_ANGSTROM, tile_angstrom=tile_angstrom(optics, expected)
    )
    spent = 0.0

    def gather(group: NDArray[np.float32]) -> None:
        nonlocal spent
        began = time.process_time()
        gatherer.add(group)
        spent += time.process_time() - began

    aligned = align_movie(
        ArrayMovie(movie.frames, PIXEL_ANGSTROM),
        Taken(
            pixel_size_angstrom=PIXEL_ANGSTROM,
            dose_per_frame_e_per_a2=movie.frame_dose_e_per_a2,
        ),
        gain=movie.gain_reference,
        each_group=gather,
    )
    began = time.process_time()
    result = RingEstimator().estimate(
        aligned.aligned_sum,
        gatherer.spectrum(),
        pixel_size_angstrom=PIXEL_ANGSTROM,
        optics=optics,
        expected_defocus_angstrom=expected,
    )
    return result, spent + time.process_time() - began


def radial_search(spectrum: PolarSpectrum, optics: Optics) -> float:
    """The baseline's defocus, Å."""
    k = spectrum.k_per_angstrom
    weight = np.maximum(spectrum.cells.sum(axis=1), 1e-9)
    amplitude = np.sqrt((spectrum.power * spectrum.cells).sum(axis=1) / weight)
    box = round(math.sqrt(2) / (30.0 * spectrum.frequency_step_per_angstrom))
    amplitude -= ndimage.uniform_filter1d(amplitude, box, mode="nearest")
    band = (k > 1 / 30.0) & (k < 1 / 5.0)

    def likeness(defocus: float) -> float:
        phase = aberration_phase(optics, Defocus(mean_angstrom=defocus), np.square(k[band]))
        return float(np.corrcoef(np.abs(np.sin(phase)), amplitude[band])[0, 1])

    return float(max(np.arange(2_000.0, 60_000.0, 100.0), key=likeness))


def score(recording: Recording) -> Scored:
    """Fit one micrograph both ways and compare with its truth."""
    truth = recording.truth.ctf
    optics = Optics(
        voltage_kv=truth.voltage_kv,
        spherical_aberration_mm=truth.spherical_aberration_mm,
        amplitude_contrast=truth.amplitude_contrast,
    )
    true = Defocus.of_axes(
        truth.defocus_u_angstrom, truth.defocus_v_angstrom, truth.astigmatism_angle_deg
    )
    result, seconds = fitted(recording, optics, true.mean_angstrom)
    movie = recording.movie
    total = movie.frames.sum(axis=0, dtype=np.float32) * movie.gain_reference
    began = time.process_time()
    radial = radial_search(polar_spectrum(total, pixel_size_angstrom=PIXEL_ANGSTROM), optics)
    radial_s = time.process_time() - began
    scored = Scored(
        defocus_um=true.mean_angstrom * 1e-4,
        ice_nm=recording.truth.mean_ice_nm,
        ours_angstrom=None,
        astigmatism_angstrom=None,
        covered=(),
        radial_angstrom=abs(radial - true.mean_angstrom),
        true_astigmatism_angstrom=2 * true.half_astigmatism_angstrom,
        fit_angstrom=None,
        fit_s=seconds,
        radial_s=radial_s,
    )
    fit = result.fit
    if fit is None:
        return scored
    found = fit.defocus
    miss = fit.defocus_angstrom - true.mean_angstrom
    bent = 2 * math.hypot(
        found.cos_angstrom - true.cos_angstrom, found.sin_angstrom - true.sin_angstrom
    )
    along = (
        fit.astigmatism_angstrom * math.cos(math.radians(2 * (fit.axis_deg - true.axis_deg)))
        - 2 * true.half_astigmatism_angstrom
    )
    return replace(
        scored,
        ours_angstrom=abs(miss),
        astigmatism_angstrom=bent,
        covered=(
            abs(miss) < 1.96 * fit.defocus_error_angstrom,
            abs(along) < 1.96 * fit.astigmatism_error_angstrom,
        ),
        fit_angstrom=fit.fit_angstrom,
    )


def ringless(number: int) -> NDArray[np.float32]:
    """Images without rings: vacuum, vacuum with a standing pattern, a foil's edge, specks."""
    rng = np.random.default_rng(number)
    side = 1024
    mean = np.full((side, side), 40.0)
    if number % 4 == 1:
        mean *= 1 + 0.02 * rng.normal(size=mean.shape)
    if number % 4 == 2:
        y, x = np.mgrid[:side, :side]
        mean *= 1 - 0.3 * (x * math.cos(number) + y * math.sin(number) > rng.integers(side))
    if number % 4 == 3:
        specks = np.zeros_like(mean)
        specks[tuple(rng.integers(0, side, (2, 25)))] = 1.0
        mean *= np.exp(-60 * ndimage.gaussian_filter(specks, 5.0))
    return rng.poisson(mean).astype(np.float32)


def claimed(images: int) -> float:
    """The share of ringless images on which no fit is claimed."""
    optics = Optics()
    refused = [
        RingEstimator()
        .estimate(ringless(n), None, pixel_size_angstrom=PIXEL_ANGSTROM, optics=optics)
        .fit
        is None
        for n in range(images)
    ]
    return float(np.mean(refused))


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """CTF on simulated movies."""
    report = Report("CTF: simulated movies, aligned as in a session (no real movie is available)")
    camera, movies, images = (MINI, 4, 4) if quick else (LARGE, 16, 48)
    scores = list(_scored(camera, movies))
    found = [s for s in scores if s.ours_angstrom is not None]
    name = f"{camera.width_px} px, {len(scores)} micrographs"
    _report_misses(report, name, found, judged=not quick)
    failed = 100 * (1 - len(found) / len(scores))
    report.inform(f"{name}: no fit claimed", failed, unit="%")
    covered = [each for s in found for each in s.covered]
    report.inform(
        f"{name}: truth within the 95 % interval ({len(covered)} numbers)",
        100 * float(np.mean(covered)),
        unit="%",
    )
    report.inform(f"{name}: CTF fit, median", _median(found, "fit_angstrom"), unit="Å")
    report.inform(
        f"{name}: processor time of spectra and fit",
        _median(scores, "fit_s"),
        unit="s",
        baseline=_median(scores, "radial_s"),
        baseline_name="radial search of the sum",
    )
    report.at_least(
        f"{images} images without rings: nothing claimed",
        100 * claimed(images),
        unit="%",
        target=98.0,
    )
    _report_real(report)
    _leave_out(report, quick=quick)
    return report


def _scored(camera: CameraProfile, movies: int) -> Iterator[Scored]:
    specimen = Specimen(preset_spec(Preset.GOOD, "ctf-benchmark"))
    rng = np.random.default_rng(3)
    count = 0
    for pose in places(specimen, ICE_NM):
        recording = film(camera, pose, specimen, settings(count, rng))
        # A frost crystal over the hole lets nothing through, and no ice hides nothing.
        if recording.truth.mean_ice_nm < ICE_NM[0] / 2 or recording.movie.frames.mean() < 0.5:
            continue
        yield score(recording)
        count += 1
        if count == movies:
            return


def _median(scores: list[Scored], attribute: str) -> float:
    return float(np.median([getattr(each, attribute) for each in scores]))


def _report_misses(report: Report, name: str, found: list[Scored], *, judged: bool) -> None:
    defocus = np.array([s.ours_angstrom for s in found], dtype=np.float64)
    bent = np.array([s.astigmatism_angstrom for s in found], dtype=np.float64)
    radial = np.array([s.radial_angstrom for s in found])
    true = np.array([s.true_astigmatism_angstrom for s in found])
    rows = (
        ("defocus, median miss", np.median(defocus), np.median(radial), 20.0),
        (
            "defocus, 95th percentile",
            np.percentile(defocus, 95),
            np.percentile(radial, 95),
            50.0,
        ),
        ("astigmatism vector, median miss", np.median(bent), np.median(true), 60.0),
    )
    for claim, value, baseline, target in rows:
        report_row = report.at_most if judged else None
        if report_row is None:
            report.inform(
                f"{name}: {claim}",
                float(value),
                unit="Å",
                baseline=float(baseline),
                baseline_name="radial search",
            )
        else:
            report_row(
                f"{name}: {claim}",
                float(value),
                unit="Å",
                target=target,
                baseline=float(baseline),
                baseline_name="radial search",
            )
    report.inform(
        f"{name}: astigmatism vector, 95th percentile",
        float(np.percentile(bent, 95)),
        unit="Å",
        baseline=float(np.percentile(true, 95)),
        baseline_name="radial search",
    )


def _report_real(report: Report) -> None:
    """Real averages of unaligned frames show rings; nothing else is known of them."""
    folder = shared_data()
    files = sorted((folder or Path()).glob("real/apoferritin_empiar10146/avg/*.png"))
    if not files:
        report.leave_out("real averages (EMPIAR-10146): the shared data are not here.")
    for file in files:
        pixels = np.asarray(PillowImage.open(file).convert("F"))
        fit = (
            RingEstimator()
            .estimate(pixels, None, pixel_size_angstrom=REAL_PIXEL_ANGSTROM, optics=Optics())
            .fit
        )
        name = f"sample {file.name.partition('.bin')[0]}"
        if fit is None:
            report.inform(f"{name}: defocus", "no fit claimed", unit="")
            continue
        stated = f"{fit.defocus_angstrom:.0f} ± {fit.defocus_error_angstrom:.0f}"
        report.inform(f"{name}: defocus", stated, unit="Å")
        report.inform(f"{name}: CTF fit", fit.fit_angstrom, unit="Å")


def _leave_out(report: Report, *, quick: bool) -> None:
    if quick:
        report.leave_out("targets: they are for fields of 2048 px, run without --quick.")
    if importlib.util.find_spec("torch_ctf_estimation") is None:
        report.leave_out("torch-ctf-estimation: not installed here.")
    report.leave_out("CTFFIND: no package of it can be installed with pip.")
    report.leave_out("fields of 4096 px: each takes minutes to simulate here.")


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

"""Tomograms denoised from their halves, beside Gaussians and anisotropic diffusion.

Simulated tilt series. Correlations are with the true phase within the wedge that was seen: by
shell, which no isotropic filter changes, and of all voxels, which tells how much noise is left.
Downstream: molecules by Otsu's threshold and the size of components.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from importlib.util import find_spec

import numpy as np
from scipy import fft, ndimage

from benchmarks.movie_films import Image
from benchmarks.report import Report, main, mean
from benchmarks.segmented import segmented
from benchmarks.tilt_films import DEPTH_PX, MOST_DEG, PIXEL_ANGSTROM, TiltFilm, tilt_film
from benchmarks.wedge import mean_to, seen_fsc, soft_box
from smartscope.analysis.denoising.tomogram import Denoising, by_acquisition, denoise_tomogram
from smartscope.analysis.denoising.tomogram_settings import TomogramNetwork
from smartscope.analysis.tomography.geometry import TiltGeometry
from smartscope.analysis.tomography.reconstruct import Settings, reconstruct
from smartscope.microscope.simulator.optics.slab_truth import slab_labels

FINEST_ANGSTROM = 25.0
GAUSSIANS_PX = (0.7, 1.0, 1.4, 2.0, 2.8)
#: rounds of diffusion, with conductance by the median gradient
DIFFUSED = (5, 10, 20, 40)
MOLECULES = 50
LEAST_SEEN = 60
#: far below the published 100 epochs: what two shared cores do in minutes
SHORT = TomogramNetwork(widths=(8, 16), patch_px=32, batch=4, steps=250, rate=3e-3)
QUICK = replace(SHORT, steps=100)


def diffused(volume: Image, rounds: int) -> Image:
    """Perona and Malik (1990), the exponential conductance, six neighbours."""
    found = volume.astype(np.float32)
    edge = 2.0 * float(np.median(np.abs(np.diff(found, axis=0)))) + 1e-12
    for _ in range(rounds):
        change = np.zeros_like(found)
        for axis in range(3):
            step = np.diff(found, axis=axis)
            flow = step * np.exp(-((step / edge) ** 2))
            pads = [(0, 0)] * 3
            change += np.pad(flow, [(0, 1) if n == axis else p for n, p in enumerate(pads)])
            change -= np.pad(flow, [(1, 0) if n == axis else p for n, p in enumerate(pads)])
        found += np.float32(1.0 / 7.0) * change
    return found


def volumes(film: TiltFilm) -> dict[str, tuple[Image, Image]]:
    """Pairs by frames ("df") and by order of acquisition ("eoa")."""

    def made(counts: Image, geometry: TiltGeometry) -> Image:
        settings = Settings(depth_px=DEPTH_PX)
        return reconstruct(counts, geometry, settings, pixel_size_angstrom=PIXEL_ANGSTROM).volume

    total = film.recording.series.total
    even, odd = film.halves
    pairs = {"df": (made(even, film.geometry), made(odd, film.geometry))}
    first, second = by_acquisition(film.geometry)
    pairs["eoa"] = (made(total, film.geometry.only(first)), made(total, film.geometry.only(second)))
    return pairs


def seen_part(volume: Image) -> Image:
    """What tilts can show of a volume."""
    kz = np.fft.fftfreq(volume.shape[0])[:, None, None]
    kx = np.fft.rfftfreq(volume.shape[2])
    seen = np.abs(kz) <= np.tan(np.radians(MOST_DEG)) * kx + 1e-9
    return np.asarray(fft.irfftn(fft.rfftn(volume) * seen, s=volume.shape), dtype=np.float32)


def judged(volume: Image, film: TiltFilm) -> tuple[float, float, float]:
    """Mean shell correlation, correlation of voxels, best F1 downstream."""
    mask = soft_box(film.truth.shape, margin_px=(8, 16, 16))
    one, other = volume * mask, film.truth * mask
    curve = seen_fsc(one, other, most_deg=MOST_DEG, pixel_size_angstrom=PIXEL_ANGSTROM)
    inner = (slice(8, -8), slice(16, -16), slice(16, -16))
    voxels = np.corrcoef(volume[inner].ravel(), seen_part(film.truth)[inner].ravel())[0, 1]
    labels = slab_labels(
        film.recording.truth.slab, film.truth.shape, pixel_size_angstrom=PIXEL_ANGSTROM
    )
    f1 = segmented(volume[inner], labels[inner], least_seen=LEAST_SEEN).best_f1
    return mean_to(curve, FINEST_ANGSTROM), float(voxels), f1


def best(volumes_: list[Image], film: TiltFilm) -> tuple[float, float, float]:
    """Of several settings the one whose voxels are most like the truth: a help none of ours has."""
    return max((judged(volume, film) for volume in volumes_), key=lambda figures: figures[1])


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Denoised tomograms."""
    report = Report("Denoised tomograms: simulated, 128 x 128 x 64 voxels of 10 Å, 41 tilts")
    figures: dict[str, list[tuple[float, float, float]]] = {}
    seconds: list[float] = []
    for seed in (1,) if quick else (1, 2):
        film = tilt_film(seed, wanted=MOLECULES)
        pairs = volumes(film)
        raw = np.asarray(0.5 * (pairs["df"][0] + pairs["df"][1]), dtype=np.float32)
        shown = {
            "raw": judged(raw, film),
            "Gaussian": best([ndimage.gaussian_filter(raw, s) for s in GAUSSIANS_PX], film),
            "diffusion": best([diffused(raw, rounds) for rounds in DIFFUSED], film),
            "Wiener": judged(_denoised(pairs["df"], Denoising.WIENER, quick=quick), film),
        }
        if find_spec("torch") is not None:
            for name, pair in pairs.items():
                started = time.process_time()
                shown[f"T2T-{name}"] = judged(_denoised(pair, Denoising.T2T, quick=quick), film)
                seconds.append(time.process_time() - started)
        for name, values in shown.items():
            figures.setdefault(name, []).append(values)
    means = {name: tuple(map(mean, zip(*v, strict=True))) for name, v in figures.items()}
    _report(report, means, quick=quick)
    if seconds:
        report.inform("processor time of teaching and applying one", mean(seconds), unit="s")
        report.leave_out(
            f"the published 7,500 batches of 16 cubes of 64: here "
            f"{(QUICK if quick else SHORT).steps} of {SHORT.batch} of {SHORT.patch_px}."
        )
    else:
        report.leave_out("T2T: torch is not installed.")
    return report


def _denoised(pair: tuple[Image, Image], method: Denoising, *, quick: bool) -> Image:
    return denoise_tomogram(
        *pair,
        pixel_size_angstrom=PIXEL_ANGSTROM,
        method=method,
        network=QUICK if quick else SHORT,
        seed=1,
    ).volume


def _report(report: Report, means: dict[str, tuple[float, ...]], *, quick: bool) -> None:
    for number, (what, unit) in enumerate(
        (("shell correlation with truth", "FSC"), ("voxels like truth", "r"), ("best F1", "F1"))
    ):
        for name, values in means.items():
            if name in ("raw", "Gaussian", "diffusion"):
                report.inform(f"{what}: {name}", values[number], unit=unit)
                continue
            rival = max(("Gaussian", "diffusion"), key=lambda other: means[other][number])
            # The Wiener filter is the way without torch; F1 of one series is of few molecules.
            if name == "Wiener" or (quick and unit == "F1"):
                report.inform(
                    f"{what}: {name}",
                    values[number],
                    unit=unit,
                    baseline=means[rival][number],
                    baseline_name=rival,
                )
                continue
            report.at_least(
                f"{what}: {name}",
                values[number],
                unit=unit,
                target=means[rival][number],
                baseline=means[rival][number],
                baseline_name=rival,
            )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

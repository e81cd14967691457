"""How well the thickness of ice is read off the fading of Thon rings, on micrographs made in depth.

A micrograph here is the sum of many thin slices, each with noise of its own and the contrast
transfer of its own height, under white noise: the fading comes out of the sum, no formula for it is
put in. The simulator of the microscope has no depth in its ice, so it cannot judge this; thickness
by brightness is judged by `hole_ice`. The baseline is one number for all: the mean of the
thicknesses tried.
"""

from __future__ import annotations

import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from benchmarks.report import Report, main
from smartscope.analysis.ctf.estimate import tile_angstrom
from smartscope.analysis.ctf.estimator import RingEstimator
from smartscope.analysis.ctf.ice_thickness import IceThickness, thickness_by_rings
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import polar_spectrum

PIXEL_ANGSTROM = 1.0
OPTICS = Optics()
SLICE_NM = 5.0
THICKNESSES_NM = (30.0, 80.0, 120.0, 160.0, 200.0, 250.0)
THIN_NM = 50.0


@dataclass(frozen=True, slots=True)
class Read:
    """One micrograph: what was said of it, None where nothing was."""

    true_nm: float
    found: IceThickness | None
    seconds: float


def micrograph(thickness_nm: float, *, side: int, seed: int) -> NDArray[np.float32]:
    """Slices at all heights about a defocus of 1.2 to 1.8 µm."""
    rng = np.random.default_rng(seed)
    middle = float(rng.uniform(12_000.0, 18_000.0))
    k_square = (
        np.fft.fftfreq(side, PIXEL_ANGSTROM)[:, None] ** 2
        + np.fft.rfftfreq(side, PIXEL_ANGSTROM)[None, :] ** 2
    )
    wavelength = OPTICS.wavelength_angstrom
    spherical = 0.5 * math.pi * OPTICS.spherical_aberration_mm * 1e7 * wavelength**3
    count = max(2, round(thickness_nm / SLICE_NM))
    heights = (np.arange(count) + 0.5) / count * 10.0 * thickness_nm - 5.0 * thickness_nm
    spectrum = np.zeros(k_square.shape, dtype=np.complex128)
    for height in heights:
        chi = math.pi * wavelength * (middle + height) * k_square - spherical * k_square**2
        slice_ = fft.rfft2(rng.normal(size=(side, side)))
        spectrum += slice_ * np.sin(chi + math.asin(OPTICS.amplitude_contrast))
    spectrum *= np.exp(-10.0 * k_square) / math.sqrt(count)
    scene = fft.irfft2(spectrum, s=(side, side))
    noisy = 0.25 * scene / scene.std() + rng.normal(size=(side, side))
    return np.asarray(40.0 + 6.0 * noisy, dtype=np.float32)


def read(thickness_nm: float, *, side: int, seed: int) -> Read:
    """Fit the CTF as in a session, then the thickness."""
    image = micrograph(thickness_nm, side=side, seed=seed)
    start = time.process_time()
    result = RingEstimator().estimate(
        image, None, pixel_size_angstrom=PIXEL_ANGSTROM, optics=OPTICS
    )
    if result.fit is None:
        return Read(thickness_nm, None, time.process_time() - start)
    spectrum = polar_spectrum(
        image,
        pixel_size_angstrom=PIXEL_ANGSTROM,
        tile_angstrom=tile_angstrom(OPTICS, None),
    )
    start = time.process_time()
    found = thickness_by_rings(spectrum, result.fit, OPTICS)
    return Read(thickness_nm, found, time.process_time() - start)


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Ice thickness by the fading of Thon rings."""
    report = Report("Ice thickness by rings: micrographs summed from slices (no real one is known)")
    side, repeats = (1024, 1) if quick else (2048, 4)
    reads = [
        read(thickness, side=side, seed=100 * number + repeat)
        for number, thickness in enumerate(THICKNESSES_NM)
        for repeat in range(repeats)
    ]
    thick = [each for each in reads if each.true_nm >= 80.0]
    claimed = [each for each in thick if each.found is not None and not each.found.upper_bound]
    misses = [
        abs(each.found.thickness_nm - each.true_nm) / each.true_nm
        for each in claimed
        if each.found is not None
    ]
    usual = float(np.mean([each.true_nm for each in thick]))
    by_one_number = float(np.median([abs(usual - e.true_nm) / e.true_nm for e in thick]))
    report.inform("80 nm and more: claimed", len(claimed) / len(thick), unit="of micrographs")
    if quick:
        report.leave_out("targets: they are for 2048 px, run without --quick.")
        report.inform(
            "80 nm and more: median error", float(np.median(misses or [math.nan])), unit="of itself"
        )
    else:
        report.at_most(
            "80 nm and more: median error",
            float(np.median(misses or [math.inf])),
            unit="of itself",
            target=0.15,
            baseline=by_one_number,
            baseline_name="one number for all",
        )
    for each in reads:
        said = "nothing"
        if each.found is not None:
            bound = "under " if each.found.upper_bound else ""
            said = f"{bound}{each.found.thickness_nm:.0f} ± {each.found.error_nm:.0f}"
        report.inform(f"true {each.true_nm:g} nm: said", said, unit="nm")
    thin = [each for each in reads if each.true_nm < THIN_NM]
    bounded = [e for e in thin if e.found is None or e.found.upper_bound]
    report.inform("under 50 nm: not claimed as a number", len(bounded) / len(thin), unit="of them")
    report.inform("time", float(np.median([each.seconds for each in reads])), unit="s")
    report.leave_out("thickness by brightness: see `hole_ice`.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

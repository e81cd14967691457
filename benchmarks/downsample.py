"""How faithfully a picture is made smaller by cropping its spectrum, beside averaging its pixels.

Analytic: white noise has the same power everywhere, so what a smaller picture should hold is known
exactly: the coefficients below its Nyquist, and nothing of those above.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from benchmarks.report import Report, main
from smartscope.analysis.io.fourier_crop import crop_to

Image = NDArray[np.float32]

FACTORS = (2, 3, 4)


def block_mean(image: Image, factor: int) -> Image:
    """Pixels averaged in blocks: what binning does."""
    height, width = (side // factor * factor for side in image.shape)
    blocks = image[:height, :width].reshape(height // factor, factor, width // factor, factor)
    return np.asarray(blocks.mean(axis=(1, 3)), dtype=np.float32)


def halves(shape: tuple[int, int], factor: int, seed: int) -> tuple[Image, Image]:
    """Noise whose power is below, and whose power is above the Nyquist after cropping."""
    rng = np.random.default_rng(seed)
    spectrum = fft.rfft2(rng.normal(size=shape).astype(np.float32))
    limit = 0.5 / factor
    farthest = np.maximum(
        np.abs(fft.fftfreq(shape[0]))[:, None], np.abs(fft.rfftfreq(shape[1]))[None, :]
    )
    # The Nyquist lines themselves belong to both sides and are left out.
    low = fft.irfft2(spectrum * (farthest < limit - 1e-9), s=shape)
    high = fft.irfft2(spectrum * (farthest > limit + 1e-9), s=shape)
    return np.asarray(low, np.float32), np.asarray(high, np.float32)


def worst_frc(smaller: Image, original: Image) -> float:
    """Lowest ring correlation up to 0.98 of the new Nyquist with the original's coefficients."""
    rows, columns = smaller.shape
    true = fft.fft2(original)
    keep_rows = np.fft.fftfreq(rows, 1 / rows).astype(int)
    keep_columns = np.fft.fftfreq(columns, 1 / columns).astype(int)
    true = true[np.ix_(keep_rows, keep_columns)]
    found = fft.fft2(smaller)
    # The centre of a block lies between pixels: undo that known shift before comparing.
    found *= _centre_shift(smaller, original)
    radius = np.hypot(np.fft.fftfreq(rows)[:, None], np.fft.fftfreq(columns)[None, :])
    ring = np.digitize(radius.ravel(), np.linspace(0.01, 0.49, 40))
    cross = np.bincount(ring, (found * true.conj()).real.ravel(), minlength=41)
    power = [np.bincount(ring, np.abs(f.ravel()) ** 2, minlength=41) for f in (found, true)]
    return float(np.min((cross / np.sqrt(power[0] * power[1]))[1:40]))


def _centre_shift(smaller: Image, original: Image) -> NDArray[np.complex128]:
    """1 when the first pixels' centres agree; a phase ramp when blocks were averaged."""
    correlations = []
    ramps = []
    factor = original.shape[0] // smaller.shape[0]
    sample = original[::factor, ::factor][: smaller.shape[0], : smaller.shape[1]]
    for offset in (0.0, 0.5 * (factor - 1) / factor):
        ky = np.fft.fftfreq(smaller.shape[0])[:, None]
        kx = np.fft.fftfreq(smaller.shape[1])[None, :]
        ramp = np.exp(-2j * np.pi * offset * (ky + kx))
        moved = fft.ifft2(fft.fft2(smaller) * ramp).real
        correlations.append(float(np.corrcoef(moved.ravel(), sample.ravel())[0, 1]))
        ramps.append(ramp)
    return np.asarray(ramps[int(np.argmax(correlations))], dtype=np.complex128)


def seconds(side: int, factor: int) -> tuple[float, float]:
    """Best of three for a square picture, cropped and averaged."""
    image = np.random.default_rng(1).normal(size=(side, side)).astype(np.float32)

    def best(make: object) -> float:
        assert callable(make)
        times = []
        for _ in range(3):
            start = time.perf_counter()
            make()
            times.append(time.perf_counter() - start)
        return min(times)

    new = side // factor
    return best(lambda: crop_to(image, (new, new))), best(lambda: block_mean(image, factor))


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Downsampling by Fourier crop: fidelity and speed."""
    report = Report("Downsampling: Fourier crop beside averaging pixels (analytic, white noise)")
    side = 768 if quick else 1536
    for factor in FACTORS:
        low, high = halves((side, side), factor, seed=factor)
        new = side // factor
        report.at_least(
            f"down {factor}x: lowest FRC to 0.98 of the new Nyquist",
            worst_frc(crop_to(low, (new, new)), low),
            unit="",
            target=0.9999,
            baseline=worst_frc(block_mean(low + high, factor), low),
            baseline_name="block mean of the whole picture",
        )
        report.at_most(
            f"down {factor}x: alias, power of what should be gone",
            float(np.mean(crop_to(high, (new, new)) ** 2) / np.mean(high**2)),
            unit="",
            target=1e-6,
            baseline=float(np.mean(block_mean(high, factor) ** 2) / np.mean(high**2)),
            baseline_name="block mean",
        )
    cropped, averaged = seconds(1024 if quick else 4096, 4)
    name = f"{1024 if quick else 4096}² to a quarter, one process"
    if quick:
        report.inform(name, cropped, unit="s", baseline=averaged, baseline_name="block mean")
    else:
        report.at_most(
            name, cropped, unit="s", target=0.2, baseline=averaged, baseline_name="block mean"
        )
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

"""Whether resolution statistics say what they should, on shells of known signal and noise.

Halves are drawn, not simulated: white signal of a known signal-to-noise ratio s and white noise, so
that each shell's correlation has the expectation s/(1+s) and the variance (1-F²)²/n. Beside ours,
torch-fourier-shell-correlation on the same draws, and the (1-F⁴)/n that is often quoted.
"""

from __future__ import annotations

import importlib.util
import math
import sys
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.report import Report, main
from smartscope.analysis.resolution.b_factor import b_factor_square_angstrom
from smartscope.analysis.resolution.correlation import (
    fsc,
    fsc_variance,
    phase_residual,
    spectral_snr,
)
from smartscope.analysis.resolution.shells import ShellCurve
from smartscope.analysis.resolution.thresholds import (
    BETWEEN_HALVES,
    against_perfect,
    correlation_of,
    crossing,
    half_bit,
    sigma_curve,
    snr_of_half,
)

Floats = NDArray[np.float64]

SHAPES = ((64, 64), (28, 28, 28))
RATIOS = (0.2, 0.8, 3.0)
DRAWS, QUICK_DRAWS = 1500, 400
#: shells below hold too few coefficients for (1-F²)²/n, which is right for many
LEAST_COUNT = 40
SEED = 11
TARGET = 0.05
TORCH = "torch-fourier-shell-correlation"


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """Correlations (draws, shells) of ours and theirs (None where not installed)."""

    ours: Floats
    theirs: Floats | None
    curve: ShellCurve
    ours_s: float
    theirs_s: float


def drawn(shape: tuple[int, ...], ratio: float, draws: int) -> Drawn:
    """Halves with signal over noise `ratio`, many times."""
    rng = np.random.default_rng([SEED, len(shape), round(100 * ratio)])
    ours, theirs = [], []
    spent = [0.0, 0.0]
    curve = None
    for _ in range(draws):
        signal = math.sqrt(ratio) * rng.normal(size=shape)
        halves = [(signal + rng.normal(size=shape)).astype(np.float32) for _ in range(2)]
        began = time.perf_counter()
        curve = fsc(*halves, pixel_size_angstrom=1.0)
        spent[0] += time.perf_counter() - began
        ours.append(curve.values)
        began = time.perf_counter()
        other = by_torch(*halves)
        spent[1] += time.perf_counter() - began
        if other is not None:
            theirs.append(other)
    assert curve is not None
    return Drawn(
        np.array(ours),
        np.array(theirs) if theirs else None,
        curve,
        spent[0] / draws,
        spent[1] / draws,
    )


def by_torch(first: NDArray[np.float32], second: NDArray[np.float32]) -> Floats | None:
    """The baseline's correlation by shell; None where it is not installed."""
    if importlib.util.find_spec("torch_fourier_shell_correlation") is None:
        return None
    import torch
    from torch_fourier_shell_correlation import fsc as correlated

    torch.set_num_threads(1)
    found = correlated(torch.from_numpy(first), torch.from_numpy(second))
    return np.asarray(found.numpy(), dtype=np.float64)


def off(found: float, expected: float) -> float:
    """How far a figure is from what it should be, as part of it."""
    return abs(found / expected - 1.0)


def correlations(report: Report, draws: int) -> None:
    """Mean and scatter of shells."""
    for shape in SHAPES:
        kind = "pictures" if len(shape) == 2 else "volumes"
        for ratio in RATIOS:
            found = drawn(shape, ratio, draws)
            used = found.curve.counts >= LEAST_COUNT
            used[-1] = False
            expected = float(correlation_of(np.array(ratio)))
            mean = found.ours.mean(axis=0)[used]
            theirs = None if found.theirs is None else found.theirs[:, : len(used)][:, used]
            report.at_most(
                f"{kind}, s = {ratio:g}: bias of the correlation, as part of it",
                off(float(mean.mean()), expected),
                unit="",
                target=TARGET,
                baseline=None if theirs is None else off(float(theirs.mean()), expected),
                baseline_name=None if theirs is None else TORCH,
            )
            stated = fsc_variance(
                ShellCurve(
                    found.curve.k_per_angstrom,
                    np.full(len(found.curve.values), expected),
                    found.curve.counts,
                )
            )[used]
            seen = found.ours.var(axis=0)[used]
            quoted = (1 - expected**4) / found.curve.voxels[used]
            report.at_most(
                f"{kind}, s = {ratio:g}: stated variance against the scatter, part of it",
                off(float(np.mean(stated / seen)), 1.0),
                unit="",
                target=TARGET,
                baseline=off(float(np.mean(quoted / seen)), 1.0),
                baseline_name="(1-F⁴)/n",
            )
            back = float(snr_of_half(np.array(mean.mean())))
            report.at_most(
                f"{kind}, s = {ratio:g}: signal over noise read back, off by part",
                off(back, ratio),
                unit="",
                target=TARGET,
            )
            if ratio == RATIOS[0] and theirs is not None:
                # theirs shares coefficients between neighbouring shells, so shells differ a little
                report.inform(
                    f"{kind}: greatest difference of a shell from {TORCH}",
                    float(np.abs(found.ours[:, used] - theirs).max()),
                    unit="",
                )
                report.inform(
                    f"{kind}: time of one",
                    1e3 * found.ours_s,
                    unit="ms",
                    baseline=1e3 * found.theirs_s,
                    baseline_name=TORCH,
                )


def others(report: Report, draws: int) -> None:
    """The statistics that are not a correlation."""
    rng = np.random.default_rng(SEED)
    shape, ratio = (64, 64), 0.5
    residual, ssnr, perfect, noise_above, fall = [], [], [], [], []
    k = np.hypot(np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64))
    for _ in range(draws // 4):
        first, second = rng.normal(size=shape), rng.normal(size=shape)
        residual.append(phase_residual(first, second, pixel_size_angstrom=1.0).values[8:32])
        bare = fsc(first, second, pixel_size_angstrom=1.0)
        noise_above.append(np.mean((bare.values > sigma_curve(bare))[8:32]))
        signal = math.sqrt(ratio) * rng.normal(size=shape)
        stack = [signal + rng.normal(size=shape) for _ in range(6)]
        ssnr.append(spectral_snr(stack, pixel_size_angstrom=1.0).values[8:32])
        perfect.append(
            fsc(stack[0] + stack[1], signal, pixel_size_angstrom=1.0).values[8:32].mean()
        )
        faded = np.fft.irfft2(np.fft.rfft2(first) * np.exp(-50.0 * k**2 / 4), s=shape)
        fall.append(b_factor_square_angstrom(faded, pixel_size_angstrom=1.0, to_angstrom=2.1))
    half = np.full(1, correlation_of(np.array(ratio)))
    rows = (
        ("phase residual of noise, 180/√3 °", float(np.mean(residual)), 180 / math.sqrt(3)),
        ("spectral signal over noise of six images", float(np.mean(ssnr)), 6 * ratio),
        (
            "C_ref from halves: likeness to the truth",
            float(np.mean(perfect)),
            float(against_perfect(half)[0]),
        ),
        ("B-factor of amplitudes exp(-50 k²/4), Å²", float(np.mean(fall)), 50.0),
    )
    for name, value, expected in rows:
        report.at_most(
            f"{name}: off by part",
            off(value, expected),
            unit=f"({value:.4g})",
            target=TARGET,
            baseline=expected,
            baseline_name="expected",
        )
    report.at_most(
        "noise alone above the 3 σ curve, share of shells",
        float(np.mean(noise_above)),
        unit="",
        target=0.005,
    )


def crossings(report: Report, draws: int) -> None:
    """Where halves whose signal falls cross 1/7, and where they should."""
    rng = np.random.default_rng(SEED + 1)
    side = 128
    k = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side))
    strength = 20.0 * np.exp(-60.0 * k**2)
    k_true = math.sqrt(math.log(20.0 / (BETWEEN_HALVES / (1 - BETWEEN_HALVES))) / 60.0)
    found, lower = [], []
    for _ in range(draws // 4):
        signal = np.fft.irfft2(
            np.fft.rfft2(rng.normal(size=(side, side))) * np.sqrt(strength), s=(side, side)
        )
        halves = [signal + rng.normal(size=(side, side)) for _ in range(2)]
        curve = fsc(*halves, pixel_size_angstrom=1.0)
        crossed = crossing(curve, BETWEEN_HALVES, least_k=0.1).first_angstrom
        half = crossing(curve, half_bit(curve), least_k=0.1).first_angstrom
        found.append(math.nan if crossed is None else crossed)
        lower.append(math.nan if half is None else half)
    report.at_most(
        "first crossing of 1/7: median off by part",
        off(float(np.nanmedian(found)), 1 / k_true),
        unit=f"({np.nanmedian(found):.3g} px)",
        target=TARGET,
        baseline=1 / k_true,
        baseline_name="expected",
    )
    report.inform(
        "first crossing of the half-bit curve, median", float(np.nanmedian(lower)), unit="px"
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Statistics of resolution on drawn shells."""
    draws = QUICK_DRAWS if quick else DRAWS
    report = Report(f"Resolution statistics: drawn halves, {draws} draws, seed {SEED}")
    correlations(report, draws)
    others(report, draws)
    crossings(report, draws)
    if importlib.util.find_spec("torch_fourier_shell_correlation") is None:
        report.leave_out(f"{TORCH}: it is not installed.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

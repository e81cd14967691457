"""Denoisers on real frames of apoferritin, judged by frames that nothing was made from.

`frame` A is one raw frame of a movie, `avg` the mean of several with it; B = avg - k A is then a
picture of the same field whose noise is independent of A's, for the k at which the finest detail
of A and B, all noise, is uncorrelated. A and B are denoised in turn and judged by the other. Each
becomes a pair by the two diagonals of every four pixels, after its noise was made white.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import fft, optimize

from benchmarks.denoise_likeness import Rivals, bands, likeness, rival_filters
from benchmarks.report import Report
from benchmarks.shared_data import shared_data
from smartscope.analysis.denoising.denoised import Denoiser

Image = NDArray[np.float32]
Floats = NDArray[np.float64]

PIXEL_ANGSTROM: Final = 1.5
#: beyond this the frames hold noise alone, Å⁻¹
NOISE_FROM: Final = 0.25
LEAST_CORRELATION: Final = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """A real frame and an independent picture of its field.

    `part` is what the frame contributes to the average, `leak` how much their noise still
    correlates and `leak_error` its standard error.
    """

    name: str
    frame: Image
    other: Image
    part: float
    leak: float
    leak_error: float


def witnesses() -> Iterator[Witness]:
    """The shared fields; none where the data are not here."""
    folder = (shared_data() or Path()) / "real" / "apoferritin_empiar10146"
    for path in sorted((folder / "frame").glob("*.png")):
        frame = _picture(path)
        average = _picture(folder / "avg" / f"{path.stem}_avg.png")
        yield _witness(path.name.removesuffix(".bin.png"), frame, average)


def _picture(path: Path) -> Image:
    return np.asarray(PillowImage.open(path), dtype=np.float32)


def _witness(name: str, frame: Image, average: Image) -> Witness:
    """k from one half of the noise's coefficients, its independence judged on the other half."""
    one, mean = (fft.rfft2(each - each.mean()) for each in (frame, average))
    k = np.hypot(
        np.fft.fftfreq(frame.shape[0], PIXEL_ANGSTROM)[:, None],
        np.fft.rfftfreq(frame.shape[1], PIXEL_ANGSTROM)[None, :],
    )
    noise = np.flatnonzero((k > NOISE_FROM) & (k < 0.5 / PIXEL_ANGSTROM))
    fitted, judged = noise[::2], noise[1::2]
    cross = (one.ravel() * mean.ravel().conj()).real
    part = float(cross[fitted].sum() / (np.abs(one.ravel()[fitted]) ** 2).sum())
    rest = mean - part * one
    left = (one.ravel()[judged] * rest.ravel()[judged].conj()).real.sum()
    powers = [(np.abs(each.ravel()[judged]) ** 2).sum() for each in (one, rest)]
    leak = float(left / np.sqrt(powers[0] * powers[1]))
    other = np.asarray(average - part * frame, dtype=np.float32)
    return Witness(name, frame, other, part, leak, float(np.sqrt(0.5 / len(judged))))


def whitened(image: Image) -> Image:
    """With noise that neighbouring pixels do not share: its spectrum is taken to fall as the first
    harmonics of both axes do, by the part that the noise's own coefficients show.
    """
    spectrum = fft.rfft2(image - image.mean())
    rows = np.fft.fftfreq(image.shape[0])[:, None]
    columns = np.fft.rfftfreq(image.shape[1])[None, :]
    shape = np.cos(2 * np.pi * rows) + np.cos(2 * np.pi * columns)
    k = np.hypot(rows, columns) / PIXEL_ANGSTROM
    noise = (k > NOISE_FROM) & (k < 0.5 / PIXEL_ANGSTROM)
    slope, level = np.polyfit(shape[noise], np.abs(spectrum[noise]) ** 2, 1)
    flat = spectrum / np.sqrt(np.maximum(1.0 + slope / level * shape, 0.1))
    return np.asarray(fft.irfft2(flat, s=image.shape) + image.mean(), dtype=np.float32)


def diagonals(image: Image) -> tuple[Image, Image]:
    """Two pictures of twice the pixel, centred alike, that share no pixel of `image`."""
    one = image[0::2, 0::2] + image[1::2, 1::2]
    return one, image[0::2, 1::2] + image[1::2, 0::2]


def of_perfect(correlation: Floats, dose_ratio: float) -> Floats:
    """c_B: how well a perfect picture would correlate with B, by the correlation of A with B.

    Solves √(s/(1+s)) √(ds/(1+ds)) for the signal-to-noise ratio s of A; B has d times the dose.
    """

    def solved(wanted: float) -> float:
        def miss(log_s: float) -> float:
            s = np.exp(log_s)
            both = s / (1 + s) * dose_ratio * s / (1 + dose_ratio * s)
            return float(np.sqrt(both) - wanted)

        s = dose_ratio * np.exp(optimize.brentq(miss, -20.0, 20.0))
        return float(np.sqrt(s / (1 + s)))

    return np.array([solved(each) if each > LEAST_CORRELATION else np.nan for each in correlation])


def report_real(report: Report, denoisers: dict[str, Denoiser], topaz: str | None) -> None:
    """Rows on both shared fields together, in the bands where frames share enough to judge by."""
    found = list(witnesses())
    if not found:
        report.leave_out("real frames of apoferritin: the shared data are not here.")
        return
    for each in found:
        report.at_most(
            f"real {each.name}: noise of frame and witness correlates (k = {each.part:.4f}), in SE",
            abs(each.leak) / each.leak_error,
            unit="σ",
            target=3.0,
        )
    alone = [(each.frame, each.other, 1.0 / each.part - 1.0) for each in found]
    rest = [(each.other, each.frame, each.part / (1.0 - each.part)) for each in found]
    filters = rival_filters(2 * PIXEL_ANGSTROM, topaz)
    _report_direction(report, "one frame", alone, (denoisers, filters), judged=True)
    _report_direction(report, "the other frames", rest, (denoisers, filters), judged=False)
    report.leave_out(
        "a target for the other frames: their diagonals share the camera's pattern, so they are no "
        "true pair; no real movie is here."
    )


def _report_direction(
    report: Report,
    what: str,
    fields: list[tuple[Image, Image, float]],
    compared: tuple[dict[str, Denoiser], Mapping[str, Callable[[Image], Image]]],
    *,
    judged: bool,
) -> None:
    """`fields` are what is denoised, what judges, and the judge's dose over the other's; `compared`
    are denoisers and their rivals.
    """
    pixel = 2 * PIXEL_ANGSTROM
    denoisers, filters = compared
    plain: list[Floats] = []
    perfect: list[Floats] = []
    ours: dict[str, list[Floats]] = {name: [] for name in denoisers}
    for noisy, witness, dose_ratio in fields:
        one, other = diagonals(whitened(noisy))
        judge = np.add(*diagonals(witness))
        perfect.append(of_perfect(likeness(one + other, judge, pixel), dose_ratio))
        plain.append(np.array([likeness(f(one + other), judge, pixel) for f in filters.values()]))
        for name, denoiser in denoisers.items():
            clean = denoiser.denoise(one, other, pixel_size_angstrom=pixel)
            ours[name].append(likeness(clean.pixels, judge, pixel))
    c = np.array(perfect)
    told = np.flatnonzero(np.isfinite(c).all(axis=0))
    c = c[:, told]
    rivals = Rivals.of(list(filters), np.array(plain)[:, :, told] / c[:, None, :])
    rho = {name: (np.array(curves)[:, told] / c).mean(axis=0) for name, curves in ours.items()}
    for number, (low, high) in enumerate(bands()[n] for n in told):
        claim = f"real, {what}, {1 / low:.0f}-{1 / high:.0f} Å: ρ of"
        best, name = rivals.best(number)
        report.inform(f"{claim} wiener-halves", float(rho["wiener-halves"][number]), unit="")
        taught = float(rho["care-p2p"][number])
        if judged:
            report.at_least(
                f"{claim} care-p2p",
                taught,
                unit="",
                target=best,
                baseline=best,
                baseline_name=name,
            )
        else:
            report.inform(f"{claim} care-p2p", taught, unit="", baseline=best, baseline_name=name)

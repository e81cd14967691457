"""What half the pixel size brings when it is made from motion, beside a real one.

Each exposure is simulated once and counted twice: on fine pixels (*original*) and on pixels of
twice the side. From the coarse movie come the *bilinear* enlargement of its sum and the *linear*
de-aliasing. All figures are of simulated movies.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations

import numpy as np
from scipy import fft

from benchmarks.fine_movies import COARSE, FINE, FINE_ANGSTROM, Pair, aligned, bilinear, pair
from benchmarks.known_poses import true_volume, views
from benchmarks.movie_films import ArrayMovie, Floats, Image, good_holes
from benchmarks.report import Report, main
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import PolarSpectrum, polar_spectrum
from smartscope.analysis.io.fourier_crop import crop_to
from smartscope.analysis.movies.align import AlignedMovie
from smartscope.analysis.movies.prepare import prepare
from smartscope.analysis.resolution.correlation import fsc
from smartscope.analysis.resolution.reconstruction import reconstruct_known, soft_sphere
from smartscope.analysis.resolution.shells import shells_of, spectrum
from smartscope.analysis.resolution.thresholds import (
    AGAINST_REFERENCE,
    BETWEEN_HALVES,
    crossing,
)
from smartscope.analysis.superresolution.linear import LinearSuperResolver, separate
from smartscope.analysis.superresolution.noise import whitened
from smartscope.analysis.superresolution.result import CannotSuperResolve, SuperResolved
from smartscope.analysis.superresolution.suitable import check_suitable
from smartscope.analysis.superresolution.tiles import interior
from smartscope.microscope.simulator.specimen.spec import ParticleSpec, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

SPECIES = "shell24"
BOX_PX = 128
NAMES = ("bilinear", "linear", "original")
#: cycles per fine pixel: in band, and beyond the corner of the coarse square
IN_BAND, BEYOND = (0.02, 0.2), (0.25, 0.3536)
FARTHEST = (0.3536, 0.5)
#: in a field of 0.1 µm
LEAST_PARTICLES = 5
#: movies without anything in them, whose outputs are compared in pairs
NOISES = 4
PUBLISHED_S = 150.0


@dataclass(slots=True)
class Found:
    """One figure per movie and kind of image."""

    in_band: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    beyond: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in NAMES})
    fit_angstrom: dict[str, list[float]] = field(
        default_factory=lambda: {name: [] for name in NAMES}
    )
    seconds: list[float] = field(default_factory=list)
    shift_error_px: list[float] = field(default_factory=list)
    halves: list[float] = field(default_factory=list)


def correlation(image: Image, truth: Image, band: tuple[float, float]) -> float:
    """Mean over the coefficients of `band`, rims left out."""
    curve = fsc(interior(image), interior(truth), pixel_size_angstrom=1.0)
    ring = (curve.k_per_angstrom > band[0]) & (curve.k_per_angstrom <= band[1])
    return float(np.average(curve.values[ring], weights=curve.counts[ring]))


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """The fine images of one exposure; boxes are cut from `boxed`, of which the linear one's noise
    is white and `resolved` says what came back.
    """

    boxed: dict[str, Image]
    resolved: SuperResolved


def images(taken: Pair, coarse: AlignedMovie, found: Found) -> Made:
    """The three fine images of one exposure, whose coarse movie has been aligned."""
    fine = aligned(taken.fine, FINE)
    started = time.perf_counter()
    resolved = LinearSuperResolver().super_resolve(taken.coarse, COARSE, coarse)
    found.seconds.append(time.perf_counter() - started)
    found.halves.append(resolved.beyond_nyquist_z)
    true = (taken.motion_px - taken.motion_px.mean(axis=0)) / 2
    miss = coarse.shifts_angstrom / (2 * FINE_ANGSTROM) - true
    found.shift_error_px.append(float(np.sqrt(np.mean(miss**2))))
    sums = coarse.sums
    made = {
        "bilinear": bilinear(sums.plain),
        "linear": resolved.pixels,
        "original": fine.sums.plain,
    }
    white = whitened(resolved)
    ringed = {
        "bilinear": noise_made_white(made["bilinear"], bilinear(sums.even - sums.odd)),
        "linear": white,
        "original": noise_made_white(made["original"], fine.sums.even - fine.sums.odd),
    }
    for name, image in made.items():
        found.in_band[name].append(correlation(image, taken.truth, IN_BAND))
        found.beyond[name].append(correlation(image, taken.truth, BEYOND))
        result = fit_ctf({Source.SUM: up_to_corner(ringed[name])}, optics=Optics())
        found.fit_angstrom[name].append(math.nan if result.fit is None else result.fit.fit_angstrom)
    return Made({**made, "linear": white}, resolved)


def up_to_corner(image: Image) -> PolarSpectrum:
    """Of a fine image, up to √2 of the coarse Nyquist frequency; beyond, nothing was claimed."""
    side = 2 * round(FARTHEST[0] * image.shape[0])
    return polar_spectrum(
        crop_to(image, (side, side)), pixel_size_angstrom=FINE_ANGSTROM * image.shape[0] / side
    )


def noise_made_white(image: Image, noise: Image) -> Image:
    """`image` with its noise made white, as one who fits rings expects; `noise` shows only that."""
    shells = shells_of(noise.shape, pixel_size_angstrom=1.0)
    counts = np.maximum(2.0 * shells.independent(), 1.0)
    power = shells.total(np.abs(spectrum(noise)) ** 2) / counts
    share = np.append(1.0 / np.sqrt(np.maximum(power, 1e-6 * power.max())), 0.0)
    flat = spectrum(image - image.mean()) * share[shells.index].astype(np.float32)
    return np.asarray(fft.irfft2(flat, s=image.shape), dtype=np.float32)


def is_suitable(taken: Pair, coarse: AlignedMovie) -> bool:
    """Whether the service would try."""
    try:
        check_suitable(taken.coarse, COARSE, coarse)
    except CannotSuperResolve:
        return False
    return True


def halves(pairs: list[Pair], made: list[Made], name: str, copies: int) -> list[Image]:
    """Two volumes from independent exposures, within a soft mask."""
    mask = soft_sphere(BOX_PX, radius_px=0.42 * BOX_PX)

    def boxes(first: int) -> Iterator[tuple[Image, Floats, Image | None]]:
        for taken, fine in list(zip(pairs, made, strict=True))[first::2]:
            yield from views(
                fine.boxed[name],
                taken.recording,
                box_px=BOX_PX,
                copies=copies,
                precision=fine.resolved.precision if name == "linear" else None,
            )

    return [reconstruct_known(boxes(first), box_px=BOX_PX) * mask for first in (0, 1)]


def volumes(report: Report, pairs: list[Pair], made: list[Made]) -> None:
    """Resolution of reconstructions with known poses."""
    mask = soft_sphere(BOX_PX, radius_px=0.42 * BOX_PX)
    truth = mask * true_volume(
        SPECIES, box_px=BOX_PX, pixel_angstrom=FINE_ANGSTROM, voltage_kv=300.0
    )
    reached: dict[str, tuple[float, float]] = {}
    for name in NAMES:
        one, other = halves(pairs, made, name, copies=24)
        against = crossing(
            fsc(one + other, truth, pixel_size_angstrom=FINE_ANGSTROM), AGAINST_REFERENCE
        )
        between = crossing(
            fsc(one, other, pixel_size_angstrom=FINE_ANGSTROM), BETWEEN_HALVES, least_k=0.02
        )
        limit = 2 * FINE_ANGSTROM
        reached[name] = (against.first_angstrom or limit, between.first_angstrom or limit)
    boxes = sum(
        1
        for taken, fine in zip(pairs, made, strict=True)
        for _ in views(fine.boxed["original"], taken.recording, box_px=BOX_PX, copies=1)
    )
    report.inform("reconstruction with known poses: particles", boxes, unit="")
    for name in ("linear", "original"):
        report.at_most(
            f"reconstruction, {name}: FSC 0.5 with the true volume",
            reached[name][0],
            unit="Å",
            target=reached["bilinear"][0],
            baseline=reached["bilinear"][0],
            baseline_name="bilinear",
        )
        report.inform(
            f"reconstruction, {name}: FSC 0.143 between halves",
            reached[name][1],
            unit="Å",
            baseline=reached["bilinear"][1],
            baseline_name="bilinear",
        )


def controls(report: Report, taken: Pair, known: AlignedMovie) -> None:
    """Movies that hold nothing beyond their pixels must give nothing there."""
    cropped = fourier_cropped(taken)
    reason = "taken"
    try:
        LinearSuperResolver().super_resolve(cropped, COARSE, known)
    except CannotSuperResolve as refusal:
        reason = str(refusal).split(":")[0]
    report.inform("Fourier-cropped frames: the answer", reason, unit="")
    forced = separate(prepare(cropped, None), COARSE, known).pixels
    report.at_most(
        "Fourier-cropped, taken all the same: |FRC| with truth beyond √2 Nyquist",
        abs(correlation(forced, taken.truth, FARTHEST)),
        unit="",
        target=0.02,
    )
    nothing = [noise_like(taken.coarse, seed) for seed in range(1, NOISES + 1)]
    empty = [separate(prepare(movie, None), COARSE, known).pixels for movie in nothing]
    for band, where in ((BEYOND, "Nyquist"), (FARTHEST, "√2 Nyquist")):
        pairs = [correlation(*both, band) for both in combinations(empty, 2)]
        report.at_most(
            f"noise alone: outputs of {NOISES} movies correlate beyond {where}, mean of pairs",
            abs(float(np.mean(pairs))),
            unit="",
            target=0.02,
        )
        report.inform("noise alone: greatest of the pairs", max(map(abs, pairs)), unit="")


def fourier_cropped(taken: Pair) -> ArrayMovie:
    """The fine frames cut to the coarse size in Fourier space: no alias is left."""
    side = taken.coarse.height_px
    frames = [4.0 * crop_to(frame, (side, side)) for frame in taken.fine.counts]
    return ArrayMovie(np.array(frames, dtype=np.float32), 2 * FINE_ANGSTROM)


def noise_like(movie: ArrayMovie, seed: int) -> ArrayMovie:
    """As many counts, and nothing else."""
    rng = np.random.default_rng(seed)
    counts = rng.poisson(float(movie.counts.mean()), size=movie.counts.shape)
    return ArrayMovie(counts.astype(np.uint16), 2 * FINE_ANGSTROM)


def crowded(specimen: Specimen, count: int) -> list[Pose]:
    """Holes of which the ice holds particles: a hole in three is faulty or too thin for them."""
    return [
        pose
        for pose in good_holes(specimen, 3 * count)
        if len(list(specimen.particles(Box.around(pose.x_um, pose.y_um, 0.05)))) > LEAST_PARTICLES
    ][:count]


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Super-resolution of simulated movies, 3 Å to 1.5 Å pixels."""
    report = Report("Super-resolution: simulated movies of 60 e/Å² in 40 frames, 3 to 1.5 Å pixels")
    spec = preset_spec(Preset.GOOD, "super-resolution-benchmark")
    particles = ParticleSpec(species=SPECIES, density_per_um2=4000.0, junk_fraction=0.0)
    specimen = Specimen(replace(spec, particle=particles))
    side, count = (1024, 1) if quick else (1024, 6)
    exposed = [pair(specimen, pose, side_px=side) for pose in crowded(specimen, count)]
    found = Found()
    both = [(each, aligned(each.coarse, COARSE)) for each in exposed]
    suitable = [each for each in both if is_suitable(*each)]
    report.inform("movies; the others did not move enough, or unmeasurably", len(exposed), unit="")
    report.inform("of these taken", len(suitable), unit="")
    if not suitable:
        return report
    pairs = [taken for taken, _ in suitable]
    made = [images(*each, found) for each in suitable]
    _report_images(report, found)
    if quick:
        report.leave_out("reconstruction with known poses: run without --quick.")
    else:
        volumes(report, pairs, made)
    controls(report, *suitable[0])
    report.leave_out("paper mode: see benchmarks.paper_mode; a network on top is not built.")
    return report


def _report_images(report: Report, found: Found) -> None:
    mean = {name: float(np.mean(found.beyond[name])) for name in NAMES}
    report.inform(
        "shift error of the coarse movies", float(np.mean(found.shift_error_px)), unit="px"
    )
    report.at_least(
        "linear: FRC with truth beyond Nyquist (to √2 of it)",
        mean["linear"],
        unit="",
        target=mean["bilinear"],
        baseline=mean["bilinear"],
        baseline_name="bilinear",
    )
    report.inform(
        "linear: part of the original's FRC there",
        mean["linear"] / mean["original"],
        unit="",
        baseline=mean["bilinear"] / mean["original"],
        baseline_name="bilinear",
    )
    report.inform(
        "linear: even and odd frames agree beyond Nyquist, lowest z", min(found.halves), unit=""
    )
    loss = float(np.mean(found.in_band["bilinear"])) - float(np.mean(found.in_band["linear"]))
    report.at_most("linear: FRC lost in band against the sum", loss, unit="", target=0.005)
    for name in ("linear", "original"):
        report.inform(
            f"{name}: CTF fit resolution, noise made white, median",
            float(np.median(found.fit_angstrom[name])),
            unit="Å",
            baseline=float(np.median(found.fit_angstrom["bilinear"])),
            baseline_name="bilinear",
        )
    report.at_most(
        "linear: time for one movie, two cores",
        float(np.median(found.seconds)),
        unit="s",
        target=30.0,
        baseline=PUBLISHED_S,
        baseline_name="cryo-ZSSR as published, on a V100",
    )


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

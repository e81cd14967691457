"""How well a micrograph's tilt is read off its Thon rings, beside one defocus for the whole field.

Simulated micrographs of clean ice without particles, tilted about the image's x axis, defocus
growing down the image by the tilt's tangent; frames are moved back by their true motion. What one
defocus costs is told at the upper and lower edge, where it is worst. Judged is what the service
does: on a tilted stage its word counts beside the rings, on a level one no tilt is sought. The word
is wrong by 0.7°, up and down in turn, as of a specimen that lies unevenly. Rings alone are printed
beside it.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.ctf import LARGE
from benchmarks.movie_films import film, good_holes
from benchmarks.report import Report, main
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import SpectrumGatherer, polar_spectrum
from smartscope.analysis.ctf.stage_tilt import LEAN_ERROR_DEG, LEVEL_WITHIN_DEG, StageTilt
from smartscope.analysis.ctf.tile_spectra import TileGatherer
from smartscope.analysis.ctf.tilt import defocus_plane
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import FILMS, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen

TILTS_DEG = (0.0, 15.0, 30.0, 45.0)
QUICK_TILTS_DEG = (15.0,)
PIXEL_ANGSTROM = 1.4
DEFOCUS_UM = 1.6
TARGET_DEG = 1.0
STAGE_MISSES_DEG = 0.7
#: of the simulated stage: defocus grows down the image
AXIS_DEG = 180.0


@dataclass(frozen=True, slots=True)
class Read:
    """One micrograph: true tilt, found with the stage's word and by rings alone (0 where it is
    called flat, None without a CTF), stated errors (None when flat), misses at two edges.
    """

    true_deg: float
    found_deg: float | None
    error_deg: float | None
    alone_deg: float | None
    alone_error_deg: float | None
    plane_miss_angstrom: float
    flat_miss_angstrom: float
    seconds: float


def read(pose: Pose, specimen: Specimen, tilt_deg: float, stage_deg: float) -> Read:
    """Film one hole at a tilt and read the tilt back, alone and with what the stage says."""
    settings = RecordSettings(
        pixel_size_angstrom=PIXEL_ANGSTROM,
        dose_e_per_a2=45.0,
        frames=8,
        defocus_um=DEFOCUS_UM,
        tilt_deg=tilt_deg,
    )
    frames = still(film(LARGE, replace(pose, tilt_deg=tilt_deg), specimen, settings))
    image = np.asarray(np.sum(frames, axis=0, dtype=np.float32))
    optics = Optics()
    groups = SpectrumGatherer(pixel_size_angstrom=PIXEL_ANGSTROM)
    for frame in frames:
        groups.add(frame)
    spectra = {
        Source.SUM: polar_spectrum(image, pixel_size_angstrom=PIXEL_ANGSTROM),
        Source.GROUPS: groups.spectrum(),
    }
    fit = fit_ctf(spectra, optics=optics).fit
    if fit is None:
        return Read(tilt_deg, None, None, None, None, math.nan, math.nan, 0.0)
    tiles = TileGatherer(pixel_size_angstrom=PIXEL_ANGSTROM)
    for frame in frames:
        tiles.add(frame)
    of_sum = TileGatherer.of(image, pixel_size_angstrom=PIXEL_ANGSTROM)
    stacks = [stack for each in (tiles, of_sum) if (stack := each.stack()) is not None]
    alone = defocus_plane(stacks, fit, optics)
    stage = StageTilt(tilt_deg=stage_deg, axis_deg=AXIS_DEG)
    began = time.process_time()
    plane = None
    if abs(stage_deg) >= LEVEL_WITHIN_DEG:
        plane = defocus_plane(stacks, fit, optics, known=stage.known)
    seconds = time.process_time() - began
    edge = image.shape[0] / 2 * PIXEL_ANGSTROM
    slope = math.tan(math.radians(tilt_deg))
    told, flat = [], []
    for y in (-edge, edge):
        true = 1e4 * DEFOCUS_UM + slope * y
        flat.append(abs(fit.defocus_angstrom - true))
        told.append(abs((fit.defocus_angstrom if plane is None else plane.at(0.0, y)) - true))
    return Read(
        tilt_deg,
        0.0 if plane is None else plane.tilt_deg,
        None if plane is None else plane.tilt_error_deg,
        0.0 if alone is None else alone.tilt_deg,
        None if alone is None else alone.tilt_error_deg,
        float(np.mean(told)),
        float(np.mean(flat)),
        seconds,
    )


def still(recording: Recording) -> list[NDArray[np.float32]]:
    """The frames, each moved back by its true motion to whole pixels."""
    movie = recording.movie
    shifts = np.rint(recording.truth.shifts_px).astype(int)
    return [
        np.roll(frame * movie.gain_reference, (-y, -x), axis=(0, 1)).astype(np.float32)
        for frame, (x, y) in zip(movie.frames, shifts, strict=True)
    ]


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Tilt by Thon rings."""
    report = Report(f"Tilt by Thon rings: simulated, {LARGE.width_px} px, {PIXEL_ANGSTROM} Å/px")
    reads = list(_reads(QUICK_TILTS_DEG if quick else TILTS_DEG, 4))
    for tilt in dict.fromkeys(each.true_deg for each in reads):
        here = [each for each in reads if each.true_deg == tilt]
        found = [each for each in here if each.found_deg is not None]
        if not found:
            report.inform(f"{tilt:g}°: tilt", "no CTF was found", unit="")
            continue
        report.at_most(
            f"{tilt:g}°: tilt, greatest miss of {len(found)}",
            _greatest_miss(found, alone=False),
            unit="°",
            target=TARGET_DEG,
            baseline=0.0 if tilt < LEVEL_WITHIN_DEG else STAGE_MISSES_DEG,
            baseline_name="taken as level" if tilt < LEVEL_WITHIN_DEG else "as the stage says",
        )
        _report_errors(report, f"{tilt:g}°", found, alone=False)
        report.inform(
            f"{tilt:g}°, rings alone: tilt, greatest miss of {len(found)}",
            _greatest_miss(found, alone=True),
            unit="°",
            baseline=tilt,
            baseline_name="called flat",
        )
        _report_errors(report, f"{tilt:g}°, rings alone", found, alone=True)
        report.inform(
            f"{tilt:g}°: defocus at the edges, mean miss",
            float(np.mean([each.plane_miss_angstrom for each in found])),
            unit="Å",
            baseline=float(np.mean([each.flat_miss_angstrom for each in found])),
            baseline_name="one defocus",
        )
        report.inform(f"{tilt:g}°: CTF not found", len(here) - len(found), unit=f"of {len(here)}")
    spent = [each.seconds for each in reads if each.seconds > 0.0]
    report.inform("processor time", float(np.median(spent)), unit="s")
    report.inform("the stage's word is taken as good to", LEAN_ERROR_DEG, unit="°")
    return report


def _greatest_miss(reads: list[Read], *, alone: bool) -> float:
    tilts = [(each.alone_deg if alone else each.found_deg, each.true_deg) for each in reads]
    return max(abs(found - true) for found, true in tilts if found is not None)


def _report_errors(report: Report, name: str, reads: list[Read], *, alone: bool) -> None:
    """The greatest miss in units of the error that was stated with it."""
    stated = [
        abs(found - each.true_deg) / error
        for each in reads
        for found, error in [
            (each.alone_deg, each.alone_error_deg) if alone else (each.found_deg, each.error_deg)
        ]
        if found is not None and error is not None
    ]
    if stated:
        report.inform(
            f"{name}: greatest miss in stated errors, of {len(stated)}", max(stated), unit=""
        )


def _reads(tilts: tuple[float, ...], each: int) -> Iterator[Read]:
    spec = preset_spec(Preset.GOOD, "ctf-tilt-benchmark", film="R2/2")
    bare = replace(
        spec,
        film=FILMS["R2/2"],
        particle=replace(spec.particle, species="none"),
        contamination_density=0.0,
    )
    specimen = Specimen(bare)
    poses = list(good_holes(specimen, each))
    for tilt in tilts:
        for number, pose in enumerate(poses):
            stage_deg = tilt + STAGE_MISSES_DEG * (-1.0) ** number
            yield read(pose, specimen, tilt, stage_deg)


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

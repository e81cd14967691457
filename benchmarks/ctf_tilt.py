"""How well a micrograph's tilt is read off its Thon rings, beside one defocus for the whole field.

Simulated micrographs of clean ice without particles, tilted about the image's x axis, defocus
growing down the image by the tilt's tangent; frames are moved back by their true motion. What one
defocus costs is told at the upper and lower edge, where it is worst. With the stage's tilt known,
it is told wrong by 0.7°, up and down in turn, as a specimen that lies unevenly is, and said to be
known to 1°.
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
from smartscope.analysis.ctf.tilt import KnownTilt, defocus_plane
from smartscope.microscope.simulator.optics.values import Recording, RecordSettings
from smartscope.microscope.simulator.specimen.spec import FILMS, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen

TILTS_DEG = (0.0, 15.0, 30.0, 45.0)
QUICK_TILTS_DEG = (15.0,)
PIXEL_ANGSTROM = 1.4
DEFOCUS_UM = 1.6
TARGET_DEG = 1.0
STAGE_MISSES_DEG, STAGE_ERROR_DEG = 0.7, 1.0
#: of the simulated stage: defocus grows down the image
AXIS_DEG = 180.0


@dataclass(frozen=True, slots=True)
class Read:
    """One micrograph: true and found tilt (0 where it is called flat), misses at two edges.

    `found_by_stage_deg` is found beside what the stage says; `error_deg` is stated, None when flat.
    """

    true_deg: float
    found_deg: float | None
    error_deg: float | None
    found_by_stage_deg: float | None
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
        return Read(tilt_deg, None, None, None, math.nan, math.nan, 0.0)
    began = time.process_time()
    plane = defocus_plane(frames, fit, optics, pixel_size_angstrom=PIXEL_ANGSTROM)
    seconds = time.process_time() - began
    stage = KnownTilt.of_stage(stage_deg, AXIS_DEG, error_deg=STAGE_ERROR_DEG)
    beside = defocus_plane(frames, fit, optics, pixel_size_angstrom=PIXEL_ANGSTROM, known=stage)
    edge = image.shape[0] / 2 * PIXEL_ANGSTROM
    slope = math.tan(math.radians(tilt_deg))
    told, flat = [], []
    for y in (-edge, edge):
        true = 1e4 * DEFOCUS_UM + slope * y
        flat.append(abs(fit.defocus_angstrom - true))
        told.append(abs((fit.defocus_angstrom if plane is None else plane.at(0.0, y)) - true))
    found = 0.0 if plane is None else plane.tilt_deg
    return Read(
        tilt_deg,
        found,
        None if plane is None else plane.tilt_error_deg,
        0.0 if beside is None else beside.tilt_deg,
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
        misses = [abs(each.found_deg - tilt) for each in found if each.found_deg is not None]
        report.at_most(
            f"{tilt:g}°: tilt, greatest miss of {len(found)}",
            max(misses),
            unit="°",
            target=TARGET_DEG,
            baseline=tilt,
            baseline_name="called flat",
        )
        stated = [
            miss / each.error_deg
            for miss, each in zip(misses, found, strict=True)
            if each.error_deg is not None
        ]
        if stated:
            report.inform(
                f"{tilt:g}°: greatest miss in stated errors, of {len(stated)}", max(stated), unit=""
            )
        beside = [each.found_by_stage_deg for each in found if each.found_by_stage_deg is not None]
        report.at_most(
            f"{tilt:g}°, known to {STAGE_ERROR_DEG:g}°: tilt, greatest miss of {len(beside)}",
            max(abs(each - tilt) for each in beside),
            unit="°",
            target=TARGET_DEG,
            baseline=STAGE_MISSES_DEG,
            baseline_name="as the stage says",
        )
        report.inform(
            f"{tilt:g}°: defocus at the edges, mean miss",
            float(np.mean([each.plane_miss_angstrom for each in found])),
            unit="Å",
            baseline=float(np.mean([each.flat_miss_angstrom for each in found])),
            baseline_name="one defocus",
        )
        report.inform(f"{tilt:g}°: CTF not found", len(here) - len(found), unit=f"of {len(here)}")
    report.inform("processor time", float(np.median([each.seconds for each in reads])), unit="s")
    return report


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

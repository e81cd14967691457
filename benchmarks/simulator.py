"""What the simulator costs, whether it agrees with itself, and how near it comes to real images.

Costs are CPU seconds of this process, the best of three runs; targets are those of pure numpy,
without a compiled kernel. Images are rendered twice: as the C library handles memory by itself
(the baseline), and with the memory of images kept, as the simulator's processes do.

Run: `python -m benchmarks.simulator [--quick] [--json PATH]`.
"""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from benchmarks.report import Report, Row, main
from smartscope.domain.geometry import Point
from smartscope.image_memory import keep_image_memory
from smartscope.microscope.simulator.optics.acquire import take_image
from smartscope.microscope.simulator.optics.camera import Camera
from smartscope.microscope.simulator.optics.ladder import MINI_LADDER, MINI_RECORD_PIXEL_ANGSTROM
from smartscope.microscope.simulator.optics.profiles import FALCON4, K3, MINI, CameraProfile
from smartscope.microscope.simulator.optics.record import record_movie
from smartscope.microscope.simulator.optics.shot_noise import poisson_counts
from smartscope.microscope.simulator.optics.values import (
    ExposureConditions,
    Level,
    NoiseKey,
    RecordSettings,
)
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    Hole,
    HoleFault,
    IceClass,
    Patch,
    Pose,
    Square,
)
from smartscope.microscope.simulator.specimen.world import Specimen

GOLD = "UltrAuFoil R1.2/1.3"
GRID = "benchmark"


def cpu_seconds(work: Callable[[], object], *, runs: int = 3) -> float:
    """The least CPU time of `runs` runs: neighbours on the machine only ever add."""
    seconds = math.inf
    for _ in range(runs):
        start = time.process_time()
        work()
        seconds = min(seconds, time.process_time() - start)
    return seconds


def usable_square(world: Specimen) -> Square:
    """The first usable square near the middle of the grid."""
    return next(s for s in world.squares(Box.around(0, 0, 250)) if s.usable)


def good_hole(world: Specimen, square: Square) -> Hole:
    """A sound hole of that square."""
    box = Box.around(square.stage_x_um, square.stage_y_um, 10)
    return next(
        h
        for h in world.holes(box)
        if h.visible and h.ice_class is IceClass.GOOD and h.fault is HoleFault.NONE
    )


def shoot(world: Specimen, level: Level, pose: Pose, camera: Camera) -> Callable[[], object]:
    """An image at a rung of the small ladder."""
    rung = MINI_LADDER[level]
    noise = NoiseKey(
        seed=1,
        level=level,
        stage_x_nm=round(pose.x_um * 1e3),
        stage_y_nm=round(pose.y_um * 1e3),
    )
    return lambda: (
        take_image(world, pose, camera, rung.pixel_size_um, rung.conditions(), noise).counts
    )


def costs(report: Report, *, quick: bool) -> None:
    """CPU seconds per image and movie, against the targets of the design."""
    world = Specimen(preset_spec(Preset.GOOD, GRID))
    square = usable_square(world)
    hole = good_hole(world, square)
    middle = Pose(x_um=square.stage_x_um, y_um=square.stage_y_um, rotation_deg=4.0)
    centre = Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um, rotation_deg=4.0)
    rungs = ((Level.ATLAS, middle, 0.25), (Level.SQUARE, middle, 0.25), (Level.HOLE, centre, 0.35))
    cameras = {level: Camera(MINI_LADDER[level].camera) for level, _, _ in rungs}
    by_itself = [cpu_seconds(shoot(world, level, pose, cameras[level])) for level, pose, _ in rungs]
    keep_image_memory()
    for (level, pose, target), baseline in zip(rungs, by_itself, strict=True):
        profile = cameras[level].profile
        report.at_most(
            f"{level.name.lower()} image {profile.width_px}x{profile.height_px}",
            cpu_seconds(shoot(world, level, pose, cameras[level])),
            unit="CPU s",
            target=target,
            baseline=baseline,
            baseline_name="memory not kept",
        )
    fresh = preset_spec(Preset.GOOD, GRID)
    report.inform(
        "labelling one square",
        cpu_seconds(lambda: Specimen(fresh).squares(Box.around(0, 0, 125)), runs=1)
        / len(world.squares(Box.around(0, 0, 125))),
        unit="CPU s",
    )
    movies: list[tuple[CameraProfile, RecordSettings, float]] = [
        (MINI, RecordSettings(pixel_size_angstrom=MINI_RECORD_PIXEL_ANGSTROM, frames=8), 0.4),
        (replace(MINI, width_px=2048, height_px=2048), RecordSettings(frames=20), 4.0),
    ]
    if not quick:
        movies.append((FALCON4, RecordSettings(pixel_size_angstrom=0.8, frames=30), 30.0))
        movies.append((K3, RecordSettings(pixel_size_angstrom=0.83, frames=40), 45.0))
    for profile, settings, target in movies:
        camera = Camera(profile)
        noise = NoiseKey(seed=1, level=Level.RECORD, stage_x_nm=0, stage_y_nm=0)
        report.at_most(
            f"movie {profile.width_px}x{profile.height_px} x {settings.frames}",
            cpu_seconds(partial(record_movie, world, centre, camera, settings, noise)),
            unit="CPU s",
            target=target,
        )


def binned(image: NDArray[np.float32], by: int) -> NDArray[np.float32]:
    """Block means."""
    height, width = image.shape
    result: NDArray[np.float32] = image.reshape(height // by, by, width // by, by).mean((1, 3))
    return result


def self_consistency(report: Report) -> None:
    """The same place at several magnifications, poses and strips; shot noise against its law."""
    for film in ("R1.2/1.3", GOLD):
        world = Specimen(preset_spec(Preset.GOOD, GRID, film=film))
        square = usable_square(world)
        pose = Pose(x_um=square.stage_x_um, y_um=square.stage_y_um, rotation_deg=17.0)
        _agreement(report, world, pose, film)
        if film == "R1.2/1.3":
            _invariance(report, world, pose)
            _hole_centres(report, world, pose)
    counts = poisson_counts(np.full((1024, 1024), 6.0, dtype=np.float32), 7).astype(np.float64)
    ratio = float(counts.var() / counts.mean())
    report.at_most(
        "Poisson variance / mean, distance from 1", abs(ratio - 1), unit="", target=0.005
    )
    counts -= counts.mean()
    lags = [abs(float((counts[:, n:] * counts[:, :-n]).mean() / counts.var())) for n in range(1, 9)]
    report.at_most(
        "shot noise, worst correlation at lags 1-8 (chance: 0.003)",
        max(lags),
        unit="",
        target=0.004,
    )


def _agreement(report: Report, world: Specimen, pose: Pose, film: str) -> None:
    for fine_um, by, side in ((0.007, 10, 1000), (0.07, 5, 1000)):
        fine = binned(world.render(pose, (side, side), fine_um).transmission, by)
        coarse = world.render(pose, (side // by, side // by), fine_um * by).transmission
        same = float(np.corrcoef(fine.ravel(), coarse.ravel())[0, 1])
        claim = f"{film}: {fine_um * 1e3:g} nm against {fine_um * by * 1e3:g} nm, correlation"
        report.at_least(claim, same, unit="", target=0.999 if film != GOLD else 0.998)
    for coarse_um in (1.0, 2.0):
        by = round(coarse_um / 0.1)
        fine = world.render(pose, (400, 400), 0.1).transmission
        coarse = world.render(pose, (400 // by, 400 // by), coarse_um).transmission
        report.at_most(
            f"{film}: mean at {coarse_um:g} µm a pixel, off by",
            100 * abs(float(coarse.mean() / fine.mean()) - 1),
            unit="%",
            target=1.0,
        )


def _invariance(report: Report, world: Specimen, pose: Pose) -> None:
    still = world.render(pose, (512, 512), 0.08).transmission
    there = pose.image_to_stage((512, 512), 0.08).apply(255.5 + 50, 255.5)
    moved = world.render(
        replace(pose, x_um=there.x_um, y_um=there.y_um), (512, 512), 0.08
    ).transmission
    report.at_most(
        "pose moved by 50 px, largest change",
        float(np.abs(still[:, 50:] - moved[:, :-50]).max()),
        unit="",
        target=1e-3,
    )
    strips = world.render(pose, (512, 512), 0.08, strip_px=512 * 32).transmission
    report.at_most(
        "strips against whole, largest change",
        float(np.abs(still - strips).max()),
        unit="",
        target=1e-3,
    )


def _hole_centres(report: Report, world: Specimen, pose: Pose) -> None:
    pixel_um, side = 0.01, 1000
    patch = world.render(pose, (side, side), pixel_um)
    worst = 0.0
    for hole in world.holes(Box.of_image(patch.image_to_stage, (side, side))):
        x, y = patch.image_to_stage.to_pixel(Point(hole.stage_x_um, hole.stage_y_um))
        reach = int(hole.diameter_um / (2 * pixel_um)) + 8
        x0, y0 = round(x), round(y)
        inside = reach < min(x0, y0) and max(x0, y0) < side - reach
        if inside and hole.visible and hole.fault is not HoleFault.TORN:
            window = patch.hole[y0 - reach : y0 + reach + 1, x0 - reach : x0 + reach + 1]
            cy, cx = ndimage.center_of_mass(window)
            worst = max(worst, math.hypot(cx - reach + x0 - x, cy - reach + y0 - y))
    report.at_most(
        "listed hole against its mask's centroid, worst",
        1e3 * pixel_um * worst,
        unit="nm",
        target=5.0,
    )


def realism(report: Report) -> None:
    """Statistics that real images have too; ranges from published atlases and screenshots."""
    for film in ("R1.2/1.3", GOLD):
        world = Specimen(preset_spec(Preset.GOOD, GRID, film=film))
        square = usable_square(world)
        pose = Pose(x_um=square.stage_x_um, y_um=square.stage_y_um)
        patch = world.render(pose, (1024, 1024), 0.04)
        hole = float(np.median(patch.transmission[patch.hole > 0.99]))
        foil = float(np.median(patch.transmission[patch.foil > 0.99]))
        if film == GOLD:
            report.at_least("gold: hole / film", hole / foil, unit="", target=3.0)
            continue
        _between(report, "carbon: film and ice / vacuum", foil, "", 0.80, 0.92, 0.86)
        _between(report, "carbon: hole / film", hole / foil, "", 1.05, 1.25, 1.17)
        _hole_greys(report, world, patch)
        _fringe(report, world, good_hole(world, square))
    _bars(report)
    _particle_contrast(report)


def _between(
    report: Report, claim: str, value: float, unit: str, low: float, high: float, real: float | None
) -> None:
    report.add(
        Row(
            claim,
            value,
            unit,
            real,
            "one real atlas" if real is not None else None,
            f"{low:g} to {high:g}",
            low <= value <= high,
        )
    )


def _hole_greys(report: Report, world: Specimen, patch: Patch) -> None:
    """Grey levels of the holes of usable squares, square by square."""
    spreads, skews = [], []
    for square in [s for s in world.squares(Box.around(0, 0, 250)) if s.usable][:12]:
        box = Box.around(square.stage_x_um, square.stage_y_um, 0.45 * square.opening_um)
        ice = np.array([h.ice_nm for h in world.holes(box) if h.visible])
        grey = np.exp(-ice / 300.0)
        low, high = np.percentile(grey, [16, 84])
        spreads.append(50 * (high - low) / np.median(grey))
        skews.append(float(((grey - grey.mean()) ** 3).mean() / grey.std() ** 3))
    _between(
        report,
        "hole grey, half the 16-84 % range over the median, median square",
        float(np.median(spreads)),
        "%",
        3.0,
        8.0,
        None,
    )
    report.inform("hole grey, skew, median square", float(np.median(skews)), unit="")


def _fringe(report: Report, world: Specimen, hole: Hole) -> None:
    """How far the fringes at the film's edge overshoot the step, averaged along the edge."""
    rung = MINI_LADDER[Level.HOLE]
    pose = Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um)
    camera = Camera(MINI)
    image = take_image(
        world,
        pose,
        camera,
        rung.pixel_size_um,
        ExposureConditions(
            level=Level.HOLE,
            dose_e_per_a2=2000 / (rung.pixel_size_um * 1e4) ** 2,
            defocus_um=rung.defocus_um,
        ),
        NoiseKey(seed=1, level=Level.HOLE, stage_x_nm=0, stage_y_nm=0),
    )
    # Distance from the film's true edge, not from a circle: holes are a little oval and ragged.
    ice = world.render(pose, (1024, 1024), rung.pixel_size_um).hole > 0.5
    edge_px = ndimage.distance_transform_edt(~ice) - ndimage.distance_transform_edt(ice)
    counts = image.counts.astype(np.float64)
    rings = np.append(np.arange(-10, 0), np.arange(1, 11))
    profile = ndimage.mean(counts, np.trunc(edge_px).astype(int), rings)
    inside = float(counts[(edge_px > -40) & (edge_px < -20)].mean())
    outside = float(counts[(edge_px > 20) & (edge_px < 40)].mean())
    swing = 50 * ((float(profile.max()) - inside) + (outside - float(profile.min()))) / inside
    claim = "film edge at the hole level, mean of bright and dark fringe"
    _between(report, claim, swing, "%", 3.0, 10.0, None)


def _bars(report: Report) -> None:
    world = Specimen(preset_spec(Preset.GOOD, GRID))
    camera = Camera(MINI_LADDER[Level.ATLAS].camera)
    rung = MINI_LADDER[Level.ATLAS]
    pose = Pose(x_um=150.0, y_um=-120.0)
    noise = NoiseKey(seed=1, level=Level.ATLAS, stage_x_nm=0, stage_y_nm=0)
    counts = take_image(world, pose, camera, rung.pixel_size_um, rung.conditions(), noise).counts
    patch = world.render(pose, camera.profile.shape, rung.pixel_size_um)
    bars = ndimage.binary_erosion(patch.bar > 0.99, iterations=8)
    vacuum = rung.dose_e_per_px * camera.profile.dqe0 * camera.profile.counts_per_electron
    _between(
        report, "atlas: bar / vacuum", float(counts[bars].mean()) / vacuum, "", 0.01, 0.06, 0.03
    )


def _particle_contrast(report: Report) -> None:
    """Signal to noise per pixel in boxes round particles of the summed, noise-free movie."""
    world = Specimen(preset_spec(Preset.GOOD, GRID))
    hole = good_hole(world, usable_square(world))
    settings = RecordSettings(frames=8)
    truth = record_movie(
        world,
        Pose(x_um=hole.stage_x_um, y_um=hole.stage_y_um),
        Camera(MINI),
        settings,
        NoiseKey(seed=1, level=Level.RECORD, stage_x_nm=0, stage_y_nm=0),
    ).truth
    image = truth.noise_free.astype(np.float64) * settings.frames
    y, x = np.mgrid[0:1024, 0:1024]
    near = np.zeros(image.shape, dtype=bool)
    for px, py in truth.particle_px:
        near |= np.hypot(x - px, y - py) < 75
    signal = image[near].var() - image[~near].var()
    _between(
        report,
        f"particle signal / noise per pixel, {truth.mean_ice_nm:.0f} nm of ice",
        float(signal / image.mean()),
        "",
        0.005,
        0.1,
        None,
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - the form that `benchmarks.report.main` calls
    """Costs, self-consistency and realism of the simulator."""
    report = Report("Simulator: cost, self-consistency, realism")
    costs(report, quick=quick)
    self_consistency(report)
    realism(report)
    if quick:
        report.leave_out("movies of 4096² and 5760x4092: without --quick only.")
    report.leave_out("lacey and hexagonal films, tilt: not built.")
    report.leave_out(
        "film-edge fringes of record images as a full exit wave: a weak phase is used."
    )
    return report


if __name__ == "__main__":
    sys.exit(main(claims))

"""How well a hole's view, or its neighbours, foretell that its exposure will have a good CTF fit.

Two halves. Real: CryoRL's published tables of holes, with the CTF fit of each exposure and what
their network said of its picture; pixels are not available, so grey level cannot be tried there.
Simulated: holes found in square views of twelve grids, then exposed, aligned by their true motion
and fitted. Good means a CTF fit of 6 Å or finer, as the ranking of grids takes it. The service's
curve of ice is fitted to the exposures of all other grids, so that no hole is judged by its own
neighbours. How far anything can foretell it is told by a second exposure of some of the holes, as
if the first had cost no dose.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.ctf_tilt import still
from benchmarks.hole_ice import FILM
from benchmarks.hole_scenes import SAME_HOLE_DIAMETERS, USABLE_HOLES
from benchmarks.movie_films import film
from benchmarks.report import Report, main
from benchmarks.scenes import SquareScene, match, take_square
from benchmarks.shared_data import shared_data
from smartscope.analysis.ctf.estimate import Source, fit_ctf
from smartscope.analysis.ctf.optics import Optics
from smartscope.analysis.ctf.polar_spectrum import SpectrumGatherer, polar_spectrum
from smartscope.analysis.pipeline import find_holes
from smartscope.domain.ice_curve import fit_curve
from smartscope.domain.protocol import CollectionProtocol
from smartscope.domain.ranking import CTF_LIMIT_ANGSTROM
from smartscope.microscope.simulator.optics.profiles import MINI
from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, Pose
from smartscope.microscope.simulator.specimen.world import Specimen

Floats = NDArray[np.float64]

TARGET = 0.90
#: how near two thicknesses are, in natural logarithms, to tell of one another
SAME_ICE = 0.3
PIXEL_ANGSTROM = 1.0
#: grids of each kind, squares of a grid, holes of a square; of the holes so many exposed twice
GRIDS, SQUARES, HOLES, TWICE = 4, 2, 7, 2
QUICK_GRIDS, QUICK_HOLES = 1, 4
DRAWS = 500
PRESETS = (Preset.GOOD, Preset.THICK, Preset.DRY)


@dataclass(frozen=True, slots=True)
class Told:
    """One hole: what its view shows, and the CTF fits (Å, infinite without) of its exposures.

    `again_angstrom` is None where it was exposed once.
    """

    grid: str
    grey: float
    ice_nm: float
    fit_angstrom: float
    again_angstrom: float | None

    @property
    def good(self) -> bool:
        """By the first exposure."""
        return self.fit_angstrom <= CTF_LIMIT_ANGSTROM


@dataclass(frozen=True, slots=True)
class RealHole:
    """One row of CryoRL's tables; `places` are its grid, square and patch."""

    places: tuple[str, str, str]
    corner_px: tuple[float, float]
    ctf_angstrom: float
    confidence: float


def auc(values: Floats, good: NDArray[np.bool_]) -> float:
    """Chance that a good one is valued above a bad one, ties half; nan without both."""
    ranks = np.empty(len(values))
    order = np.argsort(values, kind="stable")
    ranks[order] = np.arange(1, len(values) + 1)
    for value in np.unique(values):
        same = values == value
        ranks[same] = ranks[same].mean()
    many, few = int(good.sum()), int((~good).sum())
    if many == 0 or few == 0:
        return math.nan
    return float((ranks[good].sum() - many * (many + 1) / 2) / (many * few))


def real_holes() -> list[RealHole]:
    """CryoRL's training table; nothing where the data folder is absent."""
    folder = shared_data()
    if folder is None:
        return []
    file = folder / "real" / "cryorl_exposures" / "train_annotation.json"
    return [
        RealHole(
            (grid, square, patch),
            (float(hole["corner_pos"][0][0]), float(hole["corner_pos"][0][1])),
            float(hole["ctf"]),
            float(hole["confidence"]),
        )
        for grid, squares in json.loads(file.read_text(encoding="utf-8")).items()
        for square, patches in squares.items()
        for patch, holes in patches.items()
        for hole in holes.values()
    ]


def by_others(holes: list[RealHole], level: int) -> Floats:
    """Share of good ones among all others of the grid (0), square (1) or patch (2)."""
    good = np.array([hole.ctf_angstrom <= CTF_LIMIT_ANGSTROM for hole in holes], dtype=float)
    keys = [hole.places[: level + 1] for hole in holes]
    total: dict[tuple[str, ...], list[float]] = {}
    for key, value in zip(keys, good, strict=True):
        total.setdefault(key, []).append(value)
    mean = float(good.mean())
    # three exposures' worth of what is usual keep lonely holes in the middle
    return np.array(
        [
            (sum(total[key]) - own + 3 * mean) / (len(total[key]) - 1 + 3)
            for key, own in zip(keys, good, strict=True)
        ]
    )


def by_nearest(holes: list[RealHole], count: int) -> Floats:
    """Mean goodness of the nearest others of the patch, as an exposure strategy would know it."""
    good = np.array([hole.ctf_angstrom <= CTF_LIMIT_ANGSTROM for hole in holes], dtype=float)
    places = np.array([hole.corner_px for hole in holes])
    found = np.full(len(holes), float(good.mean()))
    for number, hole in enumerate(holes):
        same = [
            other
            for other, each in enumerate(holes)
            if each.places == hole.places and other != number
        ]
        if same:
            away = np.hypot(*(places[same] - places[number]).T)
            found[number] = good[np.array(same)[np.argsort(away)[:count]]].mean()
    return found


def by_like_ice(ice_nm: Floats, good: NDArray[np.bool_]) -> Floats:
    """Share of good ones among all others, those of like thickness counting most."""
    away = np.log(ice_nm)[:, None] - np.log(ice_nm)[None, :]
    weight = np.exp(-0.5 * (away / SAME_ICE) ** 2)
    np.fill_diagonal(weight, 0.0)
    return np.asarray((weight @ good + good.mean()) / (weight.sum(axis=1) + 1.0))


def by_curve_of_ice(rows: list[Told]) -> Floats:
    """The service's curve, for each grid fitted to all others."""
    found = np.empty(len(rows))
    for grid in {row.grid for row in rows}:
        curve = fit_curve([(row.ice_nm, row.good) for row in rows if row.grid != grid])
        for number, row in enumerate(rows):
            if row.grid == grid:
                found[number] = 0.5 if curve is None else curve.chance(row.ice_nm)
    return found


def by_wanted_range(ice_nm: Floats) -> Floats:
    """How near the ice is to the middle of the range a protocol wants by default."""
    wanted = CollectionProtocol()
    middle = 0.5 * (wanted.ice_min_nm + wanted.ice_max_nm)
    return np.asarray(-np.abs(ice_nm - middle))


def spread_of_auc(values: Floats, good: NDArray[np.bool_]) -> float:
    """Standard error, by drawing holes anew."""
    rng = np.random.default_rng(2)
    draws = rng.integers(0, len(values), (DRAWS, len(values)))
    return float(np.nanstd([auc(values[draw], good[draw]) for draw in draws]))


def real(report: Report) -> None:
    """What foretells a good exposure in the tables."""
    holes = real_holes()
    if not holes:
        report.leave_out("real: the data folder is absent.")
        return
    good = np.array([hole.ctf_angstrom <= CTF_LIMIT_ANGSTROM for hole in holes])
    report.inform("real, CryoRL: holes", len(holes), unit=f"{good.mean():.0%} good")
    rows: tuple[tuple[str, Callable[[], Floats]], ...] = (
        ("its network on the hole's picture", lambda: np.array([h.confidence for h in holes])),
        ("exposures of the same patch", lambda: by_others(holes, 2)),
        ("exposures of the same square", lambda: by_others(holes, 1)),
        ("exposures of the same grid", lambda: by_others(holes, 0)),
        ("the four nearest exposures", lambda: by_nearest(holes, 4)),
    )
    for name, values in rows:
        report.inform(f"real, CryoRL: AUC of {name}", auc(values(), good), unit="AUC")


def simulated(grids: int, each: int) -> Iterator[Told]:
    """Holes of several grids as their views show them, and as their exposures turn out."""
    for preset in PRESETS:
        for number in range(grids):
            name = f"hole-value-{preset}-{number}"
            specimen = Specimen(preset_spec(preset, name, film=FILM))
            squares = [
                square
                for square in specimen.squares(Box.around(0, 0, 300))
                if square.numbers.usable_holes > USABLE_HOLES
            ]
            for square in squares[:SQUARES]:
                for told in _of_scene(take_square(specimen, square), each):
                    yield replace(told, grid=name)


def _of_scene(scene: SquareScene, most: int) -> Iterator[Told]:
    found = [hole for hole in find_holes(scene.image, scene.context).holes if not hole.off_lattice]
    reach = SAME_HOLE_DIAMETERS * 1.2 / scene.image.pixel_size_um
    places = np.array([(hole.x_px, hole.y_px) for hole in found]).reshape(-1, 2)
    here, there = match(places, scene.truth_px(), reach)
    order = np.random.default_rng(1).permutation(len(here))
    for place, number in enumerate(order[:most]):
        seen, true = found[int(here[number])], scene.holes[int(there[number])]
        if seen.relative_intensity is None or seen.ice_thickness_nm is None:
            continue
        pose = Pose(x_um=true.stage_x_um, y_um=true.stage_y_um)
        yield Told(
            "",
            seen.relative_intensity,
            seen.ice_thickness_nm,
            fit_angstrom=_exposed(scene.specimen, pose, 0),
            again_angstrom=_exposed(scene.specimen, pose, 1) if place < TWICE else None,
        )


def _exposed(specimen: Specimen, pose: Pose, again: int) -> float:
    """The CTF fit (Å) of one exposure of a hole, infinite where there is none."""
    settings = RecordSettings(
        pixel_size_angstrom=PIXEL_ANGSTROM, dose_e_per_a2=45.0, frames=8, defocus_um=1.3
    )
    frames = still(film(MINI, pose, specimen, settings, again=again))
    groups = SpectrumGatherer(pixel_size_angstrom=PIXEL_ANGSTROM)
    for frame in frames:
        groups.add(frame)
    total = np.asarray(np.sum(frames, axis=0, dtype=np.float32))
    spectra = {
        Source.SUM: polar_spectrum(total, pixel_size_angstrom=PIXEL_ANGSTROM),
        Source.GROUPS: groups.spectrum(),
    }
    fit = fit_ctf(spectra, optics=Optics()).fit
    return math.inf if fit is None else fit.fit_angstrom


def _report_ceiling(report: Report, rows: list[Told], curve: Floats) -> None:
    """What a second exposure of the same holes tells, beside the curve on just these."""
    twice = [number for number, row in enumerate(rows) if row.again_angstrom is not None]
    again = np.array([-(rows[n].again_angstrom or math.inf) for n in twice])
    good = np.array([rows[n].good for n in twice])
    report.inform(
        f"simulated: AUC of a second exposure of {len(twice)} holes, the most there is to know",
        auc(again, good),
        unit="AUC",
        baseline=auc(curve[twice], good),
        baseline_name="the curve on these",
    )


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Hole view to good CTF."""
    report = Report(
        f"What foretells an exposure with a CTF fit of {CTF_LIMIT_ANGSTROM:g} Å or finer"
    )
    real(report)
    rows = list(simulated(QUICK_GRIDS, QUICK_HOLES) if quick else simulated(GRIDS, HOLES))
    good = np.array([row.good for row in rows])
    grids = len({row.grid for row in rows})
    report.inform(
        f"simulated: holes exposed, of {grids} grids", len(rows), unit=f"{good.mean():.0%} good"
    )
    if good.all() or not good.any():
        report.leave_out("simulated: every exposure turned out alike, so nothing can be foretold.")
        return report
    grey = np.array([row.grey for row in rows])
    ice = np.array([max(row.ice_nm, 1.0) for row in rows])
    curve = by_curve_of_ice(rows)
    report.at_least(
        "simulated: AUC of a curve of ice fitted to the other grids",
        auc(curve, good),
        unit="AUC",
        target=TARGET,
        baseline=auc(grey, good),
        baseline_name="grey level alone, brighter is better",
    )
    report.inform("simulated: standard error of that AUC", spread_of_auc(curve, good), unit="AUC")
    report.inform(
        "simulated: AUC of what exposures in like ice turned out to be",
        auc(by_like_ice(ice, good), good),
        unit="AUC",
    )
    report.inform(
        "simulated: AUC of the ice's distance from the middle of the wanted range",
        auc(by_wanted_range(ice), good),
        unit="AUC",
    )
    _report_ceiling(report, rows, curve)
    report.inform("simulated: AUC of ice thickness, thicker is better", auc(ice, good), unit="AUC")
    report.inform(
        "simulated: ice of the bad ones, median",
        float(np.median(ice[~good])),
        unit="nm",
        baseline=float(np.median(ice[good])),
        baseline_name="of the good ones",
    )
    report.leave_out("real: grey level and ice thickness, for the tables come without pixels.")
    return report


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

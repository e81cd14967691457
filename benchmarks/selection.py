"""Whether a small sample stands for its grid: ice in nine holes against the ice of all of them.

Fifty simulated grids of all five presets; squares are chosen by the brightness an atlas shows and
holes by the intensity a square's image shows, both with one per cent of noise, through the very
functions that choose in a run. The distance is the earth mover's, in nm of ice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import wasserstein_distance

from benchmarks.report import Report, main, mean
from smartscope.analysis.base import FloatArray
from smartscope.analysis.detection.clusters import best_partition, partition
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import Aim
from smartscope.domain.selection import Candidate, choose
from smartscope.microscope.simulator.specimen.spec import Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import Box, HoleFault
from smartscope.microscope.simulator.specimen.world import Specimen

GRIDS, QUICK_GRIDS = 50, 6
#: the part of a grid that a partial atlas shows, half its side in µm
FIELD_UM = 330.0
SQUARES, HOLES = 3, 3
ATTENUATION_NM = 300.0
NOISE = 0.01
#: fewer visible holes than these and a square is no candidate
LEAST_HOLES = 20
#: kinds of squares by open area, as in a run
AREA_STEPS = 3
STRINGS = 4
DRAWS = 20


@dataclass(frozen=True, slots=True)
class SquareTruth:
    """Place, open area, brightness in the atlas, and (N, 3) x, y and ice (nm) of its holes."""

    at: Point
    area_um2: float
    brightness: float
    holes: FloatArray


Sampler = Callable[[Sequence[SquareTruth], np.random.Generator], list[float]]


def good_squares(number: int) -> list[SquareTruth]:
    """Good squares of one simulated grid."""
    presets = list(Preset)
    specimen = Specimen(preset_spec(presets[number % len(presets)], f"selection {number}"))
    found = []
    for square in specimen.squares(Box.around(0.0, 0.0, FIELD_UM)):
        if square.label != "good":
            continue
        box = Box.around(square.stage_x_um, square.stage_y_um, square.opening_um / 2)
        holes = [
            (hole.stage_x_um, hole.stage_y_um, hole.ice_nm)
            for hole in specimen.holes(box)
            if hole.visible and hole.fault is not HoleFault.TORN and hole.square_id == square.id
        ]
        if len(holes) >= LEAST_HOLES:
            found.append(
                SquareTruth(
                    Point(square.stage_x_um, square.stage_y_um),
                    square.opening_um**2 * square.numbers.bright_fraction,
                    square.numbers.mean_transmission,
                    np.array(holes),
                )
            )
    return found


def seen_ice_nm(square: SquareTruth, random: np.random.Generator) -> FloatArray:
    """(N,) what the square's image says of the ice."""
    noise = random.normal(0.0, NOISE, len(square.holes))
    return np.asarray(square.holes[:, 2] + ATTENUATION_NM * noise)


def by_chance(squares: Sequence[SquareTruth], random: np.random.Generator) -> list[float]:
    """Baseline: random squares, in each random holes."""
    chosen = random.choice(len(squares), SQUARES, replace=False)
    return [
        float(ice)
        for each in chosen
        for ice in random.choice(squares[each].holes[:, 2], HOLES, replace=False)
    ]


def by_string(squares: Sequence[SquareTruth], random: np.random.Generator) -> list[float]:
    """Baseline: random squares; in each a random hole of each of some ice clusters, in turn."""
    sample = []
    for each in random.choice(len(squares), SQUARES, replace=False):
        cluster = partition(-seen_ice_nm(squares[each], random), STRINGS).cluster
        strings = np.resize(random.permutation(np.unique(cluster)), HOLES)
        ice_nm = squares[each].holes[:, 2]
        sample += [float(random.choice(ice_nm[cluster == string])) for string in strings]
    return sample


def by_aim(aim: Aim) -> Sampler:
    """The run's own choice of squares and then of holes."""

    def sample(squares: Sequence[SquareTruth], random: np.random.Generator) -> list[float]:
        chosen = choose(as_candidates(squares, random), SQUARES, aim=aim)
        ice: list[float] = []
        for each in chosen:
            square = squares[int(each.id)]
            holes = hole_candidates(square, random)
            ice += [float(square.holes[int(hole.id), 2]) for hole in choose(holes, HOLES, aim=aim)]
        return ice

    return sample


def as_candidates(squares: Sequence[SquareTruth], random: np.random.Generator) -> list[Candidate]:
    """The squares as a run chooses among them: by open area and brightness, with noise."""
    largest = max(square.area_um2 for square in squares)
    return [
        Candidate(
            id=f"{number:06d}",
            position=square.at,
            clusters=(min(int(square.area_um2 / largest * AREA_STEPS), AREA_STEPS - 1),),
            value=square.brightness * (1.0 + NOISE * float(random.normal())),
        )
        for number, square in enumerate(squares)
    ]


def hole_candidates(square: SquareTruth, random: np.random.Generator) -> list[Candidate]:
    """Every third hole, as groups by image shift would leave centres."""
    seen = seen_ice_nm(square, random)
    cluster = best_partition(-seen / ATTENUATION_NM).cluster
    return [
        Candidate(
            id=f"{number:06d}",
            position=Point(float(x), float(y)),
            clusters=(int(cluster[number]),),
            value=float(seen[number]),
        )
        for number, (x, y, _) in enumerate(square.holes)
        if number % 3 == 0
    ]


def distance_nm(sampler: Sampler, grid: Sequence[SquareTruth], seed: int, draws: int) -> float:
    """Mean earth-mover distance between samples and all good holes of the grid."""
    whole = np.concatenate([square.holes[:, 2] for square in grid])
    return mean(
        wasserstein_distance(sampler(grid, np.random.default_rng((seed, draw))), whole)
        for draw in range(draws)
    )


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Earth-mover distance of samples to their grids."""
    report = Report("Whether three squares with three holes each stand for their grid")
    grids = [good_squares(number) for number in range(QUICK_GRIDS if quick else GRIDS)]
    grids = [grid for grid in grids if len(grid) >= SQUARES]
    chance = [distance_nm(by_chance, grid, n, DRAWS) for n, grid in enumerate(grids)]
    strings = [distance_nm(by_string, grid, n, DRAWS) for n, grid in enumerate(grids)]
    report.inform("grids with three good squares or more", len(grids), unit="grids")
    for aim in Aim:
        if aim is Aim.BEST:
            continue
        ours = [distance_nm(by_aim(aim), grid, n, 1) for n, grid in enumerate(grids)]
        name = f"{aim}: distance to the grid's ice {mean(ours):.1f} nm, against random"
        ratio = mean(ours) / mean(chance)
        baseline = f"{mean(strings) / mean(chance):.2f} (random per label string)"
        if aim is Aim.REPRESENTATIVE:
            report.at_most(name, ratio, unit="ratio", target=0.7, baseline=baseline)
        else:
            report.inform(name, ratio, unit="ratio", baseline=baseline)
        nearer = sum(one < other for one, other in zip(ours, chance, strict=True))
        report.inform(f"{aim}: grids where it is nearer than random", nearer, unit="grids")
    report.inform("random: distance to the grid's ice", mean(chance), unit="nm")
    report.leave_out(
        "the aim `best`: it is meant to differ from the grid; real grids, whose ice is not known"
    )
    return report


if __name__ == "__main__":
    raise SystemExit(main(claims))

"""Decides how the specimen moved during a movie, and whether that could be measured at all.

Shifts between all pairs of groups are solved robustly (after MotionCorr, Li et al. 2013, with
Xmipp's rejection of outliers); where single pairs drown in noise the specimen is first taken to be
at rest. From there the path climbs to the best agreement of all groups, first as a stiff path, then
as an ever more flexible one. Everything is done on two halves of the coefficients apart: what one
half finds must hold in the other, which decides how flexible the path may be and whether motion is
claimed at all. Last, frequencies are weighed by what the frames were found to share there; where
electrons are few, that is done once more with finer detail, which tells most about shifts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray, FloatImage
from smartscope.analysis.movies.correlation import pair_shifts, weight
from smartscope.analysis.movies.refine import agreement, refine
from smartscope.analysis.movies.side_by_side import side_by_side
from smartscope.analysis.movies.signal_weights import signal_weights
from smartscope.analysis.movies.solve import bending, solve_robust
from smartscope.analysis.movies.spectra import GroupSpectra

SIGNIFICANT_Z: Final = 5.0
# Motion must explain the unseen half better than rest by one sd: rest is the simpler answer.
_WORTH_Z: Final = 1.0
_CLEAR_PEAK_Z: Final = 5.0
_PAIR_B_SQUARE_ANGSTROM: Final = (150.0, 300.0, 600.0, 1200.0)
_CLEAR_B_SQUARE_ANGSTROM: Final = 100.0
_PATH_B_SQUARE_ANGSTROM: Final = (30.0, 100.0, 300.0, 1000.0)
# Fewer coefficients than this share so little that their z has long tails.
_FEWEST_CELLS: Final = 150.0
_EVENNESS: Final = (3000.0, 300.0, 30.0, 3.0, 0.3, 0.0)
# The specimen moves in a burst during the first 4 e/Å² and evenly later, so a path may bend early.
_BURST_DOSE_E_PER_A2: Final = 4.0
_LATE_BENDING: Final = 0.05
_BURST_DOSES_E_PER_A2: Final = (2.0, 6.0)
_FEWEST_FOR_A_BURST: Final = 8


_Paths = tuple[FloatArray, FloatArray]


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """Positions (groups, 2), x, y in Å, mean 0, and what speaks for them.

    `measured` is False when groups share nothing that could be followed: then positions are 0 and
    `error_angstrom` is None. `evidence_z` is how many sd above noise the halves confirm each other.
    `reached` (groups,) is False where pairs gave the path and none of that group was usable.
    `evenness` is how stiff the path was held and `apart` what each half of the data found by
    itself; None where there is no path but rest.
    """

    positions_angstrom: FloatArray
    measured: bool
    error_angstrom: float | None
    evidence_z: float
    reached: NDArray[np.bool_]
    evenness: float | None = None
    apart: _Paths | None = None


@dataclass(frozen=True, slots=True, eq=False)
class _Halves:
    """The two halves of the coefficients and how stiff a path through the groups is."""

    parts: tuple[GroupSpectra, GroupSpectra]
    stiffness: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class _Trial:
    """Paths of both halves, found apart, and how well each holds in the other."""

    b_square_angstrom: float
    evenness: float
    paths: _Paths
    evidence_z: float
    reached: NDArray[np.bool_]


def measure_motion(spectra: GroupSpectra, *, dose_per_frame_e_per_a2: float) -> Motion:
    """Measure the shifts of all groups, or say that it cannot be done."""
    groups = len(spectra.values)
    rest = np.zeros((groups, 2))
    everywhere = np.ones(groups, dtype=np.bool_)
    if groups < 2:
        return Motion(rest, False, None, 0.0, everywhere)
    halves = _Halves(
        (spectra.columns(0), spectra.columns(1)),
        _stiffness(spectra, dose_per_frame_e_per_a2),
    )
    pairs, clear = _from_pairs(halves)
    if clear:
        best = _best_path(halves, [pairs], [_CLEAR_B_SQUARE_ANGSTROM])
    else:
        best = _best_path(halves, [(rest, rest, everywhere), pairs], _blurs(halves.parts[0]))
    at_rest = _evidence(halves, best.b_square_angstrom, (rest, rest))
    if max(best.evidence_z, at_rest) < SIGNIFICANT_Z:
        return Motion(rest, False, None, best.evidence_z, everywhere)
    middle = 0.5 * (best.paths[0] + best.paths[1])
    positions, apart, weights = _settled(spectra, halves, middle, best.evenness)
    if _agreed(halves, weights, apart) < _agreed(halves, weights, (rest, rest)) + _WORTH_Z:
        return Motion(rest, True, _half_apart(apart), at_rest, everywhere)
    return Motion(
        positions,
        measured=True,
        error_angstrom=_half_apart(apart),
        evidence_z=best.evidence_z,
        reached=best.reached,
        evenness=best.evenness,
        apart=apart,
    )


def sharpened(motion: Motion, spectra: GroupSpectra, *, dose_per_frame_e_per_a2: float) -> Motion:
    """The same motion climbed on in spectra of the same groups that reach finer detail.

    Frequencies weigh what the frames share there under `motion`. It is kept where the halves of the
    finer spectra, each under the other's path, agree better than under the paths they had.
    """
    if motion.evenness is None or motion.apart is None:
        return motion
    halves = _Halves(
        (spectra.columns(0), spectra.columns(1)),
        _stiffness(spectra, dose_per_frame_e_per_a2),
    )
    positions, apart, weights = _settled(
        spectra, halves, motion.positions_angstrom, motion.evenness
    )
    if _agreed(halves, weights, apart) < _agreed(halves, weights, motion.apart):
        return motion
    return replace(
        motion, positions_angstrom=positions, error_angstrom=_half_apart(apart), apart=apart
    )


def _settled(
    spectra: GroupSpectra, halves: _Halves, start: FloatArray, evenness: float
) -> tuple[FloatArray, _Paths, list[FloatImage]]:
    """The path of all coefficients, those of the halves, and what each half's weigh: what the
    groups share under `start`, from where all climb.
    """

    def settle(part: GroupSpectra) -> tuple[FloatArray, FloatImage]:
        weights = signal_weights(part, start)
        stiffness = halves.stiffness
        return refine(part, weights, start, evenness=evenness, stiffness=stiffness), weights

    (positions, _), first, second = side_by_side(settle, (spectra, *halves.parts))
    return positions, (first[0], second[0]), [first[1], second[1]]


def _half_apart(paths: _Paths) -> float:
    """The standard error of the mean of two independent paths, an axis."""
    return 0.5 * float(np.sqrt(np.mean((paths[0] - paths[1]) ** 2)))


def _stiffness(spectra: GroupSpectra, dose_per_frame: float) -> FloatArray:
    """What bending costs a path (groups, groups); even motion and bursts that die away are free.

    A burst is any sum of two exponentials of the dose: that is how specimens move, and a cost on it
    would pull the first frames back to where the others are.
    """
    groups = len(spectra.values)
    stiffness = bending(groups, _bending_weights(spectra, dose_per_frame))
    if groups < _FEWEST_FOR_A_BURST:
        return stiffness
    dose = (spectra.frame_numbers + 0.5) * dose_per_frame
    bursts = np.exp(-dose[:, None] / np.array(_BURST_DOSES_E_PER_A2))
    pull = stiffness @ bursts
    free: FloatArray = stiffness - pull @ np.linalg.pinv(bursts.T @ pull, rcond=1e-9) @ pull.T
    return free


def _bending_weights(spectra: GroupSpectra, dose_per_frame: float) -> FloatArray:
    dose = (spectra.frame_numbers[1:-1] + 0.5) * dose_per_frame
    ease = _LATE_BENDING + np.exp(-dose / _BURST_DOSE_E_PER_A2)
    result: FloatArray = (_LATE_BENDING / ease) ** 2
    return result


_Start = tuple[FloatArray, FloatArray, NDArray[np.bool_]]


def _from_pairs(halves: _Halves) -> tuple[_Start, bool]:
    """Both halves solved from their own pairs, by the least blur that shows clear peaks, if any."""
    clear = False
    for b_square_angstrom in _PAIR_B_SQUARE_ANGSTROM:
        pairs = [
            pair_shifts(part, weight(part, b_square_angstrom=b_square_angstrom))
            for part in halves.parts
        ]
        clear = bool(np.median(np.concatenate([p.peak_z for p in pairs])) >= _CLEAR_PEAK_Z)
        if clear:
            break
    first, second = (solve_robust(pair, len(halves.stiffness)) for pair in pairs)
    reached = first.reached | second.reached
    return (first.positions_angstrom, second.positions_angstrom, reached), clear


def _best_path(halves: _Halves, starts: list[_Start], blurs: list[float]) -> _Trial:
    """The start and blur that the stiffest paths confirm best, made as flexible as holds."""
    stiff = (
        trial
        for start in starts
        for b in blurs
        for trial in _loosened(halves, b, start, _EVENNESS[:1])
    )
    best = max(stiff, key=lambda trial: trial.evidence_z)
    start = (*best.paths, best.reached)
    for trial in _loosened(halves, best.b_square_angstrom, start, _EVENNESS[1:]):
        if trial.evidence_z < best.evidence_z - _WORTH_Z:
            break
        best = max(best, trial, key=lambda each: each.evidence_z)
    return best


def _blurs(half: GroupSpectra) -> list[float]:
    """The B factors (Å²) that leave enough coefficients in a half to judge by; at least one."""

    def cells(b_square_angstrom: float) -> float:
        weights = weight(half, b_square_angstrom=b_square_angstrom).astype(np.float64)
        return float(weights.sum() ** 2 / max((weights**2).sum(), 1e-30))

    kept = [b for b in _PATH_B_SQUARE_ANGSTROM if cells(b) >= _FEWEST_CELLS]
    return kept or [_PATH_B_SQUARE_ANGSTROM[0]]


def _loosened(
    halves: _Halves, b_square_angstrom: float, start: _Start, evenness: tuple[float, ...]
) -> Iterator[_Trial]:
    """Trials of falling evenness, each from the last one's paths."""
    paths, reached = (start[0], start[1]), start[2]
    weights = [weight(part, b_square_angstrom=b_square_angstrom) for part in halves.parts]
    for even in evenness:
        paths = _both_refined(halves, weights, paths, even)
        evidence = _evidence(halves, b_square_angstrom, paths)
        yield _Trial(b_square_angstrom, even, paths, evidence, reached)


def _both_refined(
    halves: _Halves,
    weights: Sequence[FloatImage],
    paths: _Paths,
    evenness: float,
) -> _Paths:
    """Each half's path climbed in its own data."""

    def climb(half: int) -> FloatArray:
        return refine(
            halves.parts[half],
            weights[half],
            paths[half],
            evenness=evenness,
            stiffness=halves.stiffness,
        )

    first, second = side_by_side(climb, (0, 1))
    return first, second


def _evidence(halves: _Halves, b_square_angstrom: float, paths: _Paths) -> float:
    """z of each half's agreement under the other half's path, taken together."""
    weights = [weight(part, b_square_angstrom=b_square_angstrom) for part in halves.parts]
    return _agreed(halves, weights, paths)


def _agreed(halves: _Halves, weights: Sequence[FloatImage], paths: _Paths) -> float:
    """The same with the weights of each half."""
    found = [
        agreement(part, each, path)
        for part, each, path in zip(halves.parts, weights, paths[::-1], strict=True)
    ]
    noise = float(np.sqrt(sum(each.variance for each in found)))
    return sum(each.value for each in found) / noise if noise > 0.0 else 0.0

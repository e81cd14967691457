"""The robust solution follows the many pairs that agree and ignores the few that do not."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis.movies.correlation import PairShifts
from smartscope.analysis.movies.solve import solve_least_squares, solve_robust
from tests.analysis.movies.moving_specimen import burst_and_drift, rmse


def pairs_of(
    positions: np.ndarray, *, wild_share: float, seed: int, noise: float = 0.3
) -> PairShifts:
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(len(positions), k=1)
    shift = positions[second] - positions[first] + rng.normal(0.0, noise, (len(first), 2))
    wild = rng.random(len(first)) < wild_share
    shift[wild] = rng.uniform(-40.0, 40.0, (int(wild.sum()), 2))
    return PairShifts(first, second, shift, np.full(len(first), 6.0))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("wild_share", [0.2, 0.4])
def test_wild_pairs_do_not_move_the_solution(wild_share: float, seed: int) -> None:
    true = burst_and_drift(40)
    true -= true.mean(axis=0)
    pairs = pairs_of(true, wild_share=wild_share, seed=seed)
    robust = rmse(solve_robust(pairs, 40).positions_angstrom, true)
    assert robust < 0.15
    assert robust < 0.1 * rmse(solve_least_squares(pairs, 40), true)


def test_without_wild_pairs_it_is_as_good_as_least_squares() -> None:
    true = burst_and_drift(30)
    true -= true.mean(axis=0)
    pairs = pairs_of(true, wild_share=0.0, seed=9)
    robust = rmse(solve_robust(pairs, 30).positions_angstrom, true)
    assert robust < 1.5 * rmse(solve_least_squares(pairs, 30), true)


def test_exact_pairs_give_the_exact_path() -> None:
    true = burst_and_drift(12)
    true -= true.mean(axis=0)
    pairs = pairs_of(true, wild_share=0.0, seed=1, noise=0.0)
    assert rmse(solve_least_squares(pairs, 12), true) < 1e-6


def test_a_group_that_no_pair_reaches_is_placed_between_its_neighbours_and_said() -> None:
    true = np.stack([np.linspace(0, 20, 21), np.linspace(0, -10, 21)], axis=1)
    true -= true.mean(axis=0)
    pairs = pairs_of(true, wild_share=0.0, seed=2, noise=0.02)
    lost = (pairs.first == 10) | (pairs.second == 10)
    pairs.shift_angstrom[lost] = np.random.default_rng(3).uniform(-40, 40, (int(lost.sum()), 2))
    solution = solve_robust(pairs, 21)
    assert np.abs(solution.positions_angstrom - true).max() < 0.3
    assert list(np.flatnonzero(~solution.reached)) == [10]

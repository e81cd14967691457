"""Ice classes over a whole grid: exact one-dimensional k-means on log intensity, darkest one
judged.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from smartscope.analysis.base import FloatArray, IntArray
from smartscope.analysis.compiled import compiled

MOST_CLUSTERS = 6
SMALLEST_SD = 1e-4
MIXTURE_ROUNDS = 200


@dataclass(frozen=True, slots=True)
class Partition:
    """Values in ascending clusters: `cluster` (N,) per value, means and sizes per cluster."""

    cluster: IntArray
    means: FloatArray
    sizes: IntArray
    squared_error: float

    def __len__(self) -> int:
        return len(self.means)


def partition(values: FloatArray, clusters: int) -> Partition:
    """The split of values (N,) into at most `clusters` intervals with the least squared error:
    exact.

    Dynamic programming with monotone splits (divide and conquer), after Wang and Song (2011, one-
    dimensional optimal k-means) and the monotonicity of its optimal split points.
    """
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    count = min(clusters, len(np.unique(ordered)))
    sums = np.concatenate([[0.0], np.cumsum(ordered - ordered.mean())])
    squares = np.concatenate([[0.0], np.cumsum((ordered - ordered.mean()) ** 2)])
    starts = _optimal_starts(sums, squares, count)
    bounds = np.append(starts, len(ordered))
    cluster = np.empty(len(values), dtype=np.int64)
    cluster[order] = np.repeat(np.arange(count), np.diff(bounds))
    means = np.array([ordered[a:b].mean() for a, b in pairwise(bounds)])
    error = float(((values - means[cluster]) ** 2).sum())
    return Partition(cluster, means, np.diff(bounds).astype(np.int64), error)


def best_partition(values: FloatArray, most: int = MOST_CLUSTERS) -> Partition:
    """The number of clusters, 1 to `most`, with the lowest Bayesian information criterion.

    Shared variance and free shares: halving one normal distribution costs more than it explains.
    """
    options = [partition(values, k) for k in range(1, most + 1)]
    scores = [_information(option, len(values)) for option in options]
    return options[int(np.argmin(scores))]


def ashman_d(values: FloatArray, division: Partition) -> float | None:
    """Separation of the darkest cluster from the next: √2 |μ1 - μ2| / √(σ1² + σ2²), above 2 is
    apart.

    Means and widths are of two normals fitted to both clusters together, because the widths of
    intervals alone are too small and would call every distribution separated (Ashman et al. 1994).
    """
    if len(division) < 2:
        return None
    pair = values[division.cluster <= 1]
    dark = (division.cluster[division.cluster <= 1] == 0).astype(np.float64)
    for _ in range(MIXTURE_ROUNDS):
        share, mean_a, sd_a = _weighted(pair, dark)
        _, mean_b, sd_b = _weighted(pair, 1 - dark)
        log_a = math.log(max(share, 1e-9) / sd_a) - 0.5 * ((pair - mean_a) / sd_a) ** 2
        log_b = math.log(max(1 - share, 1e-9) / sd_b) - 0.5 * ((pair - mean_b) / sd_b) ** 2
        dark = 1 / (1 + np.exp(np.clip(log_b - log_a, -60, 60)))
    return float(math.sqrt(2) * abs(mean_a - mean_b) / math.hypot(sd_a, sd_b))


def _weighted(values: FloatArray, weight: FloatArray) -> tuple[float, float, float]:
    total = max(float(weight.sum()), 1e-9)
    mean = float((values * weight).sum()) / total
    variance = float((weight * (values - mean) ** 2).sum()) / total
    return total / len(values), mean, max(math.sqrt(variance), SMALLEST_SD)


def _information(division: Partition, count: int) -> float:
    variance = max(division.squared_error / count, SMALLEST_SD**2)
    shares = division.sizes / count
    likelihood = float((division.sizes * np.log(shares)).sum()) - 0.5 * count * (
        math.log(2 * math.pi * variance) + 1
    )
    return 2 * len(division) * math.log(count) - 2 * likelihood


@compiled
def _optimal_starts(sums: FloatArray, squares: FloatArray, clusters: int) -> IntArray:
    """First position of each cluster; prefix sums of centred values and of their squares."""
    count = len(sums) - 1
    cost = np.empty((clusters, count + 1))
    split = np.zeros((clusters, count + 1), dtype=np.int64)
    for end in range(1, count + 1):
        cost[0, end] = squares[end] - sums[end] ** 2 / end
    cost[0, 0] = 0.0
    stack = np.empty((2 * count + 4, 4), dtype=np.int64)
    for layer in range(1, clusters):
        for end in range(layer + 1):
            cost[layer, end] = np.inf
        depth = 1
        stack[0, 0], stack[0, 1], stack[0, 2], stack[0, 3] = layer + 1, count, layer, count - 1
        while depth > 0:
            depth -= 1
            first, last, low, high = stack[depth]
            if first > last:
                continue
            middle = (first + last) // 2
            best, best_cost = low, np.inf
            for start in range(low, min(high, middle - 1) + 1):
                length = middle - start
                inside = squares[middle] - squares[start]
                total = cost[layer - 1, start] + inside - (sums[middle] - sums[start]) ** 2 / length
                if total < best_cost:
                    best, best_cost = start, total
            cost[layer, middle], split[layer, middle] = best_cost, best
            stack[depth, 0], stack[depth, 1] = first, middle - 1
            stack[depth, 2], stack[depth, 3] = low, best
            stack[depth + 1, 0], stack[depth + 1, 1] = middle + 1, last
            stack[depth + 1, 2], stack[depth + 1, 3] = best, high
            depth += 2
    starts = np.zeros(clusters, dtype=np.int64)
    end = count
    for layer in range(clusters - 1, 0, -1):
        starts[layer] = split[layer, end]
        end = starts[layer]
    return starts

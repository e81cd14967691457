"""Make ready what the first grouping of holes would otherwise wait for."""

from __future__ import annotations

from smartscope.analysis import pipeline
from smartscope.domain.geometry import Point


def make_grouping_ready() -> None:
    """Kernels are compiled, or read from their cache."""
    row = [Point(2.5 * n, 0.0) for n in range(8)]
    pipeline.group(row, radius_um=4.0)

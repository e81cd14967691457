"""Runs a few pieces of array work beside one another, on as many processors as there are.

Only work that gives up the interpreter's lock gains: transforms, large numpy steps, compiled loops.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

_MOST_THREADS: Final = 8

Item = TypeVar("Item")
Result = TypeVar("Result")


def processors() -> int:
    """How many this process may use; at most 8."""
    return min(_MOST_THREADS, len(os.sched_getaffinity(0)))


def side_by_side(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """`work` of each item, in order; no thread is left behind, and the first error is raised."""
    if len(items) < 2 or processors() < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(len(items), processors()), "side-by-side") as pool:
        return list(pool.map(work, items))

"""Simulated exposures of the test part, as the benchmarks of quality and dirt share them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from benchmarks.kept_exposures import KeptExposures
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.training.exposures.samples import ExposureSample
from smartscope.training.split import Split

SEED = 3
_MOST_NUMBERS = 20_000


def unseen_exposures(
    each: int, wanted: tuple[ExposureClass, ...] = CLASSES
) -> Iterator[ExposureSample]:
    """About `each` exposures sought of every wanted class, on grids that nothing was fitted on."""
    sought: Counter[ExposureClass] = Counter()
    exposures = KeptExposures(SEED, Split.TEST)
    for number in range(_MOST_NUMBERS):
        aim = CLASSES[number % len(CLASSES)]
        if aim not in wanted or sought[aim] == each:
            continue
        shown = exposures[number]
        if shown is not None:
            sought[aim] += 1
            yield shown
        if all(sought[aim] == each for aim in wanted):
            return

"""Holes on randomised squares no training saw: all films, scales, tilts, doses, kinds of square.

Harder than `benchmarks.holes` on purpose: thick, torn, dirty and tilted squares at 8 to 160 pixels
per pitch. Targets are those of the plain squares and stand for what is wanted here as well.
"""

from __future__ import annotations

from collections import defaultdict

from benchmarks.report import Report, main
from smartscope.analysis import registry
from smartscope.training.holes.judging import enough_holes, judge
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

SEED = 2
SQUARES, QUICK_SQUARES = 60, 12
WANTED = 0.98
BASELINE = "classical-holes"


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Precision, recall and centre error of the shipped network beside the classical finder."""
    name = "network-holes"
    report = Report(f"Holes on held-out randomised squares (test split of seed {SEED}): {name}")
    squares = _squares(QUICK_SQUARES if quick else SQUARES)
    _compare(report, name, "all films", squares)
    by_film: dict[str, list[SquareSample]] = defaultdict(list)
    for sample in squares:
        by_film[sample.film.name].append(sample)
    for film, some in sorted(by_film.items()):
        if not quick:
            _compare(report, name, film, some)
    return report


def _squares(count: int) -> list[SquareSample]:
    found: list[SquareSample] = []
    for sample in stream_square_images(SEED, Split.TEST):
        if enough_holes(sample):
            found.append(sample)
        if len(found) == count:
            break
    return found


def _compare(report: Report, name: str, what: str, squares: list[SquareSample]) -> None:
    ours, plain = (judge(registry.finder(n), squares) for n in (name, BASELINE))
    for measure in ("precision", "recall"):
        report.at_least(
            f"{what}, {len(squares)} squares: {measure}",
            ours[measure],
            unit="fraction",
            target=WANTED,
            baseline=plain[measure],
            baseline_name=BASELINE,
        )
    report.at_most(
        f"{what}: centre error",
        ours["centre_error_diameters"],
        unit="diameters",
        target=0.04,
        baseline=plain["centre_error_diameters"],
        baseline_name=BASELINE,
    )


if __name__ == "__main__":
    raise SystemExit(main(claims))

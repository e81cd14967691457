"""Which hole finder should look first: the shipped chain beside the same chain turned round.

On plain squares of every film with a lattice, at a usual and at another scale or tilt, and on
held-out randomised squares. Each answer is what the acceptance let through, as in a session.
"""

from __future__ import annotations

from dataclasses import dataclass

from benchmarks.hole_finders import found_holes
from benchmarks.hole_scenes import squares_of, truth_of, view
from benchmarks.holes import HOLEY, QUICK_VARIATIONS
from benchmarks.report import Report, main, mean
from benchmarks.scenes import SquareScene
from smartscope.analysis import registry
from smartscope.analysis.base import FindContext, Finder, Findings, Image
from smartscope.analysis.chains import HOLE_FINDERS
from smartscope.analysis.detection.acceptance import judge_holes
from smartscope.analysis.detection.chain import best_attempt, run_chain
from smartscope.analysis.manifest import Manifest
from smartscope.microscope.simulator.specimen.spec import Preset
from smartscope.training.holes.judging import enough_holes, judge
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

SEED = 2
SQUARES, QUICK_SQUARES = 60, 8
QUICK_FILMS = 4
WANTED = 0.98


@dataclass(frozen=True, slots=True)
class Chained:
    """A whole chain as one finder."""

    finders: tuple[Finder, ...]

    @property
    def manifest(self) -> Manifest:
        """The first one's."""
        return self.finders[0].manifest

    def find(self, image: Image, context: FindContext) -> Findings:
        """The answer that a session would take."""
        return best_attempt(run_chain(self.finders, image, context, judge_holes)).found


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Precision and recall of the chain in both orders."""
    present = tuple(registry.finder(name) for name in HOLE_FINDERS if _is_there(name))
    shipped, turned = Chained(present), Chained(present[::-1])
    named = f"{turned.manifest.name} first"
    report = Report(f"The order of hole finders: {shipped.manifest.name} first")
    views = _views(QUICK_FILMS if quick else len(HOLEY))
    ours, theirs = (_plain(chain, views) for chain in (shipped, turned))
    for number, part in enumerate(("precision", "recall")):
        here, there = ([score[number] for score in scores] for scores in (ours, theirs))
        report.at_least(
            f"{len(views)} plain squares: {part}",
            mean(here),
            unit="fraction",
            target=WANTED,
            baseline=mean(there),
            baseline_name=named,
        )
        report.inform(
            f"{len(views)} plain squares: {part}, worst",
            min(here),
            unit="fraction",
            baseline=min(there),
            baseline_name=named,
        )
    squares = _squares(QUICK_SQUARES if quick else SQUARES)
    ours_there, theirs_there = (judge(chain, squares) for chain in (shipped, turned))
    for part in ("precision", "recall"):
        report.inform(
            f"{len(squares)} held-out randomised squares: {part}",
            ours_there[part],
            unit="fraction",
            baseline=theirs_there[part],
            baseline_name=named,
        )
    return report


def _is_there(name: str) -> bool:
    try:
        registry.finder(name)
    except registry.PluginUnavailable:
        return False
    return True


def _views(films: int) -> list[SquareScene]:
    scenes = []
    for number, film in enumerate(HOLEY[:films]):
        specimen, squares = squares_of(film, Preset.GOOD)
        zoom, tilt_deg = QUICK_VARIATIONS[number % len(QUICK_VARIATIONS)]
        scenes.append(view(specimen, squares[0]))
        scenes.append(view(specimen, squares[-1], zoom=zoom, tilt_deg=tilt_deg))
    return scenes


def _plain(chain: Finder, scenes: list[SquareScene]) -> list[tuple[float, float]]:
    scores = [
        truth_of(scene).score(found_holes(chain, scene.image, scene.context)) for scene in scenes
    ]
    return [(score.precision, score.recall) for score in scores]


def _squares(count: int) -> list[SquareSample]:
    found: list[SquareSample] = []
    for sample in stream_square_images(SEED, Split.TEST):
        if enough_holes(sample):
            found.append(sample)
        if len(found) == count:
            break
    return found


if __name__ == "__main__":
    raise SystemExit(main(claims))

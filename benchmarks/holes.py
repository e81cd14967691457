"""Holes on simulated squares of every film, and on labelled real squares, by every finder there is.

`--pictures DIR` writes each labelled real square with every finder's answer drawn on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.hole_finders import found_holes, hole_finders, without_lattice
from benchmarks.hole_scenes import Score, squares_of, truth_of, view
from benchmarks.real_holes import real_claims
from benchmarks.report import Report, main, mean
from benchmarks.scenes import SquareScene
from smartscope.analysis.base import Finder
from smartscope.domain.protocol import HOLE_TYPES
from smartscope.microscope.simulator.specimen.spec import FILMS, Preset

FOUND = 0.98
ROUGH = 0.95
ERROR_DIAMETERS = 0.04
ERROR_NM = 50.0
#: (zoom, tilt in degrees): half to twice the usual magnification, and tilted
VARIATIONS = ((0.5, 0.0), (0.7, 0.0), (1.4, 0.0), (2.0, 0.0), (1.0, 30.0), (1.0, 45.0))
#: of these one for each film in turn when there is little time
QUICK_VARIATIONS = ((0.5, 0.0), (2.0, 0.0), (1.0, 45.0))
ROUGH_PRESETS = (Preset.CONTAMINATED, Preset.THICK, Preset.DRY, Preset.DAMAGED)

#: lacey and continuous films have no holes on a lattice
HOLEY = tuple(name for name in FILMS if HOLE_TYPES[name].pitch_um is not None)

Answers = dict[str, list[Score]]


def claims(
    quick: bool,  # noqa: FBT001  the shared form of every benchmark
    pictures: Path | None = None,
) -> Report:
    """Holes by film on simulated squares, then on real ones."""
    finders, absent = hole_finders()
    report = Report("Holes on squares: every film of the simulator, and labelled real images")
    for number, film in enumerate(HOLEY[::2] if quick else HOLEY):
        turn = QUICK_VARIATIONS[number % len(QUICK_VARIATIONS)]
        _film(report, finders, film, (turn,) if quick else VARIATIONS)
    if quick:
        report.leave_out("every film at every scale and tilt, and rough grids: without --quick.")
    else:
        _rough(report, finders)
    real_claims(report, finders, pictures)
    for reason in absent:
        report.leave_out(reason)
    return report


def _film(
    report: Report,
    finders: tuple[Finder, ...],
    film: str,
    variations: tuple[tuple[float, float], ...],
) -> None:
    """One film on good squares: as usual, then at other scales and tilted."""
    specimen, squares = squares_of(film, Preset.GOOD)
    whole = len(variations) > 1
    usual, seconds = _answers(finders, (view(specimen, s) for s in squares[: 3 if whole else 1]))
    square = squares[1] if len(squares) > 1 else squares[0]
    other = {
        f"x{zoom:g}" if not tilt else f"{tilt:.0f}°": _answers(
            finders, [view(specimen, square, zoom=zoom, tilt_deg=tilt)]
        )[0]
        for zoom, tilt in variations
    }
    for finder in finders:
        name = finder.manifest.name
        what = f"{film}, {name}"
        _two(report, what, usual[name], usual["baseline"], FOUND)
        _error(report, what, usual[name], usual["baseline"])
        for part in ("precision", "recall"):
            values = {key: getattr(answers[name][0], part) for key, answers in other.items()}
            worst = min(values, key=lambda key: values[key])
            report.at_least(
                f"{what}: {part}, worst of {', '.join(values)} ({worst})",
                values[worst],
                unit="fraction",
                target=FOUND,
                baseline=min(getattr(a["baseline"][0], part) for a in other.values()),
                baseline_name="no lattice",
            )
        report.inform(f"{what}: time, 1024²", mean(seconds[name]), unit="s")


def _rough(report: Report, finders: tuple[Finder, ...]) -> None:
    """All films on grids with dirt, thick ice, dry squares and torn foil, one square of each."""
    for preset in ROUGH_PRESETS:
        pictures = (
            view(specimen, squares[0])
            for specimen, squares in (squares_of(film, preset) for film in HOLEY)
            if squares
        )
        answers, _ = _answers(finders, pictures)
        for finder in finders:
            name = finder.manifest.name
            _two(report, f"{preset}, all films, {name}", answers[name], answers["baseline"], ROUGH)


def _answers(
    finders: tuple[Finder, ...], pictures: Iterator[SquareScene] | list[SquareScene]
) -> tuple[Answers, dict[str, list[float]]]:
    """Scores of each finder and of the baseline on the same pictures, and seconds."""
    scores: Answers = {"baseline": [], **{finder.manifest.name: [] for finder in finders}}
    seconds: dict[str, list[float]] = {finder.manifest.name: [] for finder in finders}
    for scene in pictures:
        truth = truth_of(scene)
        scores["baseline"].append(truth.score(without_lattice(scene)))
        for finder in finders:
            started = time.perf_counter()
            places = found_holes(finder, scene.image, scene.context)
            seconds[finder.manifest.name].append(time.perf_counter() - started)
            scores[finder.manifest.name].append(truth.score(places))
    return scores, seconds


def _two(report: Report, what: str, ours: list[Score], plain: list[Score], target: float) -> None:
    parts: dict[str, Callable[[Score], float]] = {
        "precision": lambda score: score.precision,
        "recall": lambda score: score.recall,
    }
    for part, value in parts.items():
        report.at_least(
            f"{what}: {part}",
            mean(value(score) for score in ours),
            unit="fraction",
            target=target,
            baseline=mean(value(score) for score in plain),
            baseline_name="no lattice",
        )


def _error(report: Report, what: str, ours: list[Score], plain: list[Score]) -> None:
    diameter_nm = ours[0].error_nm / max(ours[0].error_diameters, 1e-9)
    report.at_most(
        f"{what}: centre error",
        mean(score.error_nm for score in ours),
        unit="nm",
        target=round(max(ERROR_NM, ERROR_DIAMETERS * diameter_nm)),
        baseline=mean(score.error_nm for score in plain),
        baseline_name="no lattice",
    )


def _pictures() -> Path | None:
    """The folder after `--pictures`, taken out of the arguments."""
    if "--pictures" not in sys.argv[1:-1]:
        return None
    place = sys.argv.index("--pictures")
    folder = Path(sys.argv[place + 1])
    del sys.argv[place : place + 2]
    return folder


if __name__ == "__main__":
    raise SystemExit(main(partial(claims, pictures=_pictures())))

"""What twenty clicks are worth: a person who knows the truth corrects two exposures of a grid, and
what was learnt is judged on three others of it that nobody saw.

The person takes false picks away and adds missed particles, in random order, a twentieth of a
diameter beside the middle. A grid that leaves fewer than six to correct, or whose clicks the
learner declines (none of them an added particle), is left as it is. Usual exposures leave little to
gain; faint ones, of the same grids at a third of the dose and close to focus, were chosen by that
alone, before anything was run on them.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from benchmarks.picking_sets import SEED, Shown, real_micrographs, shown
from benchmarks.report import Report, main
from smartscope.analysis import chains, registry
from smartscope.analysis.base import FloatArray
from smartscope.analysis.picking.diameter import measured_diameter
from smartscope.analysis.picking.learnt import Clicked, LearntPicker, taught
from smartscope.analysis.picking.matched import NO_SIZE, coarse_micrograph, none_found
from smartscope.analysis.picking.matching import assigned
from smartscope.analysis.picking.people import Told
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.scoring import ImageScore, score_image, score_set
from smartscope.domain.errors import InvalidInput
from smartscope.domain.particles import FEWEST_CLICKS
from smartscope.microscope.simulator.specimen.phantoms import DIAMETER_NM
from smartscope.training.picking.micrographs import (
    FAINT,
    PICKING_CAMERA,
    USUAL,
    Contrast,
    grid_numbers,
    micrographs_of,
)
from smartscope.training.split import Split

CLICKS, CLICKED, EXPOSURES = 20, 2, 5
GRIDS = 2
LEAST_GAIN = 0.03
MOST_LOSS = 0.02
MOST_SECONDS = 300.0
ASTRAY = 0.05
CAMERA = replace(PICKING_CAMERA, name="clicks", width_px=1280, height_px=1280)


@dataclass(slots=True)
class _Sum:
    """Held-out images before and after, over grids."""

    before: list[ImageScore] = field(default_factory=list)
    after: list[ImageScore] = field(default_factory=list)
    gains: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    hidden: list[float] = field(default_factory=list)
    left: int = 0

    def join(self, other: _Sum) -> None:
        """Add another's."""
        self.before += other.before
        self.after += other.after
        self.gains += other.gains
        self.seconds += other.seconds
        self.hidden += other.hidden
        self.left += other.left

    def leave(self, old: list[ImageScore]) -> None:
        """A grid that nothing was learnt on."""
        self.after += old
        self.gains.append(0.0)
        self.left += 1


def claims(quick: bool) -> Report:  # noqa: FBT001 - as the shared form calls it
    """Learning from clicks."""
    report = Report("Twenty clicks on two exposures of a grid: what they are worth on three others")
    for contrast, words in ((USUAL, "usual"), (FAINT, "faint")):
        _simulated(report, contrast, words, quick=quick)
    _real(report, quick=quick)
    return report


def _simulated(report: Report, contrast: Contrast, words: str, *, quick: bool) -> None:
    given, measured = _Sum(), _Sum()
    for species in sorted(DIAMETER_NM):
        own = _Sum()
        for number in grid_numbers(SEED, Split.TEST, species, 1 if quick else GRIDS):
            made = micrographs_of(SEED, number, EXPOSURES, camera=CAMERA, contrast=contrast)
            images = [shown(one) for one in made]
            if len(images) <= CLICKED:
                continue
            size = images[0].diameter_angstrom
            _grid(images, size, own, told=size)
            _grid(images, _shared(images), measured, told=None)
        given.join(own)
        if own.after:
            report.inform(
                f"{words}, {species} F1 ({own.left} grids left as they were)",
                score_set(own.after).f1,
                unit="F1",
                baseline=score_set(own.before).f1,
                baseline_name="no click",
            )
    for total, told in ((given, "size given"), (measured, "nothing given")):
        _report_sum(report, f"{words}, {told}", total)


def _report_sum(report: Report, words: str, total: _Sum) -> None:
    before, after = score_set(total.before), score_set(total.after)
    report.inform(
        f"{words}, F1 of {len(total.after)} unseen exposures",
        after.f1,
        unit="F1",
        baseline=before.f1,
        baseline_name="no click",
    )
    report.at_least(f"{words}, gain", after.f1 - before.f1, unit="F1", target=LEAST_GAIN)
    report.inform(
        f"{words}, average precision",
        after.average_precision,
        unit="AP",
        baseline=before.average_precision,
        baseline_name="no click",
    )
    report.at_most(
        f"{words}, most that a grid lost", -min(total.gains), unit="F1", target=MOST_LOSS
    )
    if total.hidden:
        report.inform(
            f"{words}, hidden clicks judged rightly, median",
            float(np.median(total.hidden)),
            unit="F1",
        )
    report.at_most(
        f"{words}, learning, most",
        max(total.seconds, default=0.0),
        unit="s processor",
        target=MOST_SECONDS,
    )


def _real(report: Report, *, quick: bool) -> None:
    pictures = list(real_micrographs())
    if quick or not pictures:
        report.leave_out(
            "clicks on β-galactosidase: with --quick, or the shared data are not here."
        )
        return
    size = pictures[0].diameter_angstrom
    for told, words in ((size, "size given"), (None, "nothing given")):
        total = _Sum()
        _grid(pictures, size, total, told=told, clicked=1)
        before, after = score_set(total.before), score_set(total.after)
        claim = f"{CLICKS} clicks on one β-gal picture, {words}, the other {len(total.after)}"
        report.inform(
            f"{claim}: F1", after.f1, unit="F1", baseline=before.f1, baseline_name="no click"
        )
        report.inform(
            f"{claim}: average precision",
            after.average_precision,
            unit="AP",
            baseline=before.average_precision,
            baseline_name="no click",
        )


def _shared(images: Sequence[Shown]) -> float | None:
    """As the service measures it: by all exposures of the grid together."""
    coarse = [
        coarse_micrograph(one.total, pixel_size_angstrom=one.pixel_size_angstrom, dirt=one.dirt)
        for one in images
    ]
    measured = measured_diameter(coarse)
    return None if measured is None else measured.angstrom


def _grid(
    images: Sequence[Shown],
    size: float | None,
    total: _Sum,
    *,
    told: float | None,
    clicked: int = CLICKED,
) -> None:
    before = [_unlearnt(one, size) for one in images]
    scores = [
        score_image(*pair) for pair in zip(before, (one.truth for one in images), strict=True)
    ]
    said = _clicks(list(zip(images, before, strict=True))[:clicked])
    held, old = images[clicked:], scores[clicked:]
    total.before += old
    if sum(len(one.told.particles_px) + len(one.told.none_px) for one in said) < FEWEST_CLICKS:
        total.leave(old)
        return
    began = time.process_time()
    try:
        made = taught(said, diameter_angstrom=told)
    except InvalidInput:
        total.leave(old)
        return
    total.seconds.append(time.process_time() - began)
    total.hidden.append(made.agreement.f1)
    new = [score_image(_learnt(made.picker, one), one.truth) for one in held]
    total.after += new
    total.gains.append(score_set(new).f1 - score_set(old).f1)


def _unlearnt(one: Shown, size: float | None) -> Picks:
    if size is None:
        return none_found(None, NO_SIZE)
    return registry.picker(chains.PICKER).pick(
        one.total,
        pixel_size_angstrom=one.pixel_size_angstrom,
        diameter_angstrom=size,
        dirt=one.dirt,
    )


def _learnt(picker: LearntPicker, one: Shown) -> Picks:
    return picker.pick(one.total, pixel_size_angstrom=one.pixel_size_angstrom, dirt=one.dirt)


def _clicks(corrected: Sequence[tuple[Shown, Picks]]) -> list[Clicked]:
    random = np.random.default_rng(SEED)
    every: list[tuple[int, bool, FloatArray]] = []
    for number, (one, picks) in enumerate(corrected):
        missed, false = _wrong(one, picks)
        beside = ASTRAY * one.truth.diameter_px
        every += [(number, True, at + random.normal(0.0, beside, 2)) for at in missed]
        every += [(number, False, at) for at in false]
    made = [every[at] for at in random.permutation(len(every))[:CLICKS]]
    return [
        Clicked(
            one.total,
            one.pixel_size_angstrom,
            Told(_of(made, number, particles=True), _of(made, number, particles=False)),
            one.dirt,
        )
        for number, (one, _) in enumerate(corrected)
    ]


def _of(made: list[tuple[int, bool, FloatArray]], number: int, *, particles: bool) -> FloatArray:
    found = [at for image, true, at in made if (image, true) == (number, particles)]
    return np.array(found, dtype=np.float64).reshape(-1, 2)


def _wrong(one: Shown, picks: Picks) -> tuple[FloatArray, FloatArray]:
    """Particles that were missed, and picks that are none, by the one rule of scoring."""
    truth, reach = one.truth, 0.5 * one.truth.diameter_px
    wanted = truth.centres_px[truth.counts(truth.centres_px)]
    sure = picks.centres_px[picks.scores >= picks.threshold]
    sure = sure[truth.counts(sure)]
    hits, found, _ = assigned(sure, wanted, reach)
    false = np.delete(sure, hits, axis=0)
    if truth.unsure_px is not None and len(truth.unsure_px) and len(false):
        away = np.hypot(*(truth.unsure_px[None] - false[:, None]).transpose(2, 0, 1))
        false = false[away.min(axis=1) >= reach]
    return np.delete(wanted, found, axis=0), false


if __name__ == "__main__":
    sys.exit(main(claims, sys.argv[1:]))

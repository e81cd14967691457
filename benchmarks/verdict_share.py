"""What share of a grid's holes nine exposures say is usable: counted, and each for its kind of ice.

Fifty simulated grids; squares and holes are chosen by the functions of a run, as diverse as it does
by default. A hole is usable when its true ice lies within limits; what else may spoil an exposure
is left out, so that the truth of the whole grid is known.
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from benchmarks.report import Report, main, mean
from benchmarks.selection import (
    GRIDS,
    HOLES,
    QUICK_GRIDS,
    SQUARES,
    SquareTruth,
    as_candidates,
    good_squares,
    hole_candidates,
)
from smartscope.domain.protocol import Aim
from smartscope.domain.selection import Candidate, choose
from smartscope.domain.usable_share import Kind, usable_share

#: ice (nm) of a usable hole
USABLE_NM = (15.0, 60.0)
DRAWS = 20
AIMS = (Aim.DIVERSE, Aim.REPRESENTATIVE)


def is_usable(ice_nm: float) -> bool:
    """By its ice alone."""
    return USABLE_NM[0] <= ice_nm <= USABLE_NM[1]


def shares(squares: list[SquareTruth], aim: Aim, seed: int) -> tuple[float, float]:
    """The share of usable holes by counting the exposures, and by what each stands for."""
    random = np.random.default_rng(seed)
    kinds: list[Kind] = []
    for chosen in choose(as_candidates(squares, random), SQUARES, aim=aim):
        square = squares[int(chosen.id)]
        candidates = hole_candidates(square, random)
        exposed = {each.id for each in choose(candidates, HOLES, aim=aim)}
        kinds += _kinds(chosen.id, square, candidates, exposed)
    judged = sum(kind.judged for kind in kinds)
    weighed = usable_share(kinds)
    assert weighed is not None, "nine holes were exposed"
    return sum(kind.usable for kind in kinds) / judged, weighed.share


def _kinds(
    name: str, square: SquareTruth, candidates: list[Candidate], exposed: set[str]
) -> list[Kind]:
    """The square's clusters of ice, with how many of each were exposed and usable."""
    size = Counter(each.clusters[0] for each in candidates)
    found = []
    for cluster, count in sorted(size.items()):
        members = [each for each in candidates if each.clusters[0] == cluster]
        taken = [each for each in members if each.id in exposed]
        found.append(
            Kind(
                square=name,
                grey=mean(each.value for each in members if each.value is not None),
                in_range=count,
                judged=len(taken),
                usable=sum(is_usable(float(square.holes[int(each.id), 2])) for each in taken),
            )
        )
    return found


def claims(quick: bool) -> Report:  # noqa: FBT001  the shared form of every benchmark
    """Errors of both shares against the whole grid's, over all grids."""
    report = Report("The share of usable holes that nine exposures say, against the whole grid")
    grids = [good_squares(number) for number in range(QUICK_GRIDS if quick else GRIDS)]
    grids = [squares for squares in grids if len(squares) >= SQUARES]
    truths = [
        float(np.mean([is_usable(ice) for square in squares for ice in square.holes[:, 2]]))
        for squares in grids
    ]
    for aim in AIMS:
        counted, weighed = [], []
        for squares, truth in zip(grids, truths, strict=True):
            for seed in range(2 if quick else DRAWS):
                by_count, by_kind = shares(squares, aim, seed)
                counted.append(by_count - truth)
                weighed.append(by_kind - truth)
        plain = mean(abs(error) for error in counted)
        error = mean(abs(each) for each in weighed)
        name = f"{aim}: mean error of the usable share"
        if aim is Aim.DIVERSE:
            report.at_most(
                name, error, unit="fraction", target=plain, baseline=plain, baseline_name="counted"
            )
        else:
            report.inform(name, error, unit="fraction", baseline=plain, baseline_name="counted")
        report.inform(
            f"{aim}: bias of the usable share",
            mean(weighed),
            unit="fraction",
            baseline=mean(counted),
            baseline_name="counted",
        )
    report.inform("grids", len(grids), unit="")
    report.inform("usable share of the grids, mean", mean(truths), unit="fraction")
    report.leave_out("what else than ice spoils exposures, and rejected clusters")
    return report


if __name__ == "__main__":
    sys.exit(main(claims))

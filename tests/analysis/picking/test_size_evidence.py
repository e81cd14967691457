"""The size of particles is told by all of a grid's exposures, from what was kept of each."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest

from smartscope.analysis.picking.diameter import measured_diameter, shared_diameter
from smartscope.analysis.picking.matched import coarse_micrograph
from smartscope.analysis.picking.prepared import Prepared
from smartscope.analysis.picking.size_evidence import SizeEvidence, evidence_of
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn, empty


@cache
def discs() -> Prepared:
    return coarse_micrograph(drawn()[0], pixel_size_angstrom=PIXEL_ANGSTROM)


@cache
def noise(seed: int) -> Prepared:
    return coarse_micrograph(empty(seed), pixel_size_angstrom=PIXEL_ANGSTROM)


def kept(evidence: list[SizeEvidence]) -> list[SizeEvidence]:
    """As a row gives it back."""
    return [SizeEvidence.of_plain(json.loads(json.dumps(one.plain()))) for one in evidence]


def test_what_was_kept_tells_the_same_size() -> None:
    evidence = evidence_of([discs(), noise(0)])
    now, later = shared_diameter(evidence), shared_diameter(kept(evidence))
    assert now is not None
    assert later is not None
    assert later.angstrom == pytest.approx(now.angstrom, rel=1e-3)
    assert now.angstrom == pytest.approx(DIAMETER_ANGSTROM, rel=0.15)


def test_an_exposure_that_shows_nothing_is_told_by_the_others() -> None:
    assert measured_diameter([noise(1)]) is None
    others = kept(evidence_of([discs()]))
    own = evidence_of([noise(1)], others=others)
    told = shared_diameter([*own, *others])
    assert told is not None
    assert told.angstrom == pytest.approx(DIAMETER_ANGSTROM, rel=0.15)


def test_one_odd_exposure_does_not_change_what_the_others_say() -> None:
    """Specks of a third of the width, strong enough to win where they are alone."""
    rng = np.random.default_rng(3)
    picture = empty(2).copy()
    for x, y in rng.integers(20, 740, (60, 2)):
        picture[y : y + 12, x : x + 12] *= 0.8
    odd = coarse_micrograph(picture, pixel_size_angstrom=PIXEL_ANGSTROM)
    alone = measured_diameter([odd])
    assert alone is not None
    assert alone.angstrom < 0.7 * DIAMETER_ANGSTROM
    together = measured_diameter([odd, discs(), discs(), discs()])
    assert together is not None
    assert together.angstrom == pytest.approx(DIAMETER_ANGSTROM, rel=0.15)


def test_noise_alone_shares_no_size() -> None:
    assert shared_diameter(evidence_of([noise(seed) for seed in range(3)])) is None

"""Pickers find discs in noise without labels, say the size, and find nothing where nothing is."""

from __future__ import annotations

import numpy as np
import pytest

from smartscope.analysis import chains, registry
from smartscope.analysis.base import UnusableImage
from smartscope.analysis.picking import contract
from smartscope.analysis.picking.decoys import (
    sureness,
    threshold_for,
)
from smartscope.analysis.picking.intensity_clusters import steps
from smartscope.analysis.picking.prepared import prepared
from smartscope.analysis.picking.scoring import Truth, score_image, score_set
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, drawn, empty


@pytest.mark.parametrize("name", ["matched-picker", "intensity-clusters"])
def test_each_picker_keeps_the_contract(name: str) -> None:
    contract.check_picker(
        registry.picker(name),
        drawn()[0],
        pixel_angstrom=PIXEL_ANGSTROM,
        diameter_angstrom=DIAMETER_ANGSTROM,
    )


@pytest.mark.parametrize("diameter", [None, DIAMETER_ANGSTROM])
def test_discs_in_noise_are_found_and_centred_without_labels(diameter: float | None) -> None:
    picture, centres = drawn()
    picks = registry.picker(chains.PICKER).pick(
        picture, pixel_size_angstrom=PIXEL_ANGSTROM, diameter_angstrom=diameter
    )
    known = Truth(
        centres_px=centres, diameter_px=DIAMETER_ANGSTROM / PIXEL_ANGSTROM, shape=picture.shape
    )
    found = score_set([score_image(picks, known)])
    assert found.f1 > 0.95
    assert found.median_offset < 0.08
    assert picks.diameter_angstrom == pytest.approx(DIAMETER_ANGSTROM, rel=0.1)
    assert (picks.diameter_spread_angstrom is None) == (diameter is not None)


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("diameter", [None, DIAMETER_ANGSTROM])
def test_noise_alone_gives_at_most_one_pick_and_says_why(diameter: float | None, seed: int) -> None:
    picks = registry.picker("matched-picker").pick(
        empty(seed), pixel_size_angstrom=PIXEL_ANGSTROM, diameter_angstrom=diameter
    )
    assert picks.count <= 1
    assert "too small for this ice and dose" in picks.reason
    assert np.isfinite(picks.threshold)


def test_smeared_edges_of_an_aligned_sum_are_not_picked() -> None:
    picture = drawn()[0].copy()
    picture[:, :30] = picture[:, 30:31]
    picks = registry.picker("matched-picker").pick(
        picture, pixel_size_angstrom=PIXEL_ANGSTROM, diameter_angstrom=DIAMETER_ANGSTROM
    )
    assert picks.count > 20
    assert (picks.centres_px[:, 0] > 30).all()


def test_every_documented_step_leaves_its_picture() -> None:
    micrograph = prepared(
        drawn()[0],
        pixel_size_angstrom=PIXEL_ANGSTROM,
        particle_angstrom=DIAMETER_ANGSTROM,
        dirt=None,
    )
    made = steps(micrograph, DIAMETER_ANGSTROM)
    assert len(made.pictures) == 11
    for name, picture in made.pictures.items():
        assert picture.shape == micrograph.pixels.shape
        assert np.isfinite(picture).all(), name
    assert set(np.unique(made.clusters)) <= {1, 2, 3, 4}
    assert made.components


def test_a_wrong_pixel_size_is_told_in_a_sentence() -> None:
    with pytest.raises(UnusableImage, match="pixels wide"):
        registry.picker("matched-picker").pick(
            drawn()[0], pixel_size_angstrom=40.0, diameter_angstrom=DIAMETER_ANGSTROM
        )
    with pytest.raises(UnusableImage, match="check the pixel size"):
        registry.picker("matched-picker").pick(
            drawn()[0], pixel_size_angstrom=0.1, diameter_angstrom=DIAMETER_ANGSTROM
        )


def test_decoys_say_where_chance_begins() -> None:
    scores = np.concatenate([np.linspace(10, 6, 40), np.linspace(3, 1, 60)])
    against = np.linspace(3, 1, 60)
    assert threshold_for(scores, against) == 6.0
    assert threshold_for(against, against) == np.inf
    # all from 6 on find the same particles: the middle of what is nearly best lies below the best
    sure = sureness(scores, against)
    assert (sure[:40] > 0.9).all()
    assert sure[-1] < 0.5

"""A picker learns from clicks: it finds what they show, judges itself, and is kept as text."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis import chains, registry
from smartscope.analysis.picking.contract import check_picks
from smartscope.analysis.picking.learnt import Clicked, Taught, picker_of, taught
from smartscope.analysis.picking.people import Told
from smartscope.analysis.picking.scoring import Truth, score_image
from smartscope.domain.errors import BadFile, InvalidInput
from tests.analysis.picking.pictures import DIAMETER_ANGSTROM, PIXEL_ANGSTROM, empty

LENGTH_ANGSTROM, WIDTH_ANGSTROM = 200.0, 45.0
SIDE_PX = 560
NOBODY = np.empty((0, 2))


@cache
def rods(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Dark rods in all directions, and their middles (n, 2) as x, y."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    shade, middles = np.zeros((SIDE_PX, SIDE_PX)), []
    for column in range(45, SIDE_PX - 30, 78):
        for row in range(45, SIDE_PX - 30, 78):
            at = np.array([column, row]) + rng.uniform(-10, 10, 2)
            turn = rng.uniform(0.0, np.pi)
            along = (x - at[0]) * np.cos(turn) + (y - at[1]) * np.sin(turn)
            across = (y - at[1]) * np.cos(turn) - (x - at[0]) * np.sin(turn)
            shade += (np.abs(along) < LENGTH_ANGSTROM / 2 / PIXEL_ANGSTROM) & (
                np.abs(across) < WIDTH_ANGSTROM / 2 / PIXEL_ANGSTROM
            )
            middles.append(at)
    dark = ndimage.gaussian_filter(shade, 1.0)
    return rng.poisson(60.0 * (1.0 - 0.055 * dark)).astype(np.float32), np.array(middles)


def clicked(seed: int, clicks: int) -> Clicked:
    picture, middles = rods(seed)
    return Clicked(picture, PIXEL_ANGSTROM, Told(middles[:clicks], NOBODY))


@cache
def learnt_from_ten() -> Taught:
    return taught([clicked(1, 10), clicked(2, 0)], diameter_angstrom=None)


def f1(picks: object, seed: int) -> float:
    picture, middles = rods(seed)
    truth = Truth(
        centres_px=middles, diameter_px=LENGTH_ANGSTROM / PIXEL_ANGSTROM, shape=picture.shape
    )
    found = score_image(picks, truth)  # type: ignore[arg-type]
    return 2.0 * found.paired / max(1, found.places + found.picked)


def test_ten_clicks_teach_rods_in_a_picture_that_was_not_shown() -> None:
    picture, _ = rods(3)
    picks = learnt_from_ten().picker.pick(picture, pixel_size_angstrom=PIXEL_ANGSTROM)
    check_picks(picks, picture.shape, "learnt")
    before = registry.picker(chains.PICKER).pick(picture, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert f1(picks, 3) > 0.9
    assert f1(picks, 3) > f1(before, 3) + 0.03


def test_the_size_is_told_by_the_places_alone() -> None:
    assert learnt_from_ten().picker.diameter_angstrom == pytest.approx(LENGTH_ANGSTROM, rel=0.15)


def test_it_says_how_it_judges_clicks_it_was_not_shown() -> None:
    made = learnt_from_ten()
    said = made.agreement
    assert (made.clicks, said.shown, said.taken_away) == (10, 10, 0)
    assert said.hits >= 8
    assert said.f1 == pytest.approx(2.0 * said.hits / (10 + said.hits))


def test_the_same_clicks_teach_the_same_and_it_is_kept_as_text() -> None:
    made = learnt_from_ten().picker
    again = taught([clicked(1, 10), clicked(2, 0)], diameter_angstrom=None).picker
    assert made.text() == again.text()
    picture = rods(3)[0]
    read = picker_of(made.text()).pick(picture, pixel_size_angstrom=PIXEL_ANGSTROM)
    own = made.pick(picture, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert np.array_equal(read.centres_px, own.centres_px)
    assert np.array_equal(read.scores, own.scores)


def test_what_was_taken_away_is_not_picked_elsewhere() -> None:
    """Discs half as wide and darker are taken for particles until eight of them are clicked."""

    def scene(seed: int) -> tuple[NDArray[np.float32], NDArray[np.float64], NDArray[np.float64]]:
        rng = np.random.default_rng(seed)
        line = np.arange(48, 768, 96)
        nodes = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        centres = nodes + rng.integers(-12, 13, nodes.shape)
        junk = rng.permutation(len(centres)) < len(centres) // 3
        shade = np.zeros((768, 768))
        y, x = np.mgrid[:768, :768]
        for (column, row), small in zip(centres, junk, strict=True):
            shade[np.hypot(x - column, y - row) <= (11 if small else 20)] = 1.6 if small else 1.0
        dark = ndimage.gaussian_filter(shade, 1.0)
        counts = rng.poisson(60.0 * (1.0 - 0.12 * dark)).astype(np.float32)
        return counts, centres[~junk].astype(float), centres[junk].astype(float)

    picture, particles, junk = scene(4)
    made = taught(
        [Clicked(picture, PIXEL_ANGSTROM, Told(particles[:8], junk[:8]))],
        diameter_angstrom=DIAMETER_ANGSTROM,
    )
    other, particles, junk = scene(5)
    picks = made.picker.pick(other, pixel_size_angstrom=PIXEL_ANGSTROM)
    sure = picks.centres_px[picks.scores >= picks.threshold]

    def hit(places: NDArray[np.float64]) -> float:
        away = np.hypot(*(sure[None] - places[:, None]).transpose(2, 0, 1))
        return float((away.min(axis=1) < 15).mean())

    assert hit(particles) > 0.9
    assert hit(junk) < 0.2


def test_clicks_that_teach_nothing_are_declined_with_a_sentence() -> None:
    picture, middles = rods(1)
    few = Clicked(picture, PIXEL_ANGSTROM, Told(middles[:3], NOBODY))
    with pytest.raises(InvalidInput, match="3 clicks are too few"):
        taught([few], diameter_angstrom=None)
    away = Clicked(picture, PIXEL_ANGSTROM, Told(NOBODY, middles[:8]))
    with pytest.raises(InvalidInput, match="No particle was pointed at"):
        taught([away], diameter_angstrom=None)
    outside = Clicked(picture, PIXEL_ANGSTROM, Told(np.full((8, 2), -900.0), NOBODY))
    for size in (None, 200.0):
        with pytest.raises(InvalidInput):
            taught([outside], diameter_angstrom=size)


def test_an_empty_picture_has_at_most_few_picks() -> None:
    picks = learnt_from_ten().picker.pick(empty(1), pixel_size_angstrom=PIXEL_ANGSTROM)
    assert picks.count <= 2


def test_a_text_that_is_no_picker_is_refused() -> None:
    good = json.loads(learnt_from_ten().picker.text())
    for broken in (
        "",
        "[]",
        "{}",
        json.dumps(good | {"format": 99}),
        json.dumps(good | {"weights": good["weights"][:-2]}),
        json.dumps(good | {"centre": "?"}),
        json.dumps(good | {"way": 99}),
    ):
        with pytest.raises(BadFile, match="learn anew"):
            picker_of(broken)

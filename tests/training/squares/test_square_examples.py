"""Examples for the square network carry the right label, and poorer atlases keep their places."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.base import Image, Level
from smartscope.domain.geometry import Affine, Point
from smartscope.training.squares.calibration import Calibration, calibrate, calibration_error
from smartscope.training.squares.degrade import coarsened, degraded
from smartscope.training.squares.examples import (
    LABELS,
    examples_of,
    joined,
    read_examples,
    write_examples,
)
from tests.analysis.pictures import draw_atlas


def dotted(x: int, y: int) -> Image:
    """One broad bright dot on black."""
    rows, columns = np.mgrid[0:120, 0:150]
    pixels = np.exp(-((rows - y) ** 2 + (columns - x) ** 2) / 200.0).astype(np.float32)
    return Image(pixels, Level.ATLAS, Affine.scaled(0.5, Point(3.0, -4.0), 150, 120))


@pytest.mark.parametrize("factor", [1.0, 1.7, 3.0])
def test_a_coarse_atlas_shows_a_thing_where_its_pixels_and_its_stage_say(factor: float) -> None:
    image = dotted(60, 75)
    coarse = coarsened(image, factor)
    (moved,) = coarse.moved(np.array([[60.0, 75.0]]))
    pixels = coarse.image.pixels.astype(np.float64)
    rows, columns = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
    seen = [(columns * pixels).sum() / pixels.sum(), (rows * pixels).sum() / pixels.sum()]
    assert np.allclose(seen, moved, atol=0.25)
    before, after = image.stage_of(60, 75), coarse.image.stage_of(*moved)
    assert before.distance_um(after) < 1e-6


def test_degrading_depends_on_its_generator_alone() -> None:
    image = dotted(40, 40)
    one, same = (degraded(image, 60.0, np.random.default_rng(5)) for _ in range(2))
    assert one.factor == same.factor
    assert np.array_equal(one.image.pixels, same.image.pixels)


def test_every_square_seen_takes_the_label_of_the_known_square_there(tmp_path: Path) -> None:
    drawn = draw_atlas()
    labels = [LABELS[number % len(LABELS)] for number in range(len(drawn.truth))]
    examples = examples_of(drawn.image, drawn.context, drawn.truth, labels)
    assert examples is not None
    assert len(examples) > 20
    # whatever the order of the known squares, each crop keeps its own label
    turned = np.arange(len(labels))[::-1]
    again = examples_of(
        drawn.image, drawn.context, drawn.truth[turned], [labels[n] for n in turned]
    )
    assert again is not None
    assert np.array_equal(examples.labels, again.labels)
    write_examples(examples, tmp_path / "some.npz")
    both = joined([read_examples(tmp_path / "some.npz"), examples.kept(np.array([0]))])
    assert np.array_equal(both.grey[-1], both.grey[0])


def test_calibration_undoes_sureness_and_a_class_shown_too_often() -> None:
    random = np.random.default_rng(3)
    true_logits = random.normal(0, 1.5, (6000, 3))
    chances = np.exp(true_logits) / np.exp(true_logits).sum(axis=1, keepdims=True)
    labels = np.array([random.choice(3, p=row) for row in chances])
    told = 3.0 * (true_logits + np.array([1.2, 0.0, 0.0]))
    before = Calibration(1.0, np.zeros(3)).probabilities(told)
    after = calibrate(told, labels).probabilities(told)
    errors = [
        calibration_error(said.max(axis=1), said.argmax(axis=1) == labels)
        for said in (before, after)
    ]
    assert errors[0] > 0.1
    assert errors[1] < 0.03
    assert np.allclose(after.mean(axis=0), chances.mean(axis=0), atol=0.02)


def test_calibration_error_is_what_one_computes_by_hand() -> None:
    sure = np.array([0.95, 0.95, 0.55, 0.55])
    right = np.array([True, False, True, True])
    assert calibration_error(sure, right) == pytest.approx(0.5 * 0.45 + 0.5 * 0.45)

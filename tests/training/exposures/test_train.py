"""The network of exposures learns what separates classes, and its file answers as it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.networks.network import Network
from smartscope.analysis.quality.classes import CLASSES
from smartscope.analysis.quality.indicators import NAMES
from smartscope.analysis.quality.network_assessor import network_input
from smartscope.training.options import TrainingOptions, TrainingRefused

torch = pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
pytest.importorskip("onnx", reason="onnx is not installed: requirements-train.txt")

from smartscope.training.exposures.rows import Rows  # noqa: E402
from smartscope.training.exposures.train import finish, learn, train  # noqa: E402


def rows(seed: int, count: int = 160) -> Rows:
    """Classes apart by their own indicators, a tenth of the numbers not known."""
    random = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    values = random.normal(size=(count, len(NAMES)))
    values[np.arange(count), labels] += 6.0
    values[random.random(values.shape) < 0.1] = np.nan
    return Rows(values, labels)


def test_what_is_exported_names_the_classes_and_knows_what_it_never_saw(tmp_path: Path) -> None:
    options = TrainingOptions(out=tmp_path, seed=1, steps=300)
    outcome = finish(options, learn(options, rows(1)), rows(1), rows(2))
    assert outcome.metrics["accuracy"] > 0.8
    network = Network(outcome.onnx.read_bytes())
    shown = rows(3)
    said, novelty = network.run(*network_input(shown.values))
    assert (said.argmax(axis=1) == shown.labels).mean() > 0.8
    assert np.median(novelty) < 1.0
    _, strange = network.run(*network_input(40.0 * np.ones((1, len(NAMES)))))
    assert strange[0, 0] > 1.0


def test_real_images_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="simulator alone"):
        train(TrainingOptions(out=tmp_path, data=tmp_path))

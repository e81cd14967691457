"""The small square network: the same whether interrupted or not, exported as it was trained."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from smartscope.analysis.base import FloatImage
from smartscope.analysis.networks.network import Network, checksum
from smartscope.training.options import TrainingOptions, TrainingRefused
from smartscope.training.squares.calibration import Calibration
from smartscope.training.squares.examples import LABELS, Examples, examples_of
from tests.analysis.pictures import draw_atlas

torch = pytest.importorskip("torch", reason="training needs requirements-train.txt")

from smartscope.training import checkpoints  # noqa: E402
from smartscope.training.squares import small_training as trainer  # noqa: E402  after torch
from smartscope.training.squares.augment import as_batch, random_views  # noqa: E402
from smartscope.training.squares.small_export import export_small  # noqa: E402
from smartscope.training.squares.small_network import SquareNet  # noqa: E402
from smartscope.training.squares.train import train  # noqa: E402


@pytest.fixture(scope="module")
def squares() -> Examples:
    """The squares of a drawn atlas; those right of the middle are called small."""
    drawn = draw_atlas()
    middle = drawn.image.pixels.shape[1] / 2
    labels = [LABELS[int(x > middle)] for x, _ in drawn.truth]
    found = examples_of(drawn.image, drawn.context, drawn.truth, labels)
    assert found is not None
    return found


def options(folder: Path, *, steps: int) -> TrainingOptions:
    return TrainingOptions(out=folder, seed=4, steps=steps, batch=1)


def weights(network: SquareNet) -> FloatImage:
    state = network.state_dict()
    return np.asarray(torch.cat([part.flatten().float() for part in state.values()]).numpy())


def test_an_interrupted_training_ends_as_one_in_one_piece(
    squares: Examples, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer, "CHECKPOINT_STEPS", 2)
    whole = weights(trainer.learn(options(tmp_path / "whole", steps=5), squares, None))
    broken = options(tmp_path / "broken", steps=5)
    keep = checkpoints.save

    def power_cut(folder: Path, state: dict[str, object]) -> None:
        keep(folder, state)
        if state["done"] == 4:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", power_cut)
    with pytest.raises(KeyboardInterrupt):
        trainer.learn(broken, squares, None)
    with pytest.raises(TrainingRefused, match="say --resume"):
        trainer.learn(broken, squares, None)
    resumed = trainer.learn(dataclasses.replace(broken, resume=True), squares, None)
    assert np.array_equal(weights(resumed), whole)


def test_a_checkpoint_of_another_training_is_not_resumed(squares: Examples, tmp_path: Path) -> None:
    trainer.learn(options(tmp_path, steps=1), squares, None)
    other = dataclasses.replace(options(tmp_path, steps=2), resume=True)
    with pytest.raises(TrainingRefused, match="belongs to seed 4 and 1 steps"):
        trainer.learn(other, squares, None)


def test_half_of_a_batch_is_real_where_there_are_real_squares(
    squares: Examples, tmp_path: Path
) -> None:
    real = dataclasses.replace(squares, labels=np.full(len(squares), LABELS.index("dry")))
    ((_, batch),) = trainer.batches(options(tmp_path, steps=1), squares, real, 0)
    assert (batch.labels == LABELS.index("dry")).sum() == len(batch) // 2


def test_the_exported_network_answers_as_the_trained_one(squares: Examples, tmp_path: Path) -> None:
    network = trainer.learn(options(tmp_path, steps=2), squares, None)
    calibration = Calibration(1.3, np.array([0.2, -0.1, 0.0, 0.0, 0.0, -0.1]))
    file, sha256 = export_small(network, calibration, squares, tmp_path)
    assert checksum(file.read_bytes()) == sha256
    crops, features, _ = as_batch(squares)
    (said,) = Network(file.read_bytes()).run(crops.numpy(), features.numpy())
    wanted = calibration.probabilities(trainer.logits_of(network, squares))
    assert np.abs(said - wanted).max() < 1e-3
    assert file.stat().st_size < 5_000_000


def test_views_differ_but_follow_from_their_seed(squares: Examples) -> None:
    one, same, other = (random_views(squares, seed)[0] for seed in (1, 1, 2))
    assert torch.equal(one, same)
    assert not torch.equal(one, other)
    assert float(one[:, 1].max()) <= 1.0
    assert not one[:, 0][one[:, 1] == 0].any(), "what was not imaged is 0"


def test_an_unknown_network_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(TrainingRefused, match="small and faster-rcnn"):
        train(TrainingOptions(out=tmp_path, network="large"))

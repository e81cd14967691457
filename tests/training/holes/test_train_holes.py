"""Training goes on where it was interrupted, and what is exported answers as what was trained."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from django.core.management import CommandError, call_command
from numpy.typing import NDArray

from smartscope.analysis.networks.network import Network
from smartscope.training.options import TrainingOptions, TrainingRefused
from smartscope.training.samples import SquareSample
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

torch = pytest.importorskip("torch", reason="training needs requirements-train.txt")

from smartscope.training.holes import train as trainer  # noqa: E402  after torch is known there
from smartscope.training.holes.export import export  # noqa: E402
from smartscope.training.holes.network import HoleNetwork  # noqa: E402


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingOptions:
    """A training of four steps on the first three squares of a seed."""
    squares = list(stream_square_images(7, Split.TRAIN, count=3))

    def again(_seed: int, _split: Split) -> Iterator[SquareSample]:
        while True:
            yield from squares

    monkeypatch.setattr(trainer, "stream_square_images", again)
    monkeypatch.setattr(trainer, "FIRST_SQUARES", 2)
    monkeypatch.setattr(trainer, "CHECKPOINT_STEPS", 2)
    return TrainingOptions(out=tmp_path / "run", seed=1, steps=4, batch=1)


def weights(network: HoleNetwork) -> NDArray[np.float32]:
    flat = [p.numpy().ravel() for p in network.state_dict().values()]
    return np.concatenate(flat).astype(np.float32)


def test_an_interrupted_training_ends_as_one_in_one_piece(
    options: TrainingOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    whole = weights(trainer.learn(options))
    elsewhere = dataclasses.replace(options, out=tmp_path / "broken")
    keep, calls = trainer.keep, []

    def power_cut(*given: object) -> None:
        keep(*given)  # type: ignore[arg-type]
        calls.append(given)
        raise KeyboardInterrupt

    monkeypatch.setattr(trainer, "keep", power_cut)
    with pytest.raises(KeyboardInterrupt):
        trainer.learn(elsewhere)
    monkeypatch.setattr(trainer, "keep", keep)
    resumed = weights(trainer.learn(dataclasses.replace(elsewhere, resume=True)))
    assert len(calls) == 1
    assert np.array_equal(whole, resumed)


def test_a_finished_folder_is_not_overwritten_by_chance(options: TrainingOptions) -> None:
    trainer.learn(options)
    with pytest.raises(TrainingRefused, match="say --resume"):
        trainer.learn(options)
    with pytest.raises(TrainingRefused, match="belongs to seed 1"):
        trainer.learn(dataclasses.replace(options, resume=True, seed=2))


def test_a_broken_checkpoint_is_named(options: TrainingOptions) -> None:
    options.out.mkdir()
    (options.out / "checkpoint.pt").write_bytes(b"half of it")
    with pytest.raises(TrainingRefused, match="cannot be read"):
        trainer.learn(dataclasses.replace(options, resume=True))


def test_the_exported_graph_takes_any_size_and_answers_between_0_and_1(tmp_path: Path) -> None:
    torch.manual_seed(0)
    file = tmp_path / "holes.onnx"
    sha256 = export(HoleNetwork().eval(), file)
    assert len(sha256) == 64
    for shape in ((1, 2, 32, 48), (3, 2, 160, 64)):
        maps = Network(file.read_bytes()).run(np.zeros(shape, np.float32))[0]
        assert maps.shape == (shape[0], 4, shape[2] // 2, shape[3] // 2)
        assert ((maps >= 0) & (maps <= 1)).all()
    assert list(tmp_path.iterdir()) == [file]


def test_the_command_says_what_it_cannot_do(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="no hole network 'transformer'"):
        call_command("train", "holes", out=tmp_path, network="transformer")
    with pytest.raises(CommandError, match="at least one step"):
        call_command("train", "holes", out=tmp_path, steps=0)

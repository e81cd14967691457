"""The denoiser learns from pairs alone, goes on where it was interrupted, and its file answers."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from smartscope.analysis.networks.network import Network
from smartscope.training.denoising.samples import recorded, sample
from smartscope.training.options import TrainingOptions, TrainingRefused
from smartscope.training.split import Split

torch = pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
pytest.importorskip("onnx", reason="onnx is not installed: requirements-train.txt")

from smartscope.training import checkpoints  # noqa: E402
from smartscope.training.denoising import train as trainer  # noqa: E402


def pairs(seed: int) -> list[NDArray[np.float16]]:
    """Waves of unknown direction under noise of size one."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:160, :160]
    made = []
    for _ in range(6):
        angle = random.uniform(0.0, np.pi)
        wave = 2.0 * np.sin((rows * np.cos(angle) + columns * np.sin(angle)) / 5.0)
        made.append((wave + random.normal(size=(2, 160, 160))).astype(np.float16))
    return made


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TrainingOptions:
    monkeypatch.setattr(trainer, "STEPS_PER_EPOCH", 6)
    monkeypatch.setattr(trainer, "PATCHES", 100)
    monkeypatch.setattr(trainer, "TUNE_PATCHES", 12)
    return TrainingOptions(out=tmp_path / "run", seed=1, steps=12, batch=2)


def test_an_interrupted_training_ends_as_one_in_one_piece(
    options: TrainingOptions, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    options.out.mkdir()
    whole = trainer.finish(options, trainer.learn(options, pairs(1)), pairs(1), pairs(2))
    assert whole.metrics["signal left out"] < 1.5
    elsewhere = dataclasses.replace(options, out=tmp_path / "broken")
    save = checkpoints.save

    def power_cut(*given: object) -> None:
        save(*given)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoints, "save", power_cut)
    with pytest.raises(KeyboardInterrupt):
        trainer.learn(elsewhere, pairs(1))
    monkeypatch.setattr(checkpoints, "save", save)
    with pytest.raises(TrainingRefused, match="say --resume"):
        trainer.learn(elsewhere, pairs(1))
    resumed = dataclasses.replace(elsewhere, resume=True)
    again = trainer.finish(resumed, trainer.learn(resumed, pairs(1)), pairs(1), pairs(2))
    assert again.sha256 == whole.sha256
    answer = Network(again.onnx.read_bytes()).run(np.zeros((2, 1, 64, 96), np.float32))[0]
    assert answer.shape == (2, 1, 64, 96)


def test_real_data_and_other_networks_are_refused_in_words(tmp_path: Path) -> None:
    for given in ({"data": tmp_path}, {"network": "topaz"}):
        with pytest.raises(TrainingRefused, match="denoise --tune"):
            trainer.train(TrainingOptions(out=tmp_path, **given))


def test_a_simulated_pair_has_noise_of_size_one_that_halves_do_not_share() -> None:
    made = sample(1, 4, Split.TRAIN)
    assert len(made) == 2
    assert recorded(1, 4, Split.TEST) is None
    for members in made:
        apart = (members.even - members.odd) / np.sqrt(2.0)
        assert float(apart.std()) == pytest.approx(1.0, abs=0.05)
        fine = [each - np.roll(each, 1, axis=1) for each in (members.even, members.odd)]
        assert abs(float((fine[0] * fine[1]).mean())) < 0.2

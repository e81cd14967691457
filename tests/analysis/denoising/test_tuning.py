"""A network learns a grid's own pictures where torch is; elsewhere it says what is missing."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from smartscope.analysis import registry
from smartscope.analysis.denoising import tuning
from smartscope.analysis.denoising.denoised import Denoiser
from smartscope.analysis.denoising.pairs import Pair
from smartscope.analysis.denoising.settings import PUBLISHED, TUNING, CareSettings
from smartscope.analysis.networks.network import Network, Trained, UnusableWeights
from tests.analysis.denoising.noisy_pair import PIXEL_ANGSTROM, noisy_pair

SMALL = dataclasses.replace(
    TUNING, patches=60, patch_px=32, batch=4, epochs=2, steps_per_epoch=8, rate=1e-3
)


def pair(side_px: int = 256) -> Pair:
    drawn = noisy_pair(side_px, contrast=0.3)
    return Pair(drawn.even, drawn.odd, PIXEL_ANGSTROM)


def test_without_torch_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tuning, "find_spec", lambda _name: None)
    with pytest.raises(tuning.CannotTune, match=r"torch and onnx.*requirements-train"):
        tuning.tune([pair()])


def test_a_tuned_network_serves_any_worker() -> None:
    pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
    pytest.importorskip("onnx", reason="onnx is not installed: requirements-train.txt")
    told: list[float] = []
    tuned = tuning.tune([pair()], settings=SMALL, progress=lambda part, _left: told.append(part))
    assert told == [0.5, 1.0]
    assert tuned.helped == (tuned.graph != tuning.shipped_graph())
    assert min(tuned.before, tuned.after) > 0.0
    trained = Trained(Network(tuned.graph), tuned.sha256)
    made = registry.with_weights("care-p2p", trained)
    assert isinstance(made, Denoiser)
    given = pair()
    clean = made.denoise(given.even, given.odd, pixel_size_angstrom=PIXEL_ANGSTROM)
    assert clean.tuned
    assert clean.version.endswith(f"+{tuned.sha256[:8]}")
    again = tuning.tune([pair()], settings=SMALL)
    assert again.graph == tuned.graph


def test_the_published_network_is_taught_from_nothing() -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
    from smartscope.analysis.denoising.fit import Fit, fit
    from smartscope.analysis.denoising.unet import UNet

    torch.manual_seed(0)
    settings: CareSettings = dataclasses.replace(
        PUBLISHED,
        widths=(4, 8, 16),
        patches=60,
        patch_px=32,
        batch=8,
        epochs=3,
        steps_per_epoch=15,
        rate=1e-2,
    )
    random = np.random.default_rng(0)
    wave = 3.0 * np.sin(np.arange(128) / 4.0)
    noisy = (wave + random.normal(size=(2, 128, 128))).astype(np.float32)
    left: list[float] = []
    begun = Fit.begin(UNet(settings.widths, residual=settings.residual), settings)
    fit(begun, [noisy], settings, seed=1, each_epoch=lambda _fit, now: left.append(now))
    assert len(left) == 3
    assert left[-1] < 0.7 * left[0]


def test_another_kind_of_file_is_no_start() -> None:
    pytest.importorskip("onnx", reason="onnx is not installed: requirements-train.txt")
    pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
    with pytest.raises(UnusableWeights, match="does not hold a denoising U-Net"):
        tuning.tune([pair()], start=b"no graph", settings=SMALL)


def test_pictures_smaller_than_a_patch_are_named() -> None:
    pytest.importorskip("torch", reason="torch is not installed: requirements-train.txt")
    with pytest.raises(tuning.CannotTune, match="128 pixels of 4 Å"):
        tuning.tune([pair(128)])

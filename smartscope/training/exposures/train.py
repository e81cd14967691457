"""Train the network that names exposures: gather, learn, calibrate, find the limit of the known.

Every step draws from the seed, so the same seed and versions give the same network. It takes
seconds; simulating the exposures takes the time, and goes on where it was interrupted.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from smartscope.analysis.base import FloatArray
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.network import Network, checksum
from smartscope.analysis.quality.classes import CLASSES
from smartscope.analysis.quality.indicators import NAMES
from smartscope.analysis.quality.network_assessor import network_input
from smartscope.training.exposures.network import Judge, QualityNet
from smartscope.training.exposures.rows import Rows, gather
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split
from smartscope.training.squares.calibration import Calibration, calibrate, calibration_error

NAME = "quality.onnx"
RATE = 1e-3
WEIGHT_DECAY = 5e-2
#: each step shows `batch` times this many exposures
ROWS_PER_BATCH = 8
#: simulated exposures in a step of the option's scale; tuning grids are drawn from another seed
STEPS_PER_SAMPLE = 5
TUNE_SHARE = 5.0
#: noise on standardised indicators, and how often one is hidden, in training
JITTER = 0.15
HIDDEN_SHARE = 0.05
#: this share of tuning exposures counts as known
KNOWN_SHARE = 0.99
#: the pooled covariance is drawn towards its diagonal by this much: there are few rows
SHRINKAGE = 0.2
OPSET = 17
PARITY = 1e-3


def train(options: TrainingOptions) -> TrainingOutcome:
    """The network as ONNX in `options.out`. Raises `TrainingRefused` for real data: none fits."""
    if options.data is not None or options.base is not None or options.network:
        raise TrainingRefused("Exposures are learnt from the simulator alone; leave the rest out.")
    samples = max(len(CLASSES) * 8, options.steps // STEPS_PER_SAMPLE)
    folder = options.out / "rows"
    rows = Rows.read(gather(folder / "train", options.seed, Split.TRAIN, samples))
    tuning = Rows.read(
        gather(folder / "tune", options.seed + 1, Split.TUNE, round(TUNE_SHARE * samples))
    )
    return finish(options, learn(options, rows), rows, tuning)


def learn(options: TrainingOptions, rows: Rows) -> QualityNet:
    """The network after `options.steps` steps of AdamW with a cosine rate."""
    # threads cost more than they bring for layers of this size
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    network = QualityNet(len(NAMES), len(CLASSES))
    values = np.where(np.isfinite(rows.values), rows.values, np.nan)
    network.mean.copy_(torch.from_numpy(np.nan_to_num(np.nanmean(values, axis=0))))
    spread = np.nan_to_num(np.nanstd(values, axis=0), nan=1.0)
    network.sd.copy_(torch.from_numpy(np.maximum(spread, 1e-3)))
    optimiser = torch.optim.AdamW(network.parameters(), RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, options.steps)
    given, known = (torch.from_numpy(each) for each in network_input(rows.values))
    labels = torch.from_numpy(rows.labels)
    network.train()
    for batch in _batches(options, rows.labels):
        chosen = torch.from_numpy(batch)
        noise = JITTER * torch.randn(len(batch), len(NAMES)) * network.sd
        shown = known[chosen] * (torch.rand(len(batch), len(NAMES)) >= HIDDEN_SHARE)
        loss = functional.cross_entropy(
            network((given[chosen] + noise) * shown, shown), labels[chosen], label_smoothing=0.02
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        schedule.step()
    network.eval()
    return network


def finish(
    options: TrainingOptions, network: QualityNet, rows: Rows, tuning: Rows
) -> TrainingOutcome:
    """Calibrate on tuning grids, set the limit of what is known, export, and say how good it is."""
    logits = logits_of(network, tuning)
    calibration = calibrate(logits, tuning.labels)
    centres, whitening = _gaussian(network, rows)
    judge = Judge(
        network,
        temperature=calibration.temperature,
        offsets=_tensor(calibration.offsets),
        centres=_tensor(centres),
        whitening=_tensor(whitening),
        limit=1.0,
    ).eval()
    with torch.no_grad():
        _, distance = judge(*_given(tuning))
    judge.limit = float(np.quantile(distance.numpy(), KNOWN_SHARE))
    metrics = _metrics(calibration, logits, tuning.labels)
    onnx, sha256 = _export(judge, tuning, options.out)
    said = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    summary = f"{len(rows)} simulated exposures, {len(tuning)} for tuning: {said}"
    sys.stdout.write(summary + "\n")
    return TrainingOutcome(onnx=onnx, sha256=sha256, metrics=metrics, summary=summary)


def logits_of(network: QualityNet, rows: Rows) -> FloatArray:
    """Logits (N, L)."""
    with torch.no_grad():
        return np.asarray(network(*_given(rows)).numpy(), dtype=np.float64)


def area_under_curve(scores: FloatArray, positive: NDArray[np.bool_]) -> float:
    """The chance that a positive scores above a negative, ties counted half; nan without either."""
    if positive.all() or not positive.any():
        return float("nan")
    above = scores[positive][:, None] - scores[~positive][None, :]
    return float((np.sign(above) + 1.0).mean() / 2.0)


def _batches(options: TrainingOptions, labels: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    """Every class as often as the others."""
    share = 1.0 / np.bincount(labels, minlength=len(CLASSES))[labels]
    random = np.random.default_rng(options.seed)
    for _ in range(options.steps):
        yield random.choice(len(labels), options.batch * ROWS_PER_BATCH, p=share / share.sum())


def _gaussian(network: QualityNet, rows: Rows) -> tuple[FloatArray, FloatArray]:
    """Means of classes (L, F) and W (F, F) with W Wᵀ the inverse of their common covariance."""
    mean, sd = network.mean.numpy(), network.sd.numpy()
    values, known = network_input(rows.values)
    plain = known * (values - mean) / sd
    present = [n for n in range(len(CLASSES)) if (rows.labels == n).any()]
    centres = np.array([plain[rows.labels == n].mean(axis=0) for n in present])
    within = plain - centres[[present.index(n) for n in rows.labels]]
    covariance = within.T @ within / len(rows)
    blend = (1.0 - SHRINKAGE) * covariance + SHRINKAGE * np.diag(np.diag(covariance))
    blend += 1e-3 * np.eye(len(blend))
    return centres.astype(np.float64), np.linalg.cholesky(np.linalg.inv(blend)).astype(np.float64)


def _metrics(
    calibration: Calibration, logits: FloatArray, labels: NDArray[np.int64]
) -> dict[str, float]:
    said = calibration.probabilities(logits)
    metrics = {
        "accuracy": float((said.argmax(axis=1) == labels).mean()),
        "calibration_error": calibration_error(said.max(axis=1), said.argmax(axis=1) == labels),
    }
    for number, label in enumerate(CLASSES):
        metrics[f"AUC {label}"] = area_under_curve(said[:, number], labels == number)
    return metrics


def _export(judge: Judge, examples: Rows, folder: Path) -> tuple[Path, str]:
    given = _given(examples)
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    names = ["indicators", "known", "probabilities", "novelty"]
    with written_aside(path) as aside:
        with warnings.catch_warnings():
            # The newer exporter needs one more package; this one is deprecated and needs none.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                judge,
                given,
                str(aside),
                input_names=names[:2],
                output_names=names[2:],
                dynamic_axes={name: {0: "exposures"} for name in names},
                opset_version=OPSET,
                dynamo=False,
            )
        graph = aside.read_bytes()
        with torch.no_grad():
            wanted = judge(*given)
        got = Network(graph).run(*(each.numpy() for each in given))
        apart = max(float(np.abs(a - b.numpy()).max()) for a, b in zip(got, wanted, strict=True))
        if not apart <= PARITY:
            raise TrainingRefused(
                f"The exported network answers differently by {apart:.2g}; nothing was written. "
                "Check the versions of torch and onnxruntime in requirements-train.txt."
            )
    return path, checksum(graph)


def _given(rows: Rows) -> tuple[Tensor, Tensor]:
    values, known = network_input(rows.values)
    return torch.from_numpy(values), torch.from_numpy(known)


def _tensor(values: FloatArray) -> Tensor:
    return torch.from_numpy(values.astype(np.float32))

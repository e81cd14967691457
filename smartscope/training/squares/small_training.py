"""Train the small square network: gather examples, learn, calibrate on tuning grids, export.

Every step draws its batch and its views from the seed and its own number, so a training that was
interrupted and resumed gives the network that it would have given.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from smartscope.analysis.base import FloatArray
from smartscope.training import checkpoints
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split
from smartscope.training.squares.augment import as_batch, random_views
from smartscope.training.squares.calibration import Calibration, calibrate, calibration_error
from smartscope.training.squares.examples import FEATURES, LABELS, Examples, joined, read_examples
from smartscope.training.squares.gathering import gather
from smartscope.training.squares.real_examples import real_examples
from smartscope.training.squares.small_export import export_small
from smartscope.training.squares.small_network import SquareNet

PEAK_RATE = 3e-3
WARM_UP_SHARE = 0.05
WEIGHT_DECAY = 1e-2
LARGEST_GRADIENT = 2.0
#: A step draws `batch` times this many crops: the option's default counts whole images.
CROPS_PER_IMAGE = 8
STEPS_PER_ATLAS = 20
TUNE_ATLASES = 14
CHECKPOINT_STEPS = 100
#: A class is drawn as if it made up at least this share; calibration undoes it.
RARE_SHARE = 0.15
EVALUATION_BATCH = 256


def train_small(options: TrainingOptions) -> TrainingOutcome:
    """The calibrated network as ONNX in `options.out`, with metrics on tuning grids.

    `options.data` is an export of labelled real atlases: then half of every batch is real.
    """
    atlases = max(1, options.steps // STEPS_PER_ATLAS)
    simulated = _gathered(options, Split.TRAIN, atlases)
    tuning = _gathered(options, Split.TUNE, min(TUNE_ATLASES, atlases))
    real = real_examples(options.data) if options.data is not None else None
    network = learn(options, simulated, real)
    logits = logits_of(network, tuning)
    calibration = calibrate(logits, tuning.labels)
    metrics = _metrics(calibration, logits, tuning.labels)
    onnx, sha256 = export_small(network, calibration, tuning, options.out)
    said = ", ".join(f"{name} {value:.4f}" for name, value in metrics.items())
    summary = f"{len(simulated)} simulated squares, {len(real) if real else 0} real; tuning: {said}"
    return TrainingOutcome(onnx=onnx, sha256=sha256, metrics=metrics, summary=summary)


def logits_of(network: SquareNet, examples: Examples) -> FloatArray:
    """Logits (N, L) of unchanged crops."""
    network.eval()
    parts = []
    with torch.no_grad():
        for start in range(0, len(examples), EVALUATION_BATCH):
            numbers = np.arange(start, min(start + EVALUATION_BATCH, len(examples)))
            crops, features, _ = as_batch(examples.kept(numbers))
            parts.append(network(crops, features).numpy())
    return np.concatenate(parts).astype(np.float64)


def _gathered(options: TrainingOptions, split: Split, atlases: int) -> Examples:
    folder = options.out / "examples" / split.value
    parts = []
    for number, path in enumerate(gather(folder, options.seed, split, atlases), 1):
        parts.append(read_examples(path))
        if number % 20 == 0:
            _say(f"{number} of {atlases} {split.value} atlases")
    examples = joined(parts)
    if len(examples) == 0:
        raise TrainingRefused(f"No square was seen on {atlases} atlases; take more --steps.")
    return examples


def learn(options: TrainingOptions, simulated: Examples, real: Examples | None) -> SquareNet:
    """The network after `options.steps` steps, going on from a checkpoint where one is resumed."""
    torch.manual_seed(options.seed)
    network = SquareNet(len(FEATURES), len(LABELS))
    network.mean.copy_(torch.from_numpy(simulated.features.mean(axis=0)))
    network.sd.copy_(torch.from_numpy(np.maximum(simulated.features.std(axis=0), 1e-3)))
    optimiser = torch.optim.AdamW(network.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE, total_steps=options.steps, pct_start=WARM_UP_SHARE
    )
    first = _restored(options, network, optimiser, schedule)
    network.train()
    losses = []
    for step, batch in batches(options, simulated, real, first):
        crops, features, labels = random_views(batch, _mixed(options.seed, step))
        torch.manual_seed(_mixed(options.seed + 1, step))
        loss = functional.cross_entropy(network(crops, features), labels)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), LARGEST_GRADIENT)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == options.steps:
            _say(f"step {step + 1}: loss {np.mean(losses[-CHECKPOINT_STEPS:]):.4f}")
            state = _state(options, network, optimiser, schedule)
            checkpoints.save(options.out, {**state, "done": step + 1})
    return network


def batches(
    options: TrainingOptions, simulated: Examples, real: Examples | None, first: int
) -> Iterator[tuple[int, Examples]]:
    """Steps with their examples; half of them real where there are any."""
    size = options.batch * CROPS_PER_IMAGE
    shares = draw_shares(simulated.labels)
    real_shares = draw_shares(real.labels) if real is not None else None
    for step in range(first, options.steps):
        random = np.random.default_rng([options.seed, step])
        if real is None or real_shares is None:
            yield step, simulated.kept(random.choice(len(simulated), size, p=shares))
            continue
        half = size // 2
        drawn = simulated.kept(random.choice(len(simulated), size - half, p=shares))
        yield step, joined([drawn, real.kept(random.choice(len(real), half, p=real_shares))])


def draw_shares(labels: NDArray[np.int64]) -> FloatArray:
    """The chance (N,) of each example to be drawn: rare classes √(0.15 / share) times as often
    (repeat factors, Gupta et al., CVPR 2019, section 5).
    """
    share = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    repeat = np.maximum(1.0, np.sqrt(RARE_SHARE / np.maximum(share, 1e-9)))[labels]
    return np.asarray(repeat / repeat.sum())


def _metrics(
    calibration: Calibration, logits: FloatArray, labels: NDArray[np.int64]
) -> dict[str, float]:
    said = calibration.probabilities(logits)
    chosen = said.argmax(axis=1)
    metrics = {
        "accuracy": float((chosen == labels).mean()),
        "log_loss": float(-np.log(np.maximum(said[np.arange(len(labels)), labels], 1e-12)).mean()),
        "calibration_error": calibration_error(said.max(axis=1), chosen == labels),
    }
    for number, label in enumerate(LABELS):
        hits = int(((chosen == number) & (labels == number)).sum())
        total = int((chosen == number).sum() + (labels == number).sum())
        metrics[f"F1 {label}"] = 2 * hits / total if total else float("nan")
    return metrics


def _restored(
    options: TrainingOptions,
    network: SquareNet,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> int:
    """The steps already done; weights of `base` where one is named and nothing was done yet."""
    file = options.out / checkpoints.NAME
    if not file.exists():
        if options.base is not None:
            network.load_state_dict(checkpoints.load(options.base)["network"])
        return 0
    if not options.resume:
        raise TrainingRefused(f"{file} is there already: say --resume, or choose another --out.")
    state = checkpoints.load(file)
    if (state["seed"], state["steps"], state["batch"]) != (
        options.seed,
        options.steps,
        options.batch,
    ):
        raise TrainingRefused(
            f"{file} belongs to seed {state['seed']} and {state['steps']} steps of "
            f"{state['batch']}; resume with the same, or choose another --out."
        )
    network.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["done"])


def _state(
    options: TrainingOptions,
    network: SquareNet,
    optimiser: torch.optim.Optimizer,
    schedule: torch.optim.lr_scheduler.LRScheduler,
) -> dict[str, object]:
    return {
        "network": network.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "seed": options.seed,
        "steps": options.steps,
        "batch": options.batch,
    }


def _mixed(seed: int, step: int) -> int:
    """A 63-bit seed for one step."""
    return int(np.random.default_rng([seed, step, 7]).integers(2**63))


def _say(sentence: str) -> None:
    sys.stdout.write(sentence + "\n")
    sys.stdout.flush()

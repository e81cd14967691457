"""Train Faster R-CNN on streamed simulated atlases: most steps on crops, the last on whole ones.

The schedule counts steps, so the same seed gives the same network; on one data-centre GPU the
default 15,000 steps of four crops of 1024² take about 22 minutes. It resumes from its checkpoint.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from smartscope.training import checkpoints
from smartscope.training.atlases import stream_atlases
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split
from smartscope.training.squares.detector_data import Boxed, boxed, crops_of, repeats_of
from smartscope.training.squares.examples import LABELS
from smartscope.training.squares.faster_rcnn import square_detector
from smartscope.training.squares.faster_rcnn_export import finish

PEAK_RATE = 1e-4
WEIGHT_DECAY = 1e-4
WARM_UP_STEPS = 500
LARGEST_GRADIENT = 5.0
CROP_PX = 1024
LAST_CROP_PX = 2048
#: A fifth of the steps see single large crops, as whole atlases are seen in use.
LAST_SHARE = 0.2
MOST_CROPS_A_STEP = 4
#: Crops cut from one rendered atlas; more would spare time and show fewer grids.
CROPS_AN_ATLAS = 16
POOL_CROPS = 256
CHECKPOINT_STEPS = 250


@dataclass(frozen=True, slots=True)
class Phase:
    """What a step is made of: `count` crops of `size_px`."""

    count: int
    size_px: int


def phase_of(step: int, options: TrainingOptions) -> Phase:
    """Four crops of 1024 px (or as many as `batch` says), in the last fifth one of 2048 px."""
    if step >= (1 - LAST_SHARE) * options.steps:
        return Phase(1, LAST_CROP_PX)
    return Phase(min(options.batch, MOST_CROPS_A_STEP), CROP_PX)


def train_faster_rcnn(options: TrainingOptions, *, depth: int = 50) -> TrainingOutcome:
    """Train, export and measure; raises `TrainingRefused` for options that make no sense."""
    if options.data is not None:
        raise TrainingRefused(
            "Faster R-CNN learns from simulated atlases; give --data to --network small."
        )
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(options.seed)
    detector = square_detector(len(LABELS), depth=depth).to(device)
    optimiser = torch.optim.AdamW(detector.parameters(), PEAK_RATE, weight_decay=WEIGHT_DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: rate(step, options.steps))
    first = _restored(options, detector, optimiser, schedule)
    detector.train()
    losses: list[float] = []
    for step, batch in _batches(options, first):
        torch.manual_seed(options.seed * 1_000_003 + step)
        losses.append(step_on(detector, optimiser, batch, device))
        schedule.step()
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == options.steps:
            recent = np.mean(losses[-CHECKPOINT_STEPS:])
            sys.stdout.write(f"step {step + 1}: loss {recent:.4f}\n")
            sys.stdout.flush()
            _keep(options, detector, optimiser, schedule, step + 1)
    return finish(detector.to("cpu").eval(), options)


def rate(step: int, steps: int) -> float:
    """The share of the peak learning rate: a linear start, then a cosine down to 0."""
    warm_up = min(WARM_UP_STEPS, max(1, steps // 10))
    if step < warm_up:
        return (step + 1) / warm_up
    return 0.5 * (1 + math.cos(math.pi * (step - warm_up) / max(1, steps - warm_up)))


def step_on(
    detector: Any, optimiser: torch.optim.Optimizer, batch: list[Boxed], device: torch.device
) -> float:
    """One step on a batch of crops; its loss."""
    pictures = [torch.from_numpy(crop.grey).expand(3, -1, -1).to(device) for crop in batch]
    targets = [
        {
            "boxes": torch.from_numpy(crop.boxes.astype(np.float32)).reshape(-1, 4).to(device),
            "labels": torch.from_numpy(crop.labels).to(device),
        }
        for crop in batch
    ]
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        loss = torch.stack(list(detector(pictures, targets).values())).sum()
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(detector.parameters(), LARGEST_GRADIENT)
    optimiser.step()
    return float(loss.detach())


def _batches(options: TrainingOptions, first: int) -> Iterator[tuple[int, list[Boxed]]]:
    """Steps with their crops, from a pool that one atlas after another renews.

    A resumed training draws fresh atlases, from where the number of done steps would have come to.
    """
    sizes = [phase_of(first, options).size_px, LAST_CROP_PX]
    for size_px in dict.fromkeys(sizes):
        pool: list[Boxed] = []
        stream = _crops(options, size_px, first)
        for step in range(first, options.steps):
            phase = phase_of(step, options)
            if phase.size_px != size_px:
                first = step
                break
            wanted = min(POOL_CROPS, len(pool) + CROPS_AN_ATLAS)
            while len(pool) < wanted or len(pool) < phase.count:
                pool.append(next(stream))
            random = np.random.default_rng([options.seed, step])
            chosen = random.choice(len(pool), phase.count, replace=False)
            yield step, [pool[number] for number in chosen]
            for number in sorted(chosen.tolist(), reverse=True):
                del pool[number]
        else:
            return


def _crops(options: TrainingOptions, size_px: int, first: int) -> Iterator[Boxed]:
    """Crops of atlas after atlas; those with rare classes give more of them."""
    seen = np.zeros(len(LABELS))
    following = first * MOST_CROPS_A_STEP // CROPS_AN_ATLAS
    for count, sample in enumerate(
        stream_atlases(options.seed, Split.TRAIN, first=following), start=1
    ):
        atlas = boxed(sample)
        if atlas is None:
            continue
        seen[np.unique(atlas.labels) - 1] += 1
        random = np.random.default_rng([options.seed, sample.number, size_px])
        crops = CROPS_AN_ATLAS * repeats_of(atlas.labels, seen / count)
        yield from crops_of(atlas, size_px, crops, random)


def _restored(options: TrainingOptions, detector: Any, optimiser: Any, schedule: Any) -> int:
    file = options.out / checkpoints.NAME
    if not file.exists():
        if options.base is not None:
            detector.load_state_dict(checkpoints.load(options.base)["network"])
        return 0
    if not options.resume:
        raise TrainingRefused(f"{file} is there already: say --resume, or choose another --out.")
    state = checkpoints.load(file)
    if (state["seed"], state["steps"]) != (options.seed, options.steps):
        raise TrainingRefused(
            f"{file} belongs to seed {state['seed']} and {state['steps']} steps; "
            "resume with the same, or choose another --out."
        )
    detector.load_state_dict(state["network"])
    optimiser.load_state_dict(state["optimiser"])
    schedule.load_state_dict(state["schedule"])
    return int(state["done"])


def _keep(
    options: TrainingOptions, detector: Any, optimiser: Any, schedule: Any, done: int
) -> None:
    state = {
        "network": detector.state_dict(),
        "optimiser": optimiser.state_dict(),
        "schedule": schedule.state_dict(),
        "seed": options.seed,
        "steps": options.steps,
        "done": done,
    }
    checkpoints.save(options.out, state)

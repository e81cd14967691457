"""Train the hole network on streamed simulated squares; the same seed gives the same network."""

from __future__ import annotations

import sys
import time
from typing import Any

import torch

from smartscope.training import checkpoints
from smartscope.training.holes.crops import Pool
from smartscope.training.holes.losses import hole_loss
from smartscope.training.holes.network import HoleNetwork
from smartscope.training.holes.real_squares import real_squares
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split
from smartscope.training.square_images import stream_square_images

PEAK_RATE = 4e-3
WARM_UP = 0.08
POOL_SQUARES = 240
FIRST_SQUARES = 32
#: drawing a square takes longer than learning from eight crops
SQUARE_EVERY_STEPS = 4
CHECKPOINT_STEPS = 100
SAY_STEPS = 25


def train(options: TrainingOptions) -> TrainingOutcome:
    """Train, export and measure; raises `TrainingRefused` for options that make no sense."""
    if options.network == "yolo":
        from smartscope.training.holes.yolo import train_yolo

        return train_yolo(options)
    if options.network not in ("", "hole-map"):
        raise TrainingRefused(f"There is no hole network {options.network!r}; yolo is the other.")
    from smartscope.training.holes.finish import finish

    return finish(learn(options), options)


def learn(options: TrainingOptions) -> HoleNetwork:
    torch.manual_seed(options.seed)
    network = HoleNetwork()
    optimiser = torch.optim.AdamW(network.parameters(), lr=PEAK_RATE, weight_decay=1e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, PEAK_RATE, total_steps=options.steps, pct_start=WARM_UP
    )
    first = _start(options, network, optimiser, schedule)
    if first == options.steps:
        network.eval()
        return network
    pool = Pool(
        stream_square_images(options.seed, Split.TRAIN),
        seed=options.seed,
        size=POOL_SQUARES,
        real=() if options.data is None else real_squares(options.data),
    )
    for _ in range(FIRST_SQUARES - (-first // SQUARE_EVERY_STEPS)):
        pool.advance()
    network.train()
    said, losses = time.monotonic(), []
    for step in range(first, options.steps):
        if step % SQUARE_EVERY_STEPS == 0:
            pool.advance()
        planes, maps, weights = (torch.from_numpy(a) for a in pool.batch(step, options.batch))
        optimiser.zero_grad(set_to_none=True)
        loss = hole_loss(network(planes), maps, weights)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5.0)
        optimiser.step()
        schedule.step()
        losses.append(float(loss.detach()))
        if (step + 1) % SAY_STEPS == 0:
            took, said = time.monotonic() - said, time.monotonic()
            mean = sum(losses[-SAY_STEPS:]) / SAY_STEPS
            sys.stdout.write(f"step {step + 1}: loss {mean:.4f}, {took / SAY_STEPS:.2f} s a step\n")
            sys.stdout.flush()
        if (step + 1) % CHECKPOINT_STEPS == 0 or step + 1 == options.steps:
            keep(options, network, optimiser, schedule, step + 1)
    network.eval()
    return network


def _start(options: TrainingOptions, network: Any, optimiser: Any, schedule: Any) -> int:
    """The number of steps already done; weights from `base` where one is named."""
    file = options.out / checkpoints.NAME
    if options.resume and file.exists():
        state = checkpoints.load(file)
        if (state["seed"], state["steps"], state["batch"]) != (
            options.seed,
            options.steps,
            options.batch,
        ):
            raise TrainingRefused(
                f"{file} belongs to seed {state['seed']}, {state['steps']} steps of "
                f"{state['batch']}; resume with the same, or choose another --out."
            )
        network.load_state_dict(state["network"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        return int(state["done"])
    if file.exists():
        raise TrainingRefused(f"{file} is there already: say --resume, or choose another --out.")
    if options.base is not None:
        network.load_state_dict(checkpoints.load(options.base)["network"])
    return 0


def keep(options: TrainingOptions, network: Any, optimiser: Any, schedule: Any, done: int) -> None:
    checkpoints.save(
        options.out,
        {
            "network": network.state_dict(),
            "optimiser": optimiser.state_dict(),
            "schedule": schedule.state_dict(),
            "done": done,
            "seed": options.seed,
            "steps": options.steps,
            "batch": options.batch,
        },
    )

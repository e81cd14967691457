"""Train the denoising network on simulated movies of many pixel sizes, doses and specimens.

The same seed gives the same network on one machine. Gathering and learning both go on where they
were interrupted.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from smartscope.analysis.denoising.fit import Fit, fit, signal_left_out, split_places
from smartscope.analysis.denoising.graph import to_graph
from smartscope.analysis.denoising.settings import CareSettings
from smartscope.analysis.denoising.unet import UNet
from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.network import checksum
from smartscope.training import checkpoints
from smartscope.training.denoising.samples import gather
from smartscope.training.options import TrainingOptions, TrainingOutcome, TrainingRefused
from smartscope.training.split import Split

NAME = "denoising.onnx"
RATE = 1e-3
#: movies simulated for each of the option's steps
STEPS_PER_MOVIE = 6
STEPS_PER_EPOCH = 50
#: learnt from once each, nearly: far more places than steps show
PATCHES = 8000
TUNE_PATCHES = 256


def train(options: TrainingOptions) -> TrainingOutcome:
    """The network as ONNX in `options.out`. Raises `TrainingRefused` for options it has no use for.

    `options.batch` counts pairs of patches.
    """
    if options.data is not None or options.network:
        raise TrainingRefused(
            "The denoiser learns from the simulator here, and from a grid's own movies by "
            "manage.py denoise --tune; leave --data and --network out."
        )
    movies = max(20, options.steps // STEPS_PER_MOVIE)
    rows = options.out / "rows"
    pairs = read_pairs(gather(rows / "train", options.seed, Split.TRAIN, movies))
    tuning = read_pairs(gather(rows / "tune", options.seed + 1, Split.TUNE, movies))
    network = learn(options, pairs)
    return finish(options, network, pairs, tuning)


def settings_of(options: TrainingOptions) -> CareSettings:
    """As many steps as are asked for, in epochs of equal length."""
    per_epoch = min(STEPS_PER_EPOCH, options.steps)
    return CareSettings(
        patches=PATCHES,
        batch=options.batch,
        epochs=-(-options.steps // per_epoch),
        steps_per_epoch=per_epoch,
        rate=RATE,
        validation_share=0.02,
    )


def learn(options: TrainingOptions, pairs: list[NDArray[np.float16]]) -> UNet:
    """The network after the last step; a checkpoint is kept after every epoch."""
    # more threads than cores that are free cost time, and change the last bits
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    settings = settings_of(options)
    begun = Fit.begin(UNet(settings.widths), settings)
    _start(options, begun)

    def say(now: Fit, left: float) -> None:
        checkpoints.save(options.out, {**now.state(), **_identity(options)})
        sys.stdout.write(f"step {now.done}: {left:.3f} of the signal left out\n")
        sys.stdout.flush()

    fit(begun, pairs, settings, seed=options.seed, each_epoch=say)
    begun.network.eval()
    return begun.network


def finish(
    options: TrainingOptions,
    network: UNet,
    pairs: list[NDArray[np.float16]],
    tuning: list[NDArray[np.float16]],
) -> TrainingOutcome:
    """Export, and say how good it is on grids it never saw."""
    settings = CareSettings(patches=TUNE_PATCHES, validation_share=1.0, batch=options.batch)
    _, places = split_places(tuning, settings, options.seed)
    left = signal_left_out(network, tuning, places, settings)
    graph = to_graph(network)
    path = options.out / NAME
    with written_aside(path) as part:
        part.write_bytes(graph)
    metrics = {"signal left out": left}
    summary = (
        f"{len(pairs)} pairs of simulated halves, {len(tuning)} of other grids: "
        f"{left:.3f} of the signal left out"
    )
    sys.stdout.write(summary + "\n")
    return TrainingOutcome(onnx=path, sha256=checksum(graph), metrics=metrics, summary=summary)


def read_pairs(files: Iterable[Path]) -> list[NDArray[np.float16]]:
    """Pairs (2, height, width) of all files."""
    pairs: list[NDArray[np.float16]] = []
    for path in files:
        with np.load(path) as stored:
            pairs.extend(stored["pairs"])
    return pairs


def _identity(options: TrainingOptions) -> dict[str, Any]:
    return {"seed": options.seed, "steps": options.steps, "batch": options.batch}


def _start(options: TrainingOptions, begun: Fit) -> None:
    file = options.out / checkpoints.NAME
    if options.resume and file.exists():
        state = checkpoints.load(file)
        if any(state[name] != value for name, value in _identity(options).items()):
            raise TrainingRefused(
                f"{file} belongs to seed {state['seed']}, {state['steps']} steps of "
                f"{state['batch']}; resume with the same, or choose another --out."
            )
        begun.load(state)
    elif file.exists():
        raise TrainingRefused(f"{file} is there already: say --resume, or choose another --out.")
    elif options.base is not None:
        begun.network.load_state_dict(checkpoints.load(options.base)["network"])

"""The small network as an ONNX file, refused when it does not answer as the trained one does."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import torch

from smartscope.analysis.io.atomic import written_aside
from smartscope.analysis.networks.network import Network, checksum
from smartscope.training.options import TrainingRefused
from smartscope.training.squares.augment import as_batch
from smartscope.training.squares.calibration import Calibration
from smartscope.training.squares.examples import Examples
from smartscope.training.squares.small_network import Calibrated, SquareNet

NAME = "network_squares.onnx"
OPSET = 17
PARITY_EXAMPLES = 64
#: Probabilities of the exported network may differ by this much.
PARITY = 1e-3


def export_small(
    network: SquareNet, calibration: Calibration, examples: Examples, folder: Path
) -> tuple[Path, str]:
    """Write the calibrated network below `folder`; its path and SHA-256.

    Raises `TrainingRefused` when onnxruntime's answers on `examples` differ from torch's.
    """
    offsets = torch.from_numpy(calibration.offsets.astype(np.float32))
    finished = Calibrated(network, calibration.temperature, offsets).eval()
    crops, features, _ = as_batch(examples.kept(np.arange(min(PARITY_EXAMPLES, len(examples)))))
    path = folder / NAME
    folder.mkdir(parents=True, exist_ok=True)
    with written_aside(path) as aside:
        with warnings.catch_warnings():
            # The newer exporter needs one more package; this one is deprecated and needs none.
            warnings.simplefilter("ignore", DeprecationWarning)
            torch.onnx.export(
                finished,
                (crops, features),
                str(aside),
                input_names=["crops", "features"],
                output_names=["probabilities"],
                dynamic_axes={
                    name: {0: "squares"} for name in ("crops", "features", "probabilities")
                },
                opset_version=OPSET,
                dynamo=False,
            )
        graph = aside.read_bytes()
        with torch.no_grad():
            wanted = finished(crops, features).numpy()
        (got,) = Network(graph).run(crops.numpy(), features.numpy())
        apart = float(np.abs(got - wanted).max())
        if apart > PARITY:
            raise TrainingRefused(
                f"The exported network answers differently by {apart:.2g}; nothing was written. "
                "Check the versions of torch and onnxruntime in requirements-train.txt."
            )
    return path, checksum(graph)

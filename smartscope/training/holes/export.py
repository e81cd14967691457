"""The trained hole network as ONNX, and proof that it still answers the same."""

from __future__ import annotations

import hashlib
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch
from torch import nn

from smartscope.analysis.networks.hole_input import CHANNELS
from smartscope.analysis.networks.network import Network
from smartscope.training.holes.network import HoleNetwork
from smartscope.training.options import TrainingRefused

#: opset 17 is read by every onnxruntime since 1.13
OPSET = 17
LARGEST_DIFFERENCE = 1e-3


class _Maps(nn.Module):
    """Maps between 0 and 1 in place of logits."""

    def __init__(self, network: HoleNetwork) -> None:
        super().__init__()
        self.network = network

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        maps: torch.Tensor = self.network(planes).sigmoid()
        return maps


def export(network: HoleNetwork, file: Path) -> str:
    """Write the graph (any batch, any sides divisible by 16) and return its SHA-256.

    Raises `TrainingRefused` when onnxruntime does not agree with torch to 1e-3.
    """
    model = _Maps(network).eval()
    example = torch.zeros(1, CHANNELS, 64, 64)
    axes = {"planes": {0: "n", 2: "h", 3: "w"}, "maps": {0: "n", 2: "h", 3: "w"}}
    with tempfile.TemporaryDirectory(dir=file.parent) as folder, warnings.catch_warnings():
        # The newer exporter needs onnxscript besides; this one is deprecated but needs nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        aside = Path(folder) / file.name
        torch.onnx.export(
            model,
            (example,),
            aside,
            input_names=["planes"],
            output_names=["maps"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
        _compare(model, aside.read_bytes())
        aside.replace(file)
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _compare(model: nn.Module, graph: bytes) -> None:
    planes = np.random.default_rng(0).normal(0, 1, (2, CHANNELS, 96, 128)).astype(np.float32)
    with torch.no_grad():
        expected = model(torch.from_numpy(planes)).numpy()
    difference = float(np.abs(Network(graph).run(planes)[0] - expected).max())
    if difference > LARGEST_DIFFERENCE:
        raise TrainingRefused(
            f"The exported network differs from the trained one by {difference:.1e} "
            f"(at most {LARGEST_DIFFERENCE:g}); it is not written. Try another torch version."
        )

"""A taught U-Net as an ONNX graph and back. Needs torch and onnx."""

from __future__ import annotations

import io
import warnings

import numpy as np
import onnx
import torch
from onnx import numpy_helper

from smartscope.analysis.denoising.unet import UNet
from smartscope.analysis.networks.network import Network, UnusableWeights

#: opset 17 is read by every onnxruntime since 1.13
OPSET = 17
LARGEST_DIFFERENCE = 1e-3


def to_graph(network: UNet) -> bytes:
    """The graph, (N, 1, h, w) to the same. Raises `UnusableWeights` where onnxruntime does not
    answer as torch does.
    """
    plain = UNet(network.widths, residual=network.residual).eval()
    plain.load_state_dict(network.state_dict())
    file = io.BytesIO()
    axes = {"noisy": {0: "n", 2: "h", 3: "w"}, "clean": {0: "n", 2: "h", 3: "w"}}
    with warnings.catch_warnings():
        # The newer exporter needs onnxscript besides; this one is deprecated but needs nothing.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            plain,
            (torch.zeros(1, 1, 64, 64),),
            file,
            input_names=["noisy"],
            output_names=["clean"],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    graph = file.getvalue()
    _compare(plain, graph)
    return graph


def from_graph(graph: bytes, *, residual: bool = True) -> UNet:
    """The U-Net whose weights a graph holds. Raises `UnusableWeights` for another network's."""
    try:
        tensors = onnx.load_from_string(graph).graph.initializer
        state = {
            each.name: torch.from_numpy(numpy_helper.to_array(each).copy()) for each in tensors
        }
        levels = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("down."))
        widths = [state[f"down.{n}.0.weight"].shape[0] for n in range(levels)]
        network = UNet(widths, residual=residual)
        network.load_state_dict({name: state[name] for name in network.state_dict()})
    except Exception as error:  # a graph of another kind may fail in any way
        raise UnusableWeights(
            f"This file does not hold a denoising U-Net ({type(error).__name__}: {error}); "
            "start from the shipped one."
        ) from error
    network.eval()
    return network


def _compare(network: UNet, graph: bytes) -> None:
    noisy = np.random.default_rng(0).normal(0, 1, (2, 1, 96, 128)).astype(np.float32)
    with torch.no_grad():
        expected = network(torch.from_numpy(noisy)).numpy()
    apart = float(np.abs(Network(graph).run(noisy)[0] - expected).max())
    if not apart <= LARGEST_DIFFERENCE:
        raise UnusableWeights(
            f"The exported network differs from the taught one by {apart:.1e} "
            f"(at most {LARGEST_DIFFERENCE:g}); try another version of torch."
        )

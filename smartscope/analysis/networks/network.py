"""One trained network as onnxruntime runs it: loaded once per process, only with a known checksum.

It knows nothing of images or targets; needs neither torch nor a GPU, and uses one that is there.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.manifest import Manifest
from smartscope.analysis.weights import Weights
from smartscope.domain.errors import SmartscopeError

FloatBatch = NDArray[np.float32]

#: in the order of preference; what this onnxruntime cannot do is left out
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")


class UnusableWeights(SmartscopeError):
    """A network's file is absent, is not the one that was registered, or cannot be read."""


class Network:
    """A graph of float32 inputs and outputs, the batch first in each."""

    def __init__(self, graph: bytes) -> None:
        """Raises `UnusableWeights` where onnxruntime is absent or refuses the graph."""
        try:
            import onnxruntime
        except ImportError as error:
            raise UnusableWeights(
                "Networks need onnxruntime, which is not installed; "
                "install requirements.txt (or onnxruntime-gpu on a machine with a GPU)."
            ) from error
        options = onnxruntime.SessionOptions()
        options.log_severity_level = 3
        there = set(onnxruntime.get_available_providers())
        try:
            self._session: Any = onnxruntime.InferenceSession(
                graph, options, providers=[name for name in PROVIDERS if name in there]
            )
        except Exception as error:  # onnxruntime raises types of its own that have no common root
            raise UnusableWeights(
                f"onnxruntime cannot load this network: {error}. Install the file anew."
            ) from error
        self._inputs = tuple(str(given.name) for given in self._session.get_inputs())

    @property
    def provider(self) -> str:
        """What the graph runs on: `CUDAExecutionProvider` or `CPUExecutionProvider`."""
        return str(self._session.get_providers()[0])

    def run(self, *batches: FloatBatch) -> tuple[FloatBatch, ...]:
        """Outputs for inputs, both in the graph's order; safe to call from threads."""
        given = {
            name: np.ascontiguousarray(batch, dtype=np.float32)
            for name, batch in zip(self._inputs, batches, strict=True)
        }
        return tuple(self._session.run(None, given))


@dataclass(frozen=True, slots=True)
class Trained:
    """A network that did not come with its plug-in, and the SHA-256 of its file."""

    network: Network
    sha256: str


def chosen(
    manifest: Manifest, folder: Traversable, trained: Trained | None
) -> tuple[Manifest, Network]:
    """What a plug-in uses: the network handed to it, else the one its manifest names.

    A handed one changes the version, because findings are kept by plug-in and version.
    """
    if trained is None:
        return manifest, network_of(manifest, folder)
    version = f"{manifest.version}+{trained.sha256[:8]}"
    weights = Weights(f"{trained.sha256}.onnx", trained.sha256)
    return replace(manifest, version=version, weights=weights), trained.network


def network_of(manifest: Manifest, folder: Traversable) -> Network:
    """The network that a manifest names, from `folder`; a plug-in asks once, when it is made.

    What was checked is what is loaded: the file is read once.
    Raises `UnusableWeights` for a file that is absent or has another checksum than the manifest's.
    """
    weights = manifest.weights
    if weights is None:
        raise UnusableWeights(f"The manifest of {manifest.name} names no weights.")
    if not weights.sha256:
        raise UnusableWeights(
            f"No weights come with {manifest.name}; train or install some and register them."
        )
    file = folder / weights.file
    try:
        graph = file.read_bytes()
    except OSError as error:
        raise UnusableWeights(
            f"The weights of {manifest.name} are not there ({file}: {error.strerror}); "
            "install them anew."
        ) from error
    _require(graph, weights, manifest.name)
    return Network(graph)


def _require(graph: bytes, weights: Weights, name: str) -> None:
    found = checksum(graph)
    if found != weights.sha256:
        raise UnusableWeights(
            f"{weights.file} has the checksum {found[:12]}…, but {name} was registered with "
            f"{weights.sha256[:12]}…: it is not the network that was tested. Install the "
            "registered file, or register the new one."
        )


def checksum(data: bytes) -> str:
    """SHA-256 as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()

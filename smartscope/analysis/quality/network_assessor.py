"""Exposures named by a small trained network that knows when it sees something new."""

from __future__ import annotations

from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.networks.network import FloatBatch, Trained, chosen
from smartscope.analysis.quality.assessor import Quality
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.indicators import indicators
from smartscope.analysis.quality.reasons import reasons_for

_HERE = files("smartscope.analysis.quality")


class NetworkAssessor:
    """Probabilities of eight classes from 44 indicators, and how far they lie from the training.

    The graph takes indicators and a mask of those that are known, (N, 44) each, and answers
    probabilities (N, 8) and Mahalanobis distances over their limit (N, 1).
    """

    def __init__(self, trained: Trained | None = None) -> None:
        """With the shipped weights, or with others; raises `UnusableWeights` without any."""
        card = read_manifest(_HERE / "quality_network.toml")
        self._manifest, self._network = chosen(card, _HERE, trained)

    @property
    def manifest(self) -> Manifest:
        """Name, version, the eight labels and the network's checksum."""
        return self._manifest

    def assess(
        self, total: NDArray[np.generic], context: Context, *, pixel_size_angstrom: float
    ) -> Quality:
        """See `QualityAssessor`."""
        values = indicators(total, context, pixel_size_angstrom=pixel_size_angstrom)
        said, novelty = (each[0] for each in self._network.run(*network_input(values[None])))
        likeliest = CLASSES[int(said.argmax())]
        label = ExposureClass.UNKNOWN if float(novelty[0]) > 1.0 else likeliest
        share = said.astype(np.float64) / float(said.sum())
        reasons = reasons_for(label, values, context)
        if label is ExposureClass.UNKNOWN:
            reasons = (f"unlike the exposures learnt from; nearest to {likeliest.value}", *reasons)
        return Quality(
            label=label,
            probability=float(share.max()),
            probabilities={each: float(p) for each, p in zip(CLASSES, share, strict=True)},
            novelty=float(novelty[0]),
            reasons=reasons,
        )


def network_input(values: FloatArray) -> tuple[FloatBatch, FloatBatch]:
    """Indicators (N, 44) with zeros for what is not known, and 1 where it is."""
    known = np.isfinite(values)
    return np.where(known, values, 0.0).astype(np.float32), known.astype(np.float32)

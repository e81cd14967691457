"""Exposures judged by a few limits, without a trained network: for where there is none."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.base import FloatArray
from smartscope.analysis.manifest import Manifest, read_manifest
from smartscope.analysis.quality.assessor import Quality
from smartscope.analysis.quality.classes import CLASSES, ExposureClass
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.indicators import NAMES, indicators
from smartscope.analysis.quality.reasons import reasons_for

#: a class that a limit names has this probability, the others share the rest
SURENESS: Final = 0.65
_THICK_NM: Final = 100.0
_NO_ICE_NM: Final = 6.0
_BLURRED_ANGSTROM: Final = 3.0
_SPOT: Final = 0.6
_ASHMAN_D: Final = 3.0
_UNEVEN: Final = -3.5
_BLOB_EXCESS: Final = 0.2


class RuleAssessor:
    """Limits on single indicators, in a fixed order; probabilities are not calibrated."""

    def __init__(self) -> None:
        self._manifest = read_manifest(files("smartscope.analysis.quality") / "quality_rules.toml")

    @property
    def manifest(self) -> Manifest:
        """Name, version and the eight labels."""
        return self._manifest

    def assess(
        self, total: NDArray[np.generic], context: Context, *, pixel_size_angstrom: float
    ) -> Quality:
        """See `QualityAssessor`."""
        values = indicators(total, context, pixel_size_angstrom=pixel_size_angstrom)
        label = _named(values, context)
        rest = (1.0 - SURENESS) / (len(CLASSES) - 1)
        return Quality(
            label=label,
            probability=SURENESS,
            probabilities={each: SURENESS if each is label else rest for each in CLASSES},
            novelty=None,
            reasons=reasons_for(label, values, context),
        )


def _named(values: FloatArray, context: Context) -> ExposureClass:
    seen = dict(zip(NAMES, values, strict=True))
    ice = context.seen_ice_nm
    if ice is None:
        ice = context.rings_ice_nm
    step = context.frame_step_angstrom
    spots = [seen[name] for name in ("spot_3.90", "spot_3.67", "spot_3.44")]
    rules = (
        (bool(np.nanmax([*spots, -1.0]) > _SPOT), ExposureClass.CRYSTALLINE),
        (bool(seen["ashman_d"] > _ASHMAN_D), ExposureClass.FOIL),
        (bool(seen["tile_residual"] > _UNEVEN), ExposureClass.CONTAMINATED),
        (ice is not None and ice < _NO_ICE_NM, ExposureClass.NO_ICE),
        (ice is not None and ice > _THICK_NM, ExposureClass.THICK),
        (step is not None and step > _BLURRED_ANGSTROM, ExposureClass.BLURRED),
        (
            bool(seen["blobs_dark"] - seen["blobs_bright"] < _BLOB_EXCESS),
            ExposureClass.NO_PARTICLES,
        ),
    )
    return next((label for holds, label in rules if holds), ExposureClass.GOOD)

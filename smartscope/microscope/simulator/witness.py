"""Who may see what really happened: handed in when the simulator is built, by default nobody.

The driver never returns truth. Tests, benchmarks and the training-set command pass a sink.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from smartscope.domain.geometry import Affine
from smartscope.microscope.simulator.exposure_log import Exposure
from smartscope.microscope.simulator.optics.values import RecordTruth
from smartscope.microscope.simulator.specimen.values import Pose
from smartscope.microscope.simulator.specimen.world import Specimen
from smartscope.microscope.values import Area, ImageShift, StagePose


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Witnessed:
    """One image with everything behind it; `shape` is (height, width).

    `nominal` maps pixels to the stage as reported, `true` to the specimen's own coordinates.
    """

    exposure: Exposure
    area: Area
    shape: tuple[int, int]
    commanded: StagePose
    image_shift: ImageShift
    pose: Pose
    nominal: Affine
    true: Affine
    commanded_defocus_um: float
    defocus_um: float
    height_excess_um: float
    drift_angstrom_per_s: tuple[float, float]
    intensity: float
    specimen: Specimen
    record: RecordTruth | None = None


class Witness(Protocol):
    """Receives each image's truth once, after it was exposed and before the driver answers."""

    def saw(self, image: Witnessed) -> None:
        """Take note; must not change anything."""
        ...


class NoWitness:
    """The default: truth is forgotten."""

    def saw(self, image: Witnessed) -> None:
        """Forget."""

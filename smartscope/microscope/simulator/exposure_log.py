"""Every dose the specimens have seen: what the beam left behind, and what repeats noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from smartscope.microscope.simulator.specimen.values import PastExposure
from smartscope.microscope.values import Area

#: Below this the beam leaves no visible mark (assumed), so rendering need not know of it.
MARKING_DOSE_E_PER_A2 = 0.5

NoiseIdentity = tuple[str, Area, str, int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """One exposure. Commanded pose in whole nm; the place of the beam in specimen coordinates.

    `routine` names the task that exposed for its own sake ("focus"); "" is an image somebody keeps.
    """

    serial: int
    grid_id: str
    area: Area
    stage_x_nm: int
    stage_y_nm: int
    shift_x_nm: int
    shift_y_nm: int
    repeat: int
    specimen_x_um: float
    specimen_y_um: float
    radius_um: float
    dose_e_per_a2: float
    start_s: float
    routine: str = ""
    item: str = ""

    @property
    def identity(self) -> NoiseIdentity:
        """What acquisition noise is keyed by, without the repeat."""
        return (
            self.grid_id,
            self.area,
            self.routine,
            self.stage_x_nm,
            self.stage_y_nm,
            self.shift_x_nm,
            self.shift_y_nm,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Exposure:
        """The inverse of `to_json`."""
        return cls(**{**values, "area": Area(values["area"])})


class ExposureLog:
    """All exposures of a cassette, in order."""

    def __init__(self) -> None:
        self._all: list[Exposure] = []
        self._repeats: Counter[NoiseIdentity] = Counter()

    def __len__(self) -> int:
        return len(self._all)

    def add(self, exposure: Exposure) -> None:
        """Remember one."""
        self._all.append(exposure)
        self._repeats[exposure.identity] += 1

    def numbered(self, draft: Exposure) -> Exposure:
        """The same exposure knowing how many were taken with the same commands before."""
        return replace(draft, repeat=self._repeats[draft.identity])

    def all(self) -> tuple[Exposure, ...]:
        """Every exposure so far."""
        return tuple(self._all)

    def marks_near(
        self, grid_id: str, x_um: float, y_um: float, within_um: float, *, before_serial: int
    ) -> tuple[PastExposure, ...]:
        """The earlier exposures that left a mark on this grid within reach of a place."""
        return tuple(
            PastExposure(
                stage_x_um=each.specimen_x_um,
                stage_y_um=each.specimen_y_um,
                radius_um=each.radius_um,
                dose_e_per_a2=each.dose_e_per_a2,
                time_s=each.start_s,
            )
            for each in self._all
            if each.serial < before_serial
            and each.grid_id == grid_id
            and each.dose_e_per_a2 >= MARKING_DOSE_E_PER_A2
            and abs(each.specimen_x_um - x_um) <= within_um + each.radius_um
            and abs(each.specimen_y_um - y_um) <= within_um + each.radius_um
        )

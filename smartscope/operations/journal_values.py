"""What crosses between the bridge and its journal: plain values, no rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from smartscope.domain.steps import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedItem:
    """One image a step intends; `hole` when its dose goes into a hole."""

    name: str
    hole: UUID | None = None
    dose_e_per_angstrom2: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StepPlan:
    """A step about to be begun: what, for which images, and how, as plain JSON values."""

    run: UUID
    step: Step
    items: tuple[PlannedItem, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenStep:
    """A step the journal has open: its number and epoch name the files of its items."""

    id: UUID
    number: int
    epoch: int
    kind: str
    attempt: int
    #: the error's class that ended the attempt before; "" when there was none
    last_error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewImage:
    """A file that is whole and in place, and what is to be remembered of how it was taken.

    Lengths µm, `pixel_to_stage` as `domain.geometry.Affine.as_list`.
    """

    kind: str
    key: str
    sha256: str
    bytes: int
    width_px: int
    height_px: int
    pixel_size_angstrom: float
    taken_at_s: float
    sections: int = 1
    pixel_to_stage: list[float] | None = None
    sections_to_stage: list[list[float]] | None = None
    stage_x_um: float | None = None
    stage_y_um: float | None = None
    stage_z_um: float | None = None
    tilt_deg: float = 0.0
    defocus_um: float | None = None
    dose_e_per_angstrom2: float = 0.0
    gain_key: str = ""
    mean_counts: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedAnalysis:
    """What is to be found out from an image; the duration is on the microscope's clock.

    With a `film` only from images of that support film, and there in place of the general one.
    """

    kind: str
    plugin: str
    plugin_version: str
    declared_duration_s: float
    film: str = ""


def wanted_on(wanted: Iterable[WantedAnalysis], film: str) -> list[WantedAnalysis]:
    """What an image of this support film calls for: of each kind its own, or else the general."""
    by_kind: dict[str, WantedAnalysis] = {}
    for each in wanted:
        if each.film == film or (each.film == "" and each.kind not in by_kind):
            by_kind[each.kind] = each
    return list(by_kind.values())

"""What a morning report says, as frozen values; no database and no page in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from statistics import median
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Picture:
    """An image with a preview: by id for a page, by storage key for a single file."""

    image: UUID
    preview_key: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """Measured values of one grid; `wanted` is the range people asked for."""

    name: str
    unit: str
    values: tuple[float, ...]
    wanted: tuple[float, float] | None = None

    @property
    def median(self) -> float:
        """The middle value."""
        return median(self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """A square on the atlas's picture: corners in its pixels, class as people see it."""

    slug: str
    corners_px: tuple[tuple[float, float], ...]
    square_class: str
    imaged: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Micrograph:
    """One exposure worth a look, with what was measured; None is not measured."""

    standing: str
    slug: str
    picture: Picture | None
    spectrum: Picture | None
    usable: bool
    label_by_person: str
    quality_class: str
    ice_nm: float | None
    drift_angstrom: float | None
    ctf_fit_angstrom: float | None
    target_defocus_um: float | None
    defocus_um: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """Something out of the ordinary: when, to what, in words; `grid` is None for the session."""

    at: datetime
    text: str
    grid: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GridReport:
    """One grid: its verdict and why, what was seen, what to do next."""

    id: UUID
    slug: str
    name: str
    sample: str
    position: int
    hole_type: str
    mesh: str
    status: str
    status_reason: str
    verdict: str
    verdict_by_person: bool
    confidence: float | None
    reasons: tuple[str, ...]
    expected_usable_holes: float | None
    holes_in_range: int | None
    success_rate: float | None
    squares_found: int
    squares_good: int
    squares_imaged: int
    exposures: int
    exposures_usable: int
    holes_lost: int
    atlas: Picture | None
    outlines: tuple[Outline, ...]
    micrographs: tuple[Micrograph, ...]
    distributions: tuple[Distribution, ...]
    suggestions: tuple[str, ...]
    incidents: tuple[Incident, ...]
    methods: tuple[str, ...]
    minutes: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionReport:
    """The whole night. `grids` are best first; `missing` says what keeps it from being complete."""

    session: UUID
    name: str
    date: date
    group: str
    microscope: str
    detector: str
    voltage_kv: int
    simulated: bool
    imported: bool
    notes: str
    made_at: datetime
    run_state: str
    run_reason: str
    answer: str
    microscope_s: float | None
    exposures: int
    dose_e_per_angstrom2: float
    waiting_s: Mapping[str, float]
    software_waiting_fraction: float | None
    grids: tuple[GridReport, ...]
    incidents: tuple[Incident, ...]
    missing: tuple[str, ...]

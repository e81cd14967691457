"""Make a microscope known, or change how its driver is reached; ids and history stay."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput
from smartscope.models import Detector, Microscope
from smartscope.operations.event_log import Scope, Told, record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Camera:
    """A camera of the microscope; pixel size on the chip in µm."""

    name: str
    model: str
    width_px: int
    height_px: int
    physical_pixel_um: float
    energy_filter: bool = False
    counts_per_electron: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroscopeDescription:
    """What a facility says of an instrument; `driver_settings` go to `microscope.registry`."""

    name: str
    vendor: str
    location: str
    voltage_kv: int
    spherical_aberration_mm: float
    loader_slots: int
    driver_kind: str
    driver_settings: Mapping[str, Any] = field(default_factory=dict)
    simulated: bool = False
    stage_limit_k: float = 110.0
    autoloader_limit_k: float = 110.0
    camera: Camera


#: what a column may be, and below which temperature its owner wants it: the cold of helium to a
#: warm room, where stained specimens are looked at
_BETWEEN: Mapping[str, tuple[float, float]] = {
    "voltage_kv": (60, 1_500),
    "spherical_aberration_mm": (0.0, 10.0),
    "loader_slots": (0, 100),
    "stage_limit_k": (4.0, 320.0),
    "autoloader_limit_k": (4.0, 320.0),
}
_OF_CAMERA: Mapping[str, tuple[float, float]] = {
    "width_px": (64, 32_768),
    "height_px": (64, 32_768),
    "physical_pixel_um": (0.5, 100.0),
    "counts_per_electron": (1e-3, 1e6),
}


@transaction.atomic
def setup_microscope(actor: Actor, described: MicroscopeDescription) -> tuple[Microscope, Detector]:
    """The rows of that name, created or brought up to date. Raises InvalidInput."""
    _require_sense(described)
    microscope, created = Microscope.objects.update_or_create(
        name=described.name,
        defaults={
            "vendor": described.vendor,
            "location": described.location,
            "voltage_kv": described.voltage_kv,
            "spherical_aberration_mm": described.spherical_aberration_mm,
            "loader_slots": described.loader_slots,
            "driver_kind": described.driver_kind,
            "driver_settings": dict(described.driver_settings),
            "simulated": described.simulated,
            "stage_limit_k": described.stage_limit_k,
            "autoloader_limit_k": described.autoloader_limit_k,
        },
    )
    camera = described.camera
    detector, _ = Detector.objects.update_or_create(
        microscope=microscope,
        number=1,
        defaults={
            "name": camera.name,
            "model": camera.model,
            "width_px": camera.width_px,
            "height_px": camera.height_px,
            "physical_pixel_um": camera.physical_pixel_um,
            "energy_filter": camera.energy_filter,
            "counts_per_electron": camera.counts_per_electron,
        },
    )
    record_event(
        "settings.created" if created else "settings.changed",
        actor,
        Scope(microscope=microscope.pk),
        Told(
            subjects=[microscope.pk, detector.pk],
            after={
                "driver": described.driver_kind,
                "stage_limit_k": described.stage_limit_k,
                "autoloader_limit_k": described.autoloader_limit_k,
            },
        ),
    )
    return microscope, detector


def _require_sense(described: MicroscopeDescription) -> None:
    problems = {}
    for prefix, holder, limits in (
        ("", described, _BETWEEN),
        ("camera.", described.camera, _OF_CAMERA),
    ):
        for name, (low, high) in limits.items():
            value = getattr(holder, name)
            if value is not None and not low <= value <= high:
                problems[f"{prefix}{name}"] = f"must lie between {low:g} and {high:g}."
    if not described.name.strip() or not described.name.isprintable():
        problems["name"] = "is one printable line."
    if problems:
        raise InvalidInput(problems)

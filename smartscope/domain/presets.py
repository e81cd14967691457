"""Protocols under a name, and what one protocol changes of another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smartscope.domain.protocol import PARAMETER_NAMES, Aim, CollectionProtocol


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedProtocol:
    """`parameters` are what it changes of the service's defaults."""

    name: str
    description: str
    parameters: Mapping[str, Any]


#: what every service offers; a facility adds its own
BUILT_IN: tuple[NamedProtocol, ...] = (
    NamedProtocol(
        name="Screening",
        description="A few squares of every kind, a few holes in each.",
        parameters={},
    ),
    NamedProtocol(
        name="Atlas only",
        description="The atlas of each grid and nothing else.",
        parameters={"atlas_only": True},
    ),
    NamedProtocol(
        name="Tilted screening",
        description="As screening, exposed at 30 degrees against preferred orientation.",
        parameters={"tilt_deg": 30.0},
    ),
    NamedProtocol(
        name="Collection",
        description="Every hole in range of the most promising squares, by image shift.",
        parameters={
            "squares_per_grid": 50,
            "holes_per_square": 0,
            "selection_aim": str(Aim.BEST),
            "image_shift_radius_um": 8.0,
            "defocus_min_um": 0.8,
            "defocus_max_um": 2.0,
            "defocus_step_um": 0.2,
        },
    ),
)


def differences(protocol: CollectionProtocol, usual: CollectionProtocol) -> dict[str, Any]:
    """The parameters in which `protocol` is not `usual`, with its own values."""
    return {
        name: getattr(protocol, name)
        for name in PARAMETER_NAMES
        if getattr(protocol, name) != getattr(usual, name)
    }

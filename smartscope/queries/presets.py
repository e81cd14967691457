"""The protocols a plan may begin with: the service's own, then the facility's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from smartscope.domain.presets import BUILT_IN, differences
from smartscope.domain.protocol import PARAMETER_NAMES, CollectionProtocol
from smartscope.models import Preset


@dataclass(frozen=True, slots=True, kw_only=True)
class PresetShown:
    """`differs` is against the facility's default; `id` is None for the service's own."""

    id: UUID | None
    name: str
    description: str
    is_default: bool
    author: str | None
    protocol: CollectionProtocol
    differs: dict[str, Any]


def facility_default() -> CollectionProtocol:
    """What new plans begin with: the facility's default preset, else the service's defaults."""
    row = Preset.objects.filter(is_default=True).first()
    return CollectionProtocol() if row is None else protocol_of_preset(row)


def protocol_of_preset(preset: Preset) -> CollectionProtocol:
    """A parameter that this version no longer knows is left out."""
    known = {name: v for name, v in preset.parameters.items() if name in PARAMETER_NAMES}
    return CollectionProtocol(**known)


def presets() -> list[PresetShown]:
    """All of them; one query."""
    rows = list(Preset.objects.select_related("author").order_by("name"))
    chosen = next((row for row in rows if row.is_default), None)
    usual = CollectionProtocol() if chosen is None else protocol_of_preset(chosen)
    taken = {row.name for row in rows}
    own = [
        PresetShown(
            id=None,
            name=one.name,
            description=one.description,
            is_default=chosen is None and not one.parameters,
            author=None,
            protocol=CollectionProtocol(**one.parameters),
            differs=differences(CollectionProtocol(**one.parameters), usual),
        )
        for one in BUILT_IN
        if one.name not in taken
    ]
    return own + [_shown(row, usual) for row in rows]


def _shown(row: Preset, usual: CollectionProtocol) -> PresetShown:
    protocol = protocol_of_preset(row)
    return PresetShown(
        id=row.pk,
        name=row.name,
        description=row.description,
        is_default=row.is_default,
        author=None if row.author is None else row.author.get_username(),
        protocol=protocol,
        differs=differences(protocol, usual),
    )

"""The facility's staff keep protocols under a name; a plan copies them, so no night changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.domain.presets import differences
from smartscope.domain.protocol import CollectionProtocol, check
from smartscope.models import Preset
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.rights import require_staff


@transaction.atomic
def save_preset(
    actor: Actor,
    *,
    name: str,
    description: str,
    parameters: Mapping[str, Any],
    is_default: bool,
) -> Preset:
    """Make the preset of that name, or give it these parameters; one default at a time.

    Raises NotAllowed but for staff, InvalidInput naming what cannot be run.
    """
    require_staff(actor)
    if not name.strip() or not name.isprintable():
        raise InvalidInput({"name": "give the preset a printable name."})
    protocol = check(CollectionProtocol(**parameters))
    kept = differences(protocol, CollectionProtocol())
    if is_default:
        Preset.objects.filter(is_default=True).exclude(name=name).update(is_default=False)
    row, new = Preset.objects.update_or_create(
        name=name,
        defaults={
            "description": description,
            "parameters": kept,
            "is_default": is_default,
            "author_id": actor.user_id,
        },
    )
    if not new:
        row.version += 1
        row.save(update_fields=["version", "updated_at"])
    record_event(
        "settings.changed",
        actor,
        Scope(),
        Told(subjects=[row.pk], after={"preset": name, "default": is_default, **kept}),
    )
    return row


@transaction.atomic
def delete_preset(actor: Actor, preset_id: UUID) -> None:
    """Plans made from it stay as they are. Raises NotAllowed, NotFound."""
    require_staff(actor)
    row = Preset.objects.filter(pk=preset_id).first()
    if row is None:
        raise NotFound("There is no such preset; the service's own cannot be deleted.")
    record_event(
        "settings.changed",
        actor,
        Scope(),
        Told(subjects=[row.pk], before={"preset": row.name, **row.parameters}),
    )
    row.delete()

"""A backup was made: the log keeps when and how much, so that people see how old it is."""

from __future__ import annotations

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.backups import BACKUP_MADE


@transaction.atomic
def note_backup(actor: Actor, *, database_bytes: int, images: int) -> None:
    """Where it lies is the site's own business, and is not kept."""
    told = Told(after={"database_bytes": database_bytes, "images": images})
    record_event(BACKUP_MADE, actor, Scope(), told)

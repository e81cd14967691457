"""When the last backup was made, as the log tells it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from smartscope.models import Event

BACKUP_MADE = "backup.made"


@dataclass(frozen=True, slots=True)
class Backup:
    """When it was made, how large the database's part is, and of how many images."""

    at: datetime
    database_bytes: int
    images: int


def last_backup() -> Backup | None:
    """None where none was ever made by `manage.py backup`."""
    row = Event.objects.filter(kind=BACKUP_MADE).order_by("-seq").first()
    if row is None:
        return None
    made = row.after or {}
    return Backup(row.time, int(made.get("database_bytes", 0)), int(made.get("images", 0)))

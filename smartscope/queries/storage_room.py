"""How much room the image store has, and how fast it is being filled: the trend from rows."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.db.models import Min, Sum
from django.utils import timezone

from smartscope.models import Image
from smartscope.storage.current import current_store

#: what was written within it says how fast the store fills
TREND_OVER = timedelta(hours=6)
#: so little time says nothing of a rate
LEAST_TREND = timedelta(minutes=10)


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageRoom:
    """Bytes; None where the store's room cannot be measured, or nothing was written lately."""

    free_bytes: int | None
    total_bytes: int | None
    written_bytes_per_h: float | None
    full_in_h: float | None


def storage_room() -> StorageRoom:
    """One query. A store that is no directory of this machine has no room to measure."""
    free, total = _room()
    rate = _written_per_h()
    full = None if free is None or not rate else free / rate
    return StorageRoom(free_bytes=free, total_bytes=total, written_bytes_per_h=rate, full_in_h=full)


def _room() -> tuple[int | None, int | None]:
    parts = urlsplit(current_store().root_url)
    if parts.scheme != "file":
        return None, None
    try:
        usage = shutil.disk_usage(Path(unquote(parts.path)))
    except OSError:
        return None, None
    return usage.free, usage.total


def _written_per_h() -> float | None:
    """By the images registered lately, from the first of them until now."""
    now = timezone.now()
    found = Image.objects.filter(created_at__gt=now - TREND_OVER).aggregate(
        written=Sum("bytes"), first=Min("created_at")
    )
    if found["first"] is None or now - found["first"] < LEAST_TREND:
        return None
    hours: float = (now - found["first"]).total_seconds() / 3600
    return float(found["written"]) / hours

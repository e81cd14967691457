"""For whoever is asked for help: how the house stands, without data, names or secrets."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from smartscope.models import Alarm, Event, Exposure, Grid, Hole, Microscope, Run, Session, Square
from smartscope.queries.backups import last_backup
from smartscope.queries.health_details import health_details
from smartscope.queries.storage_room import storage_room

LAST_EVENTS, LAST_ALARMS, LAST_RUNS = 500, 50, 20
#: what a site chose that explains how it behaves; addresses, keys and passwords are not among them
TOLD_SETTINGS = ("DEBUG", "MODE", "PREFIX", "OLD_ANALYSIS_S", "TIME_ZONE")


def support_bundle() -> dict[str, Any]:
    """Plain values. Events are thin: kinds, times and counts, never who, what or which."""
    backup = last_backup()
    return {
        "made_at": timezone.now(),
        "health": asdict(health_details()),
        "storage": asdict(storage_room()),
        "last_backup_at": None if backup is None else backup.at,
        "settings": {
            name: str(getattr(settings, name)) for name in TOLD_SETTINGS if hasattr(settings, name)
        },
        "database": {"version": connection.cursor().connection.info.server_version},
        "migrations": _migrations(),
        "rows": {
            model.__name__: model.objects.count()
            for model in (Session, Grid, Square, Hole, Exposure, Run, Event)
        },
        "microscopes": list(
            Microscope.objects.values(
                "driver_kind", "simulated", "state", "state_since", "seen_at", "loader_slots"
            )
        ),
        "runs": list(
            Run.objects.order_by("-created_at").values(
                "state", "wish", "failures_in_a_row", "started_at_s", "ended_at_s"
            )[:LAST_RUNS]
        ),
        "alarms": list(
            Alarm.objects.order_by("-raised_at").values("key", "level", "state", "raised_at")[
                :LAST_ALARMS
            ]
        ),
        "events": list(
            Event.objects.order_by("-seq").values("seq", "kind", "time", "actor_type")[:LAST_EVENTS]
        ),
    }


def _migrations() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM django_migrations WHERE app = 'smartscope' ORDER BY id")
        return [str(name) for (name,) in cursor.fetchall()]

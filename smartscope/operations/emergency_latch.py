"""The row that makes an emergency stop stand until a person starts or resumes."""

from __future__ import annotations

from uuid import UUID

from django.db import connection

from smartscope.models import Lease


def latch(microscope: UUID) -> None:
    """The stop stands once this has returned; needs no transaction and no lease."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO smartscope_lease (microscope_id, epoch, beat, state, stopped_at)"
            " VALUES (%s, 0, 0, 'free', clock_timestamp())"
            " ON CONFLICT (microscope_id) DO UPDATE"
            " SET stopped_at = coalesce(smartscope_lease.stopped_at, clock_timestamp())",
            [microscope],
        )


def unlatch(microscope: UUID) -> None:
    """Last in the transaction of a person's start: the lease is locked after everything else."""
    Lease.objects.filter(pk=microscope, stopped_at__isnull=False).update(stopped_at=None)

"""Send the hint that an analysis waits; without Redis it is only later, never lost."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from smartscope.models import Analysis

log = logging.getLogger(__name__)


def nudge(analysis_id: UUID) -> bool:
    """Queue the task; False when the broker cannot be reached (the sweeper tries again)."""
    from kombu.exceptions import OperationalError

    from workers.tasks import run_analysis

    try:
        run_analysis.apply_async(args=[str(analysis_id)], retry=False)
    except (OperationalError, OSError) as error:
        log.warning("No broker to hint at analysis %s: %s", analysis_id, error)
        return False
    Analysis.objects.filter(pk=analysis_id).update(nudged_at=timezone.now())
    return True

"""Send the hint that an analysis waits; without Redis it is only later, never lost."""

from __future__ import annotations

import logging
from uuid import UUID

from django.utils import timezone

from smartscope.models import Analysis, Export, ParticleStudy
from smartscope.operations.want_denoised import DENOISE
from smartscope.operations.want_fine_sum import FINE_SUM
from smartscope.operations.want_picks import PICK

log = logging.getLogger(__name__)

#: what no decision and no CTF waits for: taken up when the queue holds nothing else
LATER = frozenset({FINE_SUM, PICK, DENOISE})
#: Redis takes small numbers first, in steps of three
FOR_THE_NIGHT, FOR_PEOPLE_ONLY = 0, 9


def nudge(analysis_id: UUID) -> bool:
    """Queue the task; False when the broker cannot be reached (the sweeper tries again)."""
    from kombu.exceptions import OperationalError

    from workers.tasks import run_analysis

    kind = Analysis.objects.values_list("kind", flat=True).get(pk=analysis_id)
    turn = FOR_PEOPLE_ONLY if kind in LATER else FOR_THE_NIGHT
    try:
        run_analysis.apply_async(args=[str(analysis_id)], retry=False, priority=turn)
    except (OperationalError, OSError) as error:
        log.warning("No broker to hint at analysis %s: %s", analysis_id, error)
        return False
    Analysis.objects.filter(pk=analysis_id).update(nudged_at=timezone.now())
    return True


def nudge_work(told_as: str, pk: UUID) -> bool:
    """As `nudge`, of what a person asked for: an `export` or a `particle_study`."""
    from kombu.exceptions import OperationalError

    from workers.tasks import work_out_study, write_export

    kind, task = {
        Export.told_as: (Export, write_export),
        ParticleStudy.told_as: (ParticleStudy, work_out_study),
    }[told_as]
    try:
        task.apply_async(args=[str(pk)], retry=False, priority=FOR_PEOPLE_ONLY)
    except (OperationalError, OSError) as error:
        log.warning("No broker to hint at %s %s: %s", told_as, pk, error)
        return False
    kind.objects.filter(pk=pk).update(nudged_at=timezone.now())
    return True

"""How long a run's microscope has done nothing, and whether its valves refused to close."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Max

from smartscope.domain.snapshot import Stillness
from smartscope.domain.status import StepState
from smartscope.models import Step

#: more attempts in a row than this change nothing for the pause before the next
MOST_ATTEMPTS = 20
_CLOSING = "safe_state"


def stillness(run: UUID) -> Stillness:
    """By the journal: two queries, whatever its length."""
    steps = Step.objects.filter(run=run)
    quiet = steps.exclude(kind=_CLOSING).aggregate(since_s=Max("ended_at_s"))["since_s"]
    failed, failed_at_s = 0, 0.0
    last = steps.order_by("-number").values_list("kind", "state", "ended_at_s")
    for kind, state, ended_at_s in last[:MOST_ATTEMPTS]:
        if kind != _CLOSING or state != StepState.FAILED:
            break
        failed_at_s = failed_at_s or ended_at_s or 0.0
        failed += 1
    return Stillness(quiet_since_s=quiet, failed_closings=failed, failed_at_s=failed_at_s)

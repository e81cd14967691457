"""Whether a run may go on by itself after whoever drove it has ended."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.status import GRID_ENDS
from smartscope.models import Event, Grid, Run


def resumes_by_itself(run: UUID) -> bool:
    """Whether no grid that is left to image asks for a person after an interruption."""
    session = Run.objects.values_list("session_id", flat=True).get(pk=run)
    asking = Grid.objects.filter(session=session, resumes_by_itself=False)
    return not asking.exclude(status__in=GRID_ENDS).exists()


def left_in_order(microscope: UUID, *, epoch: int) -> bool:
    """Whether the epoch before this one gave the microscope back by itself, as an idle one does."""
    return Event.objects.filter(
        microscope=microscope, kind="lease.released", epoch=epoch - 1
    ).exists()

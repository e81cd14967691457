"""What a run achieved and what it cost: counts, dose, time, and who made the microscope wait."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Count, Max, Q, Sum
from django.utils import timezone

from smartscope.domain.status import GRID_ENDS, ItemState, RunState, TargetStatus
from smartscope.models import Event, Exposure, Grid, Group, Hole, Run, Square, StepItem, Wait

#: causes of waiting that the software answers for
SOFTWARE = ("analysis", "storage")
EXPOSED = (TargetStatus.IMAGED, TargetStatus.ANALYSED, TargetStatus.DONE)
ENDED = (RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED)


def run_summary(run: Run) -> dict[str, Any]:
    """The figures of one run.

    `plannable` holes were queued at some time and not taken back: exposed, lost or left waiting.
    `unexplained` ones are neither exposed nor given a reason although their grid or run has ended.
    Times of the microscope are on its clock, `wall_s` on ours.
    """
    holes = _holes(run)
    waiting_s = _waiting_s(run)
    microscope_s = _microscope_s(run)
    software_s = sum(waiting_s.get(cause, 0.0) for cause in SOFTWARE)
    return {
        "grids": Grid.objects.filter(session=run.session_id, status="done").count(),
        "squares": Square.objects.filter(grid__session=run.session_id, image__isnull=False).count(),
        "holes": holes["exposed"],
        "groups": Group.objects.filter(
            square__grid__session=run.session_id, holes__status__in=EXPOSED
        )
        .distinct()
        .count(),
        "exposures": Exposure.objects.filter(hole__square__grid__session=run.session_id)
        .exclude(status="lost")
        .count(),
        "plannable": holes["exposed"] + holes["lost"] + holes["waiting"],
        "lost": holes["lost"],
        "unexplained": holes["left"] + holes["lost_without_reason"],
        "dose_e_per_angstrom2": _dose(run),
        "software_waiting_fraction": software_s / microscope_s if microscope_s else None,
        "wall_s": _wall_s(run),
        "microscope_s": microscope_s,
        "waiting_s": dict(waiting_s),
    }


def _holes(run: Run) -> dict[str, int]:
    waiting = Q(status__in=(TargetStatus.QUEUED, TargetStatus.IMAGING))
    # an aborted, failed or interrupted run is itself the reason why holes were left
    over = Q() if run.state == RunState.DONE else Q(square__grid__status__in=GRID_ENDS)
    return Hole.objects.filter(square__grid__session=run.session_id).aggregate(
        exposed=Count("pk", filter=Q(status__in=EXPOSED)),
        lost=Count("pk", filter=Q(status=TargetStatus.LOST)),
        waiting=Count("pk", filter=waiting),
        left=Count("pk", filter=waiting & over),
        lost_without_reason=Count(
            "pk", filter=Q(status=TargetStatus.LOST, reason="", dose_uncertain=False)
        ),
    )


def _dose(run: Run) -> float:
    """Dose given or possibly given, summed over the images taken, e/Å²."""
    issued = (ItemState.ISSUED, ItemState.DONE, ItemState.LOST, ItemState.PARTIAL)
    items = StepItem.objects.filter(step__run=run, state__in=issued)
    return float(items.aggregate(total=Sum("dose_e_per_angstrom2"))["total"] or 0.0)


def _waiting_s(run: Run) -> dict[str, float]:
    now_s = run.ended_at_s if run.ended_at_s is not None else run.microscope.clock_s
    waited: dict[str, float] = defaultdict(float)
    for cause, began_s, ended_s in Wait.objects.filter(run=run).values_list(
        "cause", "began_at_s", "ended_at_s"
    ):
        until_s = ended_s if ended_s is not None else now_s
        if until_s is not None:
            waited[cause] += max(0.0, until_s - began_s)
    return waited


def _microscope_s(run: Run) -> float | None:
    end_s = run.ended_at_s if run.ended_at_s is not None else run.microscope.clock_s
    if run.started_at_s is None or end_s is None:
        return None
    return max(0.0, end_s - run.started_at_s)


def _wall_s(run: Run) -> float:
    """From the wish to the end of the run, by the last thing the log tells of its session."""
    end = timezone.now()
    if run.state in ENDED:
        end = Event.objects.filter(session=run.session_id).aggregate(t=Max("time"))["t"] or end
    return max(0.0, (end - run.created_at).total_seconds())

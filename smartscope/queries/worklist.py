"""What waits for a microscope's bridge: the run it is to drive and the analyses it must await."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import Q

from smartscope.domain.snapshot import Wish
from smartscope.domain.status import LIVE_RUNS, OPEN_STEPS, AnalysisState, RunState, StepState
from smartscope.models import Analysis, Run, Step

#: steps after which the journal knows how the valves were left; all but the first close them
CLOSE_OR_OPEN = (
    "open_valves", "load_grid", "confirm_stage", "flash_gun", "dark_reference", "safe_state",
)  # fmt: skip
DECIDING = ("find_squares", "find_holes", "measure_exposure")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunToDrive:
    """The one run of a microscope that is to be driven, as people want it now."""

    id: UUID
    session: UUID
    state: RunState
    wish: Wish
    state_reason: str


def run_to_drive(microscope: UUID) -> RunToDrive | None:
    """The queued or live run, or an interrupted one that a person wants to go on. One query."""
    wanted = Q(state__in=[RunState.QUEUED, *sorted(LIVE_RUNS)]) | Q(
        state=RunState.INTERRUPTED, wish=Wish.RUN
    )
    row = (
        Run.objects.filter(wanted, microscope_id=microscope, session__imported=False)
        .order_by("-created_at")
        .values("id", "session_id", "state", "wish", "state_reason")
        .first()
    )
    if row is None:
        return None
    return RunToDrive(
        id=row["id"],
        session=row["session_id"],
        state=RunState(row["state"]),
        wish=Wish(row["wish"]),
        state_reason=row["state_reason"],
    )


def step_left_open(microscope: UUID) -> bool:
    """Whether a step waits to be recovered."""
    return Step.objects.filter(microscope=microscope, state__in=sorted(OPEN_STEPS)).exists()


def wish_of(run: UUID) -> Wish:
    """What people want of the run now. One query."""
    return Wish(Run.objects.values_list("wish", flat=True).get(pk=run))


def analyses_due(session: UUID, now_s: float) -> int:
    """How many analyses should be known by now on the microscope's clock and are not yet.

    Previews are for people: no decision waits for them.
    """
    return Analysis.objects.filter(
        image__grid__session_id=session,
        kind__in=DECIDING,
        visible_at_s__lte=now_s,
        state__in=[AnalysisState.WANTED, AnalysisState.RUNNING],
    ).count()


def valves_left_open(run: UUID, epoch: int) -> bool:
    """Whether the journal's last word on the valves is that this very bridge opened them.

    A predecessor may have closed them as it left, without a step; so only one epoch is asked about.
    """
    last = (
        Step.objects.filter(run=run, kind__in=CLOSE_OR_OPEN, state=StepState.DONE)
        .order_by("-number")
        .values_list("kind", "epoch")
        .first()
    )
    return last == ("open_valves", epoch)

"""What the night has come to, read from the rows and said in one line when it changed."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import OperationalError

from smartscope.domain.status import RunState

ENDED = frozenset({RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Counts of the latest run's session."""

    state: RunState
    reason: str
    grids_done: int
    grids: int
    squares_imaged: int
    exposures: int
    analysed: int
    awaiting_analysis: int

    @property
    def is_over(self) -> bool:
        """The run has ended and everything it took has been looked at."""
        return self.state in ENDED and self.awaiting_analysis == 0

    def __str__(self) -> str:
        what = f"{self.state.value} ({self.reason})" if self.reason else self.state.value
        return (
            f"{what}: grids {self.grids_done} of {self.grids}, squares {self.squares_imaged}, "
            f"exposures {self.exposures}, analysed {self.analysed}"
        )


def read_progress() -> Progress | None:
    """The latest run's counts; None before there is a run or while the database is away."""
    from django.db import close_old_connections

    from smartscope.domain.status import AnalysisState, GridStatus
    from smartscope.models import Analysis, Exposure, Grid, Run, Square

    close_old_connections()
    try:
        run = Run.objects.order_by("-id").first()
        if run is None:
            return None
        grids = Grid.objects.filter(session=run.session_id)
        exposures = Exposure.objects.filter(hole__square__grid__session=run.session_id)
        return Progress(
            state=RunState(run.state),
            reason=run.state_reason,
            grids_done=grids.filter(
                status__in=[GridStatus.DONE, GridStatus.SKIPPED, GridStatus.FAILED]
            ).count(),
            grids=grids.count(),
            squares_imaged=Square.objects.filter(
                grid__session=run.session_id, image__isnull=False
            ).count(),
            exposures=exposures.count(),
            analysed=exposures.filter(analysed_at__isnull=False).count(),
            awaiting_analysis=Analysis.objects.filter(
                state__in=[AnalysisState.WANTED, AnalysisState.RUNNING]
            ).count(),
        )
    except OperationalError:
        return None

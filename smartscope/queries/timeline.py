"""Where the microscope's time went: what was done when, and what it waited for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db.models.functions import Coalesce

from smartscope.models import Analysis, Grid, Group, Run, Session, Square, Step, Wait
from smartscope.queries.estimate import estimate, pace_of
from smartscope.queries.protocols import protocol_of

#: beyond these a timeline is drawn from the newest
MOST_SPANS = 20_000
#: journaled, but nothing is done in them
MARKS = ("arm", "finish_grid")
LANES: dict[str, str] = {
    "load_grid": "loader",
    "unload_grid": "loader",
    "confirm_stage": "loader",
    "open_valves": "valves",
    "safe_state": "valves",
    "zero_loss": "upkeep",
    "beam_check": "upkeep",
    "flash_gun": "upkeep",
    "dark_reference": "upkeep",
    "tune_beam": "upkeep",
    "atlas": "atlas",
    "square": "square",
    "expose": "exposure",
}
ORDER = (
    "loader",
    "valves",
    "upkeep",
    "atlas",
    "square",
    "exposure",
    "other",
    "analysis",
    "waiting",
)
#: while these last the beam is on the specimen
IMAGING = ("atlas", "square", "exposure")
#: each of these begins with a move of the stage; an atlas counts as one
MOVING = ("atlas", "square", "expose", "beam_check")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One bar; times in seconds on the microscope's clock, `end_s` None while it lasts.

    `target` is the short id of the square or group it was about, "" where it was about none.
    """

    lane: str
    what: str
    begin_s: float
    end_s: float | None
    state: str
    grid: str = ""
    target: str = ""
    subject: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Time that nothing was imaged in, by cause."""

    cause: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Spans by lane and time. `working_s` is what the steps took, `imaging_s` the part of it with
    the beam on the specimen, `idle_s` what neither a step nor a wait accounts for: deciding,
    reading and writing. `planned_s` is what the grids that are done were expected to take by what
    the microscope did before this session, `actual_s` what they took; None before one is done.
    """

    begin_s: float | None
    end_s: float | None
    live: bool
    spans: tuple[Span, ...]
    working_s: float
    imaging_s: float
    waiting: tuple[Lost, ...]
    idle_s: float
    steps: int
    moves: int
    planned_s: float | None
    actual_s: float | None


def timeline(session: Session) -> Timeline:
    """Of every run of the session; empty when it was never started."""
    runs = list(Run.objects.filter(session=session).select_related("microscope"))
    started = [run.started_at_s for run in runs if run.started_at_s is not None]
    if not started:
        return _nothing()
    begin_s = min(started)
    live = any(run.ended_at_s is None for run in runs)
    steps = [*_steps(runs)]
    waits = [*_waits(runs)]
    # the clock was last read before the newest step ended
    last_s = max((span.end_s or 0.0 for span in (*steps, *waits)), default=0.0)
    untils = {run.pk: max(_until(run), last_s if run.ended_at_s is None else 0.0) for run in runs}
    now_s = max(untils[run.pk] for run in runs if run.started_at_s is not None)
    working_s = _covered(steps, now_s)
    either_s = _covered([*steps, *waits], now_s)
    driven_s = sum(
        untils[run.pk] - run.started_at_s for run in runs if run.started_at_s is not None
    )
    planned_s, actual_s = _planned(session, begin_s)
    return Timeline(
        begin_s=begin_s,
        end_s=now_s,
        live=live,
        spans=tuple(_ordered(_named(session, [*steps, *_analyses(session), *waits]))),
        working_s=working_s,
        imaging_s=_covered([span for span in steps if span.lane in IMAGING], now_s),
        waiting=_lost(waits, now_s, driven_s),
        idle_s=max(0.0, driven_s - either_s),
        steps=len(steps),
        moves=sum(span.what in MOVING for span in steps),
        planned_s=planned_s,
        actual_s=actual_s,
    )


def _nothing() -> Timeline:
    return Timeline(
        begin_s=None,
        end_s=None,
        live=False,
        spans=(),
        working_s=0.0,
        imaging_s=0.0,
        waiting=(),
        idle_s=0.0,
        steps=0,
        moves=0,
        planned_s=None,
        actual_s=None,
    )


def _planned(session: Session, begin_s: float) -> tuple[float | None, float | None]:
    """Seconds that the grids which are done were expected to take, and that they took."""
    done = [
        grid
        for grid in Grid.objects.filter(session=session, status="done")
        if grid.started_at_s is not None and grid.ended_at_s is not None
    ]
    if not done:
        return None, None
    pace = pace_of(session.microscope_id, session.detector, before_s=begin_s)
    planned = sum(estimate(protocol_of(grid), pace).minutes for grid in done)
    return 60.0 * planned, sum((g.ended_at_s or 0.0) - (g.started_at_s or 0.0) for g in done)


def _named(session: Session, spans: Iterable[Span]) -> Iterator[Span]:
    """With the short id of what each is about."""
    squares = Square.objects.filter(grid__session=session).values_list("pk", "slug")
    groups = Group.objects.filter(square__grid__session=session).values_list("pk", "slug")
    slugs: Mapping[UUID, str] = dict(squares) | dict(groups)
    for span in spans:
        slug = "" if span.subject is None else slugs.get(span.subject, "")
        yield replace(span, target=slug) if slug else span


def _until(run: Run) -> float:
    """The run's end, or the microscope's present."""
    if run.ended_at_s is not None:
        return run.ended_at_s
    return max(run.microscope.clock_s or 0.0, run.started_at_s or 0.0)


def _steps(runs: Sequence[Run]) -> Iterable[Span]:
    rows = Step.objects.filter(run__in=runs).exclude(kind__in=MARKS).order_by("-began_at_s")
    for kind, state, began_s, ended_s, grid, subject in rows.values_list(
        "kind", "state", "began_at_s", "ended_at_s", "grid__slug", "subject"
    )[:MOST_SPANS]:
        yield Span(
            lane=LANES.get(kind, "other"),
            what=kind,
            begin_s=began_s,
            end_s=ended_s,
            state=state,
            grid=grid or "",
            subject=subject,
        )


def _waits(runs: Sequence[Run]) -> Iterable[Span]:
    rows = Wait.objects.filter(run__in=runs).order_by("-began_at_s")
    for cause, began_s, ended_s in rows.values_list("cause", "began_at_s", "ended_at_s")[
        :MOST_SPANS
    ]:
        yield Span(lane="waiting", what=cause, begin_s=began_s, end_s=ended_s, state="done")


def _analyses(session: Session) -> Iterable[Span]:
    """From the image to the moment its result counted."""
    rows = Analysis.objects.filter(image__grid__session=session).exclude(kind="preview")
    step = Coalesce("image__step__subject", "image__source__step__subject")
    for kind, state, taken_s, seen_s, grid, subject in rows.order_by("-visible_at_s").values_list(
        "kind", "state", "image__taken_at_s", "visible_at_s", "image__grid__slug", step
    )[:MOST_SPANS]:
        yield Span(
            lane="analysis",
            what=kind,
            begin_s=taken_s,
            end_s=max(taken_s, seen_s),
            state=state,
            grid=grid,
            subject=subject,
        )


def _ordered(spans: Iterable[Span]) -> list[Span]:
    return sorted(spans, key=lambda span: (ORDER.index(span.lane), span.begin_s))


def _covered(spans: Sequence[Span], now_s: float) -> float:
    """Seconds in which at least one of the spans was under way."""
    total, reached = 0.0, float("-inf")
    for span in sorted(spans, key=lambda each: each.begin_s):
        end_s = now_s if span.end_s is None else span.end_s
        total += max(0.0, end_s - max(span.begin_s, reached))
        reached = max(reached, end_s)
    return total


def _lost(waits: Sequence[Span], now_s: float, driven_s: float) -> tuple[Lost, ...]:
    """Longest first; overlapping waits of one cause count once."""
    causes = sorted({span.what for span in waits})
    found = [(cause, _covered([s for s in waits if s.what == cause], now_s)) for cause in causes]
    return tuple(
        Lost(cause=cause, seconds=seconds, share=seconds / driven_s if driven_s > 0 else 0.0)
        for cause, seconds in sorted(found, key=lambda pair: -pair[1])
    )

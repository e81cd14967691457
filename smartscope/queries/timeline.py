"""Where the microscope's time went: what was done when, and what it waited for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from smartscope.models import Analysis, Run, Session, Step, Wait

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One bar; times in seconds on the microscope's clock, `end_s` None while it lasts."""

    lane: str
    what: str
    begin_s: float
    end_s: float | None
    state: str
    grid: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """Time that nothing was imaged in, by cause."""

    cause: str
    seconds: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline:
    """Spans by lane and time. `working_s` is what the steps took, `idle_s` what neither a step nor
    a wait accounts for: deciding, reading and writing.
    """

    begin_s: float | None
    end_s: float | None
    live: bool
    spans: tuple[Span, ...]
    working_s: float
    waiting: tuple[Lost, ...]
    idle_s: float
    steps: int


def timeline(session: Session) -> Timeline:
    """Of every run of the session; empty when it was never started."""
    runs = list(Run.objects.filter(session=session).select_related("microscope"))
    started = [run.started_at_s for run in runs if run.started_at_s is not None]
    if not started:
        return _nothing()
    begin_s = min(started)
    live = any(run.ended_at_s is None for run in runs)
    now_s = max(_until(run) for run in runs if run.started_at_s is not None)
    steps = [*_steps(runs)]
    waits = [*_waits(runs)]
    working_s = _covered(steps, now_s)
    either_s = _covered([*steps, *waits], now_s)
    driven_s = sum(_until(run) - run.started_at_s for run in runs if run.started_at_s is not None)
    return Timeline(
        begin_s=begin_s,
        end_s=now_s,
        live=live,
        spans=tuple(_ordered([*steps, *_analyses(session), *waits])),
        working_s=working_s,
        waiting=_lost(waits, now_s, driven_s),
        idle_s=max(0.0, driven_s - either_s),
        steps=len(steps),
    )


def _nothing() -> Timeline:
    return Timeline(
        begin_s=None,
        end_s=None,
        live=False,
        spans=(),
        working_s=0.0,
        waiting=(),
        idle_s=0.0,
        steps=0,
    )


def _until(run: Run) -> float:
    """The run's end, or the microscope's present."""
    if run.ended_at_s is not None:
        return run.ended_at_s
    return max(run.microscope.clock_s or 0.0, run.started_at_s or 0.0)


def _steps(runs: Sequence[Run]) -> Iterable[Span]:
    rows = Step.objects.filter(run__in=runs).exclude(kind__in=MARKS).order_by("-began_at_s")
    for kind, state, began_s, ended_s, grid in rows.values_list(
        "kind", "state", "began_at_s", "ended_at_s", "grid__slug"
    )[:MOST_SPANS]:
        yield Span(
            lane=LANES.get(kind, "other"),
            what=kind,
            begin_s=began_s,
            end_s=ended_s,
            state=state,
            grid=grid or "",
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
    for kind, state, taken_s, seen_s, grid in rows.order_by("-visible_at_s").values_list(
        "kind", "state", "image__taken_at_s", "visible_at_s", "image__grid__slug"
    )[:MOST_SPANS]:
        yield Span(
            lane="analysis",
            what=kind,
            begin_s=taken_s,
            end_s=max(taken_s, seen_s),
            state=state,
            grid=grid,
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

"""What a thing may be, and what it may become next.

A ladder is a table of legal moves; anything else raises. The tables are the only place where
legality is written down: rows, planner and page read them.

    grid      waiting -> loading -> loaded -> atlas -> working -> done       | skipped | failed
    target    found -> queued -> imaging -> imaged -> analysed -> done
              | skipped | rejected | lost
    exposure  taken -> transferred -> analysed                               | lost | invalid
    step      intent -> issued -> done | failed ; issued -> unknown -> done | lost
              intent -> abandoned | failed
    run       queued -> arming -> running <-> suspended <-> paused -> finishing
              -> done | aborted | failed | interrupted
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from smartscope.domain.errors import IllegalTransition


class GridStatus(StrEnum):
    WAITING = "waiting"
    LOADING = "loading"
    LOADED = "loaded"
    ATLAS = "atlas"
    WORKING = "working"
    DONE = "done"
    SKIPPED = "skipped"
    FAILED = "failed"


class TargetStatus(StrEnum):
    """Squares, holes and groups climb the same ladder."""

    FOUND = "found"
    QUEUED = "queued"
    IMAGING = "imaging"
    IMAGED = "imaged"
    ANALYSED = "analysed"
    DONE = "done"
    SKIPPED = "skipped"
    REJECTED = "rejected"
    LOST = "lost"


class ExposureStatus(StrEnum):
    TAKEN = "taken"
    TRANSFERRED = "transferred"
    ANALYSED = "analysed"
    LOST = "lost"
    INVALID = "invalid"


class StepState(StrEnum):
    INTENT = "intent"
    ISSUED = "issued"
    UNKNOWN = "unknown"
    DONE = "done"
    FAILED = "failed"
    LOST = "lost"
    ABANDONED = "abandoned"


class ItemState(StrEnum):
    """One image of a step (a hole of a group, a montage): adopted or lost by itself.

    PARTIAL is a map that was begun and given up between two exposures, whose end is known: what it
    shows may be imaged anew. A hole is never partial.
    """

    PLANNED = "planned"
    ISSUED = "issued"
    DONE = "done"
    LOST = "lost"
    PARTIAL = "partial"
    ABANDONED = "abandoned"


class RunState(StrEnum):
    QUEUED = "queued"
    ARMING = "arming"
    RUNNING = "running"
    SUSPENDED = "suspended"
    PAUSED = "paused"
    FINISHING = "finishing"
    DONE = "done"
    ABORTED = "aborted"
    FAILED = "failed"
    INTERRUPTED = "interrupted"


class AnalysisState(StrEnum):
    WANTED = "wanted"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"


G, T, E, S, M, R, A = (
    GridStatus,
    TargetStatus,
    ExposureStatus,
    StepState,
    ItemState,
    RunState,
    AnalysisState,
)

GRID_MOVES: Mapping[GridStatus, frozenset[GridStatus]] = {
    G.WAITING: frozenset({G.LOADING, G.SKIPPED, G.FAILED}),
    G.LOADING: frozenset({G.LOADED, G.WAITING, G.SKIPPED, G.FAILED}),
    G.LOADED: frozenset({G.ATLAS, G.WAITING, G.SKIPPED, G.FAILED}),
    G.ATLAS: frozenset({G.WORKING, G.LOADED, G.DONE, G.SKIPPED, G.FAILED}),
    G.WORKING: frozenset({G.DONE, G.SKIPPED, G.FAILED}),
    G.DONE: frozenset({G.WORKING}),
    G.SKIPPED: frozenset({G.WAITING, G.WORKING}),
    G.FAILED: frozenset({G.WAITING, G.WORKING}),
}

_TARGET_BASE: Mapping[TargetStatus, frozenset[TargetStatus]] = {
    T.FOUND: frozenset({T.QUEUED, T.SKIPPED, T.REJECTED}),
    T.QUEUED: frozenset({T.IMAGING, T.FOUND, T.SKIPPED, T.REJECTED}),
    T.IMAGING: frozenset({T.IMAGED, T.QUEUED, T.LOST}),
    T.IMAGED: frozenset({T.ANALYSED, T.DONE}),
    T.ANALYSED: frozenset({T.DONE}),
    T.DONE: frozenset(),
    T.SKIPPED: frozenset({T.FOUND, T.QUEUED}),
    T.REJECTED: frozenset({T.FOUND, T.QUEUED}),
    T.LOST: frozenset(),
}
HOLE_MOVES = _TARGET_BASE
GROUP_MOVES: Mapping[TargetStatus, frozenset[TargetStatus]] = {
    **_TARGET_BASE,
    # the members of a group are exposed one by one; what is left of it is queued again
    T.IMAGED: frozenset({T.ANALYSED, T.DONE, T.QUEUED}),
}
SQUARE_MOVES: Mapping[TargetStatus, frozenset[TargetStatus]] = {
    **_TARGET_BASE,
    # a lost square view may be planned once more; a person may queue holes of a finished square
    T.LOST: frozenset({T.QUEUED}),
    T.IMAGED: frozenset({T.ANALYSED, T.DONE, T.SKIPPED}),
    T.ANALYSED: frozenset({T.DONE, T.SKIPPED}),
    T.DONE: frozenset({T.ANALYSED}),
    T.SKIPPED: frozenset({T.FOUND, T.QUEUED, T.ANALYSED}),
}

EXPOSURE_MOVES: Mapping[ExposureStatus, frozenset[ExposureStatus]] = {
    E.TAKEN: frozenset({E.TRANSFERRED, E.ANALYSED, E.LOST, E.INVALID}),
    E.TRANSFERRED: frozenset({E.ANALYSED, E.LOST, E.INVALID}),
    E.ANALYSED: frozenset({E.INVALID}),
    E.LOST: frozenset(),
    E.INVALID: frozenset(),
}
STEP_MOVES: Mapping[StepState, frozenset[StepState]] = {
    S.INTENT: frozenset({S.ISSUED, S.DONE, S.ABANDONED, S.FAILED}),
    S.ISSUED: frozenset({S.DONE, S.FAILED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.DONE, S.LOST}),
    S.DONE: frozenset(),
    S.FAILED: frozenset(),
    S.LOST: frozenset(),
    S.ABANDONED: frozenset(),
}
ITEM_MOVES: Mapping[ItemState, frozenset[ItemState]] = {
    M.PLANNED: frozenset({M.ISSUED, M.ABANDONED}),
    M.ISSUED: frozenset({M.DONE, M.LOST, M.PARTIAL}),
    M.DONE: frozenset(),
    M.LOST: frozenset(),
    M.PARTIAL: frozenset(),
    M.ABANDONED: frozenset(),
}
_RUN_ENDS = frozenset({R.ABORTED, R.FAILED, R.INTERRUPTED})
RUN_MOVES: Mapping[RunState, frozenset[RunState]] = {
    R.QUEUED: frozenset({R.ARMING, R.ABORTED}),
    R.ARMING: frozenset({R.RUNNING, R.PAUSED}) | _RUN_ENDS,
    R.RUNNING: frozenset({R.SUSPENDED, R.PAUSED, R.FINISHING}) | _RUN_ENDS,
    R.SUSPENDED: frozenset({R.RUNNING, R.PAUSED, R.FINISHING}) | _RUN_ENDS,
    R.PAUSED: frozenset({R.SUSPENDED, R.RUNNING, R.FINISHING}) | _RUN_ENDS,
    R.FINISHING: frozenset({R.DONE}) | _RUN_ENDS,
    R.DONE: frozenset(),
    R.ABORTED: frozenset(),
    R.FAILED: frozenset(),
    # a person's one click takes an interrupted run up again
    R.INTERRUPTED: frozenset({R.ARMING, R.ABORTED}),
}
ANALYSIS_MOVES: Mapping[AnalysisState, frozenset[AnalysisState]] = {
    A.WANTED: frozenset({A.RUNNING, A.DONE, A.DEAD}),
    A.RUNNING: frozenset({A.WANTED, A.RUNNING, A.DONE, A.DEAD}),
    # what was found out once may be asked for anew, with other parameters
    A.DONE: frozenset({A.WANTED}),
    A.DEAD: frozenset({A.WANTED}),
}

OPEN_STEPS = frozenset({S.INTENT, S.ISSUED, S.UNKNOWN})
LIVE_RUNS = frozenset({R.ARMING, R.RUNNING, R.SUSPENDED, R.PAUSED, R.FINISHING})
GRID_ENDS = frozenset({G.DONE, G.SKIPPED, G.FAILED})
#: A hole in one of these has seen the beam, or may have: it is never exposed again by itself.
SPENT = frozenset({T.IMAGING, T.IMAGED, T.ANALYSED, T.DONE, T.LOST})

Status = TypeVar("Status", bound=StrEnum)


def moved(
    moves: Mapping[Status, frozenset[Status]], now: Status, to: Status, what: str = "status"
) -> Status:
    """`to`, when the ladder allows the move from `now`; otherwise raises IllegalTransition."""
    if to not in moves[now]:
        legal = ", ".join(sorted(moves[now])) or "nothing: it has ended"
        raise IllegalTransition(f"{what} is {now} and cannot become {to}; it may become {legal}.")
    return to

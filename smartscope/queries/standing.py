"""How a microscope stands now: what it does or waits for, since when, what a person can do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.utils import timezone

from smartscope.domain.status import OPEN_STEPS, ItemState, RunState, StepState
from smartscope.models import Event, Lease, LeaseState, Microscope, Run, Step, Wait


class Standing(StrEnum):
    """The one word for how it stands."""

    WORKING = "working"
    WAITING = "waiting"
    STARTING = "starting"
    PAUSED = "paused"
    INTERRUPTED = "interrupted"
    SILENT = "silent"
    HELD_BACK = "held_back"
    IDLE = "idle"
    OCCUPIED = "occupied"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """The step that is open: how many of its images are there already."""

    number: int
    kind: str
    state: str
    began_at_s: float
    images_done: int
    images: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Present:
    """`words` say why it stands as it does, `advice` what a person can do about it."""

    standing: Standing
    words: str
    since: datetime | None = None
    cause: str = ""
    advice: str = ""
    step: OpenWork | None = None


#: what a bridge notes that has nothing to do which needs the instrument
RELEASED = "released"
RESUME = "Resume the run when it is right."


def present_of(microscope: Microscope, run: Run | None, lease: Lease | None) -> Present:
    """By lease, run, open step and open wait, in this order."""
    if lease is not None and lease.state in (LeaseState.QUARANTINED, LeaseState.MAINTENANCE):
        return _held_back(microscope, lease)
    if run is None:
        return _idle(microscope)
    step = Step.objects.filter(microscope=microscope, state__in=sorted(OPEN_STEPS)).first()
    wait = Wait.objects.filter(run=run, ended_at_s=None).order_by("-created_at").first()
    if run.state == RunState.INTERRUPTED:
        words = run.state_reason or "the bridge ended in the middle of the run"
        return Present(standing=Standing.INTERRUPTED, words=words, since=_since(run), advice=RESUME)
    if _is_silent(microscope, run, lease):
        return _silent(run, lease)
    if run.state in (RunState.QUEUED, RunState.ARMING):
        words = "the bridge looks at cassette and column, then begins"
        return Present(standing=Standing.STARTING, words=words, since=run.created_at)
    if step is not None:
        return _working(step)
    return _still(run, wait)


def _still(run: Run, wait: Wait | None) -> Present:
    """Between two steps: waiting, paused, or about to decide."""
    if run.state == RunState.PAUSED or (wait is not None and wait.cause == "pause"):
        words = run.state_reason or (wait.reason if wait else "the run is paused")
        since = wait.created_at if wait is not None else _since(run)
        return Present(standing=Standing.PAUSED, words=words, since=since, advice=RESUME)
    if wait is not None:
        return Present(
            standing=Standing.WAITING, words=wait.reason, since=wait.created_at, cause=wait.cause
        )
    last = Step.objects.filter(run=run).order_by("-number").values_list("updated_at", flat=True)
    since = last.first() or _since(run)
    return Present(standing=Standing.WORKING, words="deciding what comes next", since=since)


def _held_back(microscope: Microscope, lease: Lease) -> Present:
    told_last = (
        Event.objects.filter(microscope=microscope.pk, kind=f"lease.{lease.state}")
        .order_by("-seq")
        .first()
    )
    reason = told_last.reason if told_last is not None else ""
    return Present(
        standing=Standing.HELD_BACK,
        words=reason or f"the bridge's lease is in {lease.state}: nothing drives the instrument",
        since=None if told_last is None else told_last.time,
        advice="Look at the instrument: which grid is on the stage, are the valves open? Then "
        f'manage.py clear_lease "{microscope.name}" --reason "what was seen".',
    )


def _idle(microscope: Microscope) -> Present:
    if microscope.state == "offline":
        return Present(
            standing=Standing.SILENT,
            words=microscope.state_reason or "no bridge has driven this microscope yet",
            since=microscope.state_since,
            advice=f'Start one: manage.py bridge --microscope "{microscope.name}".',
        )
    let_go = "; control of the microscope is given back" if microscope.state == RELEASED else ""
    last = Run.objects.filter(microscope=microscope).order_by("-created_at").first()
    if last is None:
        return Present(standing=Standing.IDLE, words=f"nothing has run here yet{let_go}")
    why = f": {last.state_reason}" if last.state_reason else ""
    return Present(
        standing=Standing.IDLE,
        words=f"the last run is {last.state}{why}{let_go}",
        since=_since(last),
    )


def _is_silent(microscope: Microscope, run: Run, lease: Lease | None) -> bool:
    """Whether nobody drives a run that should go on; a bridge may have let go of it in order."""
    held = lease is not None and lease.holder is not None
    if lease is not None and held and lease.expires_at is not None:
        return lease.expires_at < timezone.now()
    if microscope.state == RELEASED:
        return False
    return not held and run.state in (RunState.ARMING, RunState.RUNNING, RunState.FINISHING)


def _silent(run: Run, lease: Lease | None) -> Present:
    since = lease.expires_at if lease is not None else None
    return Present(
        standing=Standing.SILENT,
        words="the bridge is not heard of: nothing is sent to the microscope",
        since=since or _since(run),
        advice="It is started again by its supervisor and then recovers by itself; if this stays, "
        "look at the machine it runs on.",
    )


def _working(step: Step) -> Present:
    states = list(step.items.values_list("state", flat=True))
    words = _STEP_WORDS.get(step.kind, step.kind.replace("_", " "))
    if step.grid is not None and step.kind in _OF_A_GRID:
        words = f"{words} grid {step.grid.name}"
    if step.state == StepState.UNKNOWN:
        words = f"how this ended is not known, and nothing is sent until it is: {words}"
    return Present(
        standing=Standing.WORKING,
        words=words,
        since=step.created_at,
        step=OpenWork(
            number=step.number,
            kind=step.kind,
            state=step.state,
            began_at_s=step.began_at_s,
            images_done=states.count(ItemState.DONE),
            images=len(states),
        ),
    )


_STEP_WORDS = {
    "load_grid": "loading",
    "confirm_stage": "taking a person's word for what is on the stage before loading",
    "open_valves": "opening the valves for",
    "atlas": "taking the atlas of",
    "square": "imaging a square of",
    "expose": "exposing a group of holes of",
    "zero_loss": "refining the zero-loss peak",
    "beam_check": "looking again at a place that was sound, after odd images,",
    "flash_gun": "flashing the gun",
    "dark_reference": "renewing the camera's dark reference",
    "tune_beam": "correcting astigmatism and coma",
    "safe_state": "closing the valves",
    "arm": "looking at cassette and column",
}
_OF_A_GRID = frozenset({"load_grid", "open_valves", "atlas", "square", "expose"})


def _since(run: Run) -> datetime:
    """When the run came to its state, by the log."""
    told_last = (
        Event.objects.filter(session=run.session_id, kind=f"run.{run.state}")
        .order_by("-seq")
        .values_list("time", flat=True)
        .first()
    )
    return told_last or run.updated_at

"""A person wishes something of a microscope; only rows change, the bridge obeys when it next looks.

start                         a queued run, or Conflict naming who has the microscope
pause, pause_after_current    the live run's wish
resume                        the wish of a paused or interrupted run
stop                          the wish of the live run; one that never began ends at once
pause_between_grids           a parameter of the grids that have not ended
skip_grid, skip_target        their rows
confirm_stage                 which grid, if any, is on a stage in doubt
load_grid                     what a person put in by hand, where there is no autoloader
move_stage                    a square or hole to look at, with the valves closed
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.status import GRID_ENDS, RUN_MOVES, RunState, moved
from smartscope.models import (
    Command,
    CommandState,
    Grid,
    Microscope,
    Run,
    Session,
    Wish,
)
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.edit_grid import skip_grid
from smartscope.operations.emergency_latch import unlatch
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.pending_edit import Manner, PendingEdit
from smartscope.operations.skip_target import skip_target
from smartscope.operations.target_rows import allow, locked
from smartscope.operations.wish_stage_move import wish_stage_move
from smartscope.queries.agents import unguarded
from smartscope.queries.helm import require_helm
from smartscope.queries.rights import place_of, require_control
from smartscope.queries.sessions import LIVE
from smartscope.queries.visible import Reader, reader_of, visible_grids, visible_sessions

BEGINS_WITHIN = timedelta(minutes=10)
#: nobody sets a microscope going while another person is at its helm; stopping is always open
AT_THE_HELM = frozenset({"start", "resume", "load_grid", "confirm_stage", "move_stage"})
BEGINS = ("start", "resume")
#: nothing moves by surprise later than this after it was wished
EXPIRES = {**dict.fromkeys(BEGINS, BEGINS_WITHIN), "move_stage": timedelta(seconds=60)}
#: the alarm of an emergency stop: starting or resuming says that it is over
EMERGENCY = "emergency.stop"
#: a newer wish for the run makes these pointless
OF_THE_RUN = ("start", "resume", "pause", "pause_after_current", "stop")
OVERTAKES = {**dict.fromkeys(OF_THE_RUN, OF_THE_RUN), "move_stage": ("move_stage",)}


@dataclass(frozen=True, slots=True)
class Wished:
    """A command before it is a row: who wants what, of which microscope, for which session."""

    actor: Actor
    reader: Reader
    microscope: Microscope
    type: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the rows say already: of which session it was, and whether anything is left to do."""

    session: Session
    run: Run | None = None
    done: bool = False
    reason: str = ""


@transaction.atomic
def wish_command(
    actor: Actor, microscope_id: UUID, kind: str, arguments: Mapping[str, Any]
) -> Command:
    """Record the wish and what it changes. Raises InvalidInput, NotFound, NotAllowed, Conflict."""
    microscope = Microscope.objects.filter(pk=microscope_id).first()
    if microscope is None:
        raise NotFound("There is no such microscope.")
    if kind not in _ANSWERS:
        raise InvalidInput({"type": f"is one of {', '.join(COMMAND_TYPES)}."})
    wished = Wished(actor, reader_of(actor), microscope, kind, arguments)
    answer = _ANSWERS[kind](wished)
    if kind in AT_THE_HELM:
        require_helm(actor, microscope.pk, timezone.now())
    return _begun(wished, answer) if kind in BEGINS else record_command(wished, answer)


def _begun(wished: Wished, answer: Answer) -> Command:
    """Beams need a guard, and end an emergency stop; the lease's row is locked last."""
    if why := unguarded(wished.microscope):
        raise Conflict(why, code="not_capable")
    clear_alarm(key=EMERGENCY, microscope=wished.microscope.pk)
    command = record_command(wished, answer)
    unlatch(wished.microscope.pk)
    return command


def record_command(wished: Wished, answer: Answer) -> Command:
    """The command's row and event; earlier wishes that it makes pointless are superseded."""
    now = timezone.now()
    expires_in = EXPIRES.get(wished.type)
    Command.objects.filter(
        microscope=wished.microscope,
        type__in=OVERTAKES.get(wished.type, ()),
        state=CommandState.WISHED,
    ).update(state=CommandState.SUPERSEDED, ended_at=now, updated_at=now)
    arguments = {name: _plain(value) for name, value in wished.arguments.items()}
    command = Command.objects.create(
        microscope=wished.microscope,
        type=wished.type,
        arguments=arguments | {"session": str(answer.session.pk)},
        state=CommandState.DONE if answer.done else CommandState.WISHED,
        reason=answer.reason,
        wished_by_id=wished.actor.user_id,
        expires_at=None if expires_in is None else now + expires_in,
        ended_at=now if answer.done else None,
    )
    subjects = [command.pk] if answer.run is None else [command.pk, answer.run.pk]
    record_event(
        "command.wished",
        wished.actor,
        Scope(wished.microscope.pk, answer.session.pk),
        Told(subjects=subjects, after={"type": wished.type, "state": str(command.state)}),
    )
    return command


def live_run(microscope: Microscope) -> Run | None:
    """The run that occupies the microscope, locked."""
    return (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .select_related("session", "wished_by")
        .filter(microscope=microscope, state__in=LIVE)
        .first()
    )


def wish_of_run(run: Run, wish: Wish, actor: Actor, reason: str = "") -> None:
    """Set what is wanted of a locked run, and by whom."""
    run.wish = wish
    run.wished_by_id = actor.user_id
    if reason:
        run.state_reason = reason[:300]
    run.version += 1
    run.save(update_fields=["wish", "wished_by", "state_reason", "state", "version", "updated_at"])


def _start(wished: Wished) -> Answer:
    session = _session(wished)
    if session.imported:
        raise Conflict(f"{session.name} was imported: it is never driven.", code="not_capable")
    if (holder := live_run(wished.microscope)) is not None:
        raise _busy(wished, holder)
    if Run.objects.filter(session=session, state=RunState.INTERRUPTED).exists():
        raise Conflict(
            f"The run of {session.name} was interrupted; resume takes it up again, "
            "stop ends it so that it can be started anew.",
            code="illegal_transition",
        )
    try:
        with transaction.atomic():
            run = Run.objects.create(
                session=session,
                microscope=wished.microscope,
                wish=Wish.RUN,
                wished_by_id=wished.actor.user_id,
            )
    except IntegrityError:
        raise _busy(wished, live_run(wished.microscope)) from None
    return Answer(session, run)


def _pause(wished: Wished) -> Answer:
    session = _session(wished)
    run = _live_run_of(session, wished)
    if run.wish == Wish.STOP:
        raise Conflict("The run is being stopped; it cannot be paused.", code="illegal_transition")
    wish_of_run(run, Wish.PAUSE, wished.actor)
    return Answer(session, run)


def _resume(wished: Wished) -> Answer:
    session = _session(wished)
    holder = live_run(wished.microscope)
    if holder is not None and holder.session_id != session.pk:
        raise _busy(wished, holder)
    run = holder or _interrupted(session)
    if run is None:
        raise Conflict(
            f"{session.name} has no run to resume; start one.", code="illegal_transition"
        )
    if run.wish == Wish.STOP or run.state == RunState.FINISHING:
        raise Conflict("The run is ending; it cannot be resumed.", code="illegal_transition")
    wish_of_run(run, Wish.RUN, wished.actor)
    return Answer(session, run)


def _stop(wished: Wished) -> Answer:
    session = _session(wished)
    holder = live_run(wished.microscope)
    run = holder if holder is not None and holder.session_id == session.pk else None
    run = run or _interrupted(session)
    if run is None:
        raise Conflict(f"{session.name} has no run to stop.", code="illegal_transition")
    return Answer(session, run, done=stop_run(run, wished.actor))


def stop_run(run: Run, actor: Actor, reason: str = "") -> bool:
    """Wish a locked run to stop; True when it had not begun, or not resumed, and so has ended."""
    idle = run.state in (RunState.QUEUED, RunState.INTERRUPTED)
    if idle:
        run.state = moved(RUN_MOVES, RunState(run.state), RunState.ABORTED, "the run")
    wish_of_run(run, Wish.STOP, actor, reason or f"stopped by {actor.name}")
    return idle


def _pause_between_grids(wished: Wished) -> Answer:
    session = _session(wished, edits_only=True)
    wanted = bool(wished.arguments.get("on", True))
    edit = PendingEdit(wished.actor)
    grids = Grid.objects.filter(session=session).exclude(status__in=GRID_ENDS)
    for grid in locked(Grid.objects.all(), grids.values_list("pk", flat=True)).values():
        edit.put("grid", grid, pause_between_grids=wanted)
    summary = "pause between grids" if wanted else "no pause between grids"
    edit.commit(session, "grid.changed", matched=len(edit.rows), manner=Manner(summary=summary))
    return Answer(session, done=True)


def _skip_grid(wished: Wished) -> Answer:
    grid = _grid(wished)
    edit = PendingEdit(wished.actor)
    skip_grid(edit, grid)
    manner = Manner(atomic=True, summary=f"skip grid {grid.name}")
    edit.commit(grid.session, "grid.changed", matched=1, manner=manner, grid=grid.pk)
    return Answer(grid.session, done=True)


def _skip_target(wished: Wished) -> Answer:
    session = skip_target(wished.actor, wished.reader, wished.microscope, wished.arguments)
    return Answer(session, done=True)


def _move_stage(wished: Wished) -> Answer:
    asked = (wished.actor, wished.reader, wished.microscope, wished.arguments)
    return Answer(wish_stage_move(*asked))


def _load_grid(wished: Wished) -> Answer:
    grid = _grid(wished)
    require_control(wished.actor, place_of(grid.session))
    if wished.microscope.loader_slots > 0:
        raise Conflict(
            f"{wished.microscope.name} has an autoloader; its runs load grids themselves.",
            code="not_capable",
        )
    Microscope.objects.filter(pk=wished.microscope.pk).update(
        hand_loaded=grid, updated_at=timezone.now()
    )
    return Answer(grid.session, done=True)


def _confirm_stage(wished: Wished) -> Answer:
    """A person looked: slot 0 is an empty stage. Only while a bridge asks."""
    session = _session(wished)
    slot = wished.arguments.get("slot")
    microscope = wished.microscope
    if slot is None or not 0 <= slot <= microscope.loader_slots:
        raise InvalidInput(
            {
                "arguments.slot": f"give the slot of the grid on the stage, 0 for none, up to "
                f"{microscope.loader_slots}."
            }
        )
    run = _live_run_of(session, wished)
    if not microscope.stage_doubt:
        raise Conflict(
            f"Nobody asks what is on the stage of {microscope.name}: it is known.",
            code="illegal_transition",
        )
    Microscope.objects.filter(pk=microscope.pk).update(stage_answer=slot, updated_at=timezone.now())
    return Answer(session, run, done=True)


_ANSWERS: Mapping[str, Callable[[Wished], Answer]] = {
    "start": _start,
    "pause": _pause,
    "pause_after_current": _pause,
    "pause_between_grids": _pause_between_grids,
    "resume": _resume,
    "stop": _stop,
    "skip_target": _skip_target,
    "skip_grid": _skip_grid,
    "load_grid": _load_grid,
    "move_stage": _move_stage,
    "confirm_stage": _confirm_stage,
}
COMMAND_TYPES = tuple(_ANSWERS)


def _session(wished: Wished, *, edits_only: bool = False) -> Session:
    """The session named in the arguments; for those who may drive it, or merely edit it."""
    key = wished.arguments.get("session")
    if key is None:
        raise InvalidInput({"arguments.session": "say for which session."})
    session = visible_sessions(wished.reader).filter(pk=key, microscope=wished.microscope).first()
    if session is None:
        raise NotFound("There is no such session on this microscope that you may see.")
    if edits_only:
        allow(wished.actor, session)
    else:
        require_control(wished.actor, place_of(session))
    return session


def _grid(wished: Wished) -> Grid:
    """The grid named in the arguments, locked, of somebody who may edit it."""
    key = wished.arguments.get("grid")
    if key is None:
        raise InvalidInput({"arguments.grid": "say which grid."})
    here = visible_grids(wished.reader).filter(pk=key, session__microscope=wished.microscope)
    if not here.exists():
        raise NotFound("There is no such grid on this microscope that you may see.")
    grid = locked(Grid.objects.select_related("session"), [key])[key]
    allow(wished.actor, grid.session)
    return grid


def _live_run_of(session: Session, wished: Wished) -> Run:
    run = live_run(wished.microscope)
    if run is None or run.session_id != session.pk:
        raise Conflict(f"{session.name} is not running here.", code="illegal_transition")
    return run


def _interrupted(session: Session) -> Run | None:
    return (
        Run.objects.select_for_update(of=("self",), no_key=True)
        .filter(session=session, state=RunState.INTERRUPTED)
        .order_by("-created_at")
        .first()
    )


def _busy(wished: Wished, holder: Run | None) -> Conflict:
    """Names the person; the session only to those who may see it."""
    name = wished.microscope.name
    if holder is None:
        return Conflict(f"{name} was taken a moment ago; look again.", code="busy")
    person = holder.wished_by.get_username() if holder.wished_by else "somebody"
    seen = visible_sessions(wished.reader).filter(pk=holder.session_id).exists()
    what = f"session {holder.session.name}" if seen else "another group's session"
    return Conflict(
        f"{name} runs {what}, started by {person}; it must end before another can start.",
        code="busy",
    )


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, UUID) else value

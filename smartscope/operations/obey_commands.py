"""Answer the wishes people sent: expired ones, those the bridge has come to, those it refuses.

A wish changes rows when it is made (the run's wish); here it is only told what became of it.
"""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import RUN_MOVES, RunState, moved
from smartscope.models import Command, CommandState, Lease, Run, Wish
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.move_stage import MOVE_STAGE
from smartscope.operations.wish_stage_move import acting_run

#: command type to the states of the run in which it is fulfilled
FULFILLED = {
    "start": frozenset({RunState.RUNNING, RunState.SUSPENDED, RunState.FINISHING, RunState.DONE}),
    "resume": frozenset({RunState.RUNNING, RunState.SUSPENDED, RunState.FINISHING, RunState.DONE}),
    "pause": frozenset({RunState.PAUSED}),
    "pause_after_current": frozenset({RunState.PAUSED}),
    "pause_between_grids": frozenset({RunState.PAUSED}),
    "stop": frozenset({RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED}),
}
#: rows say what these ask for; the next decision sees them
ROWS_SAY = frozenset({"skip_target", "skip_grid"})
ENDED = frozenset({RunState.DONE, RunState.ABORTED, RunState.FAILED, RunState.INTERRUPTED})
_OPEN = (CommandState.WISHED, CommandState.ACCEPTED)


def commands_open(microscope: UUID) -> bool:
    """Whether anything is to be answered: one indexed look, cheap enough for every second."""
    return Command.objects.filter(microscope_id=microscope, state__in=_OPEN).exists()


@fenced
def obey_commands(held: Held) -> None:
    """Move every open command of this microscope to where the rows have brought it."""
    _answer_all(held.microscope, held.epoch)


@transaction.atomic(durable=True)
def answer_commands(microscope: UUID) -> None:
    """As `obey_commands`, for a bridge without control: only while nobody else has it."""
    if not commands_open(microscope):
        return
    _answer_all(microscope, None)
    lease = Lease.objects.select_for_update(no_key=True).filter(pk=microscope).first()
    if lease is not None and lease.holder is not None:
        transaction.set_rollback(True)


def _answer_all(microscope: UUID, epoch: int | None) -> None:
    commands = Command.objects.select_for_update(no_key=True).filter(
        microscope_id=microscope, state__in=_OPEN
    )
    for command in commands.order_by("created_at"):
        run = _run_of(command)
        state, reason = _answer(command, run)
        if state == command.state:
            continue
        if state == CommandState.EXPIRED and run is not None:
            _take_back(command, run)
        before, command.state, command.reason = command.state, state, reason
        if state != CommandState.ACCEPTED:
            command.ended_at = timezone.now()
        command.version += 1
        command.save()
        told = Told(
            subjects=[command.pk],
            before={"state": before},
            after={"state": state, "type": command.type},
            reason=reason,
            epoch=epoch,
        )
        scope = Scope(microscope, _session_of(command, run))
        record_event(f"command.{state}", BRIDGE, scope, told)


def _run_of(command: Command) -> Run | None:
    """The newest run of the session that the command names, locked; of the microscope if none."""
    runs = Run.objects.select_for_update(no_key=True).filter(microscope_id=command.microscope_id)
    if (session := command.arguments.get("session")) is not None:
        runs = runs.filter(session_id=session)
    return runs.order_by("-created_at").first()


def _session_of(command: Command, run: Run | None) -> UUID | None:
    named = command.arguments.get("session")
    if named is not None:
        return UUID(named)
    return None if run is None else run.session_id


def _answer(command: Command, run: Run | None) -> tuple[str, str]:
    if command.state == CommandState.WISHED and _expired(command):
        return CommandState.EXPIRED, "it was not begun in time, and nothing moves by surprise later"
    if command.type in ROWS_SAY:
        return CommandState.DONE, ""
    if command.type == MOVE_STAGE:
        return _answer_move(command)
    if command.type not in FULFILLED:
        return (
            CommandState.REFUSED,
            f"{command.type} would move the instrument outside a run; use its console",
        )
    if run is None:
        return CommandState.REFUSED, "there is no run on this microscope; start a session first"
    if run.state in FULFILLED[command.type]:
        return CommandState.DONE, ""
    if run.state == RunState.INTERRUPTED and run.wish == Wish.RUN:
        return CommandState.ACCEPTED, ""
    if run.state in ENDED:
        return CommandState.FAILED, f"the run is {run.state}: {run.state_reason}"[:300]
    return CommandState.ACCEPTED, ""


def _answer_move(command: Command) -> tuple[str, str]:
    """It is left to the bridge that drives; what a bridge began and did not end is over."""
    if command.state == CommandState.ACCEPTED:
        return CommandState.FAILED, "the bridge ended while the stage moved; look where it stands"
    if (run := acting_run(command.microscope_id)) is not None:
        return CommandState.REFUSED, f"a run is {run.state}: the stage is its own until it pauses"
    return command.state, ""


def _take_back(command: Command, run: Run) -> None:
    """Undo what an expired wish had set: nothing moves by surprise hours later."""
    if command.type == "start" and run.state == RunState.QUEUED:
        run.state = moved(RUN_MOVES, RunState.QUEUED, RunState.ABORTED, "the run")
        run.state_reason = "the start was not begun in time; start it again"
    elif command.type == "resume" and run.state in (RunState.PAUSED, RunState.INTERRUPTED):
        run.wish = Wish.PAUSE
    else:
        return
    run.version += 1
    run.save(update_fields=["state", "state_reason", "wish", "version", "updated_at"])


def _expired(command: Command) -> bool:
    return command.expires_at is not None and command.expires_at < timezone.now()

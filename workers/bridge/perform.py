"""Carry out one decided step: intent, commands, files and rows, in the order that survives a crash.

    begin_step  ->  [ issue_items  ->  command  ->  file  ->  record_item ] ...  ->  complete_step

Every arrow is a place where this process may die; `recover` knows what each leaves behind.
"""

from __future__ import annotations

import logging
import math
from dataclasses import dataclass, field
from uuid import UUID

from smartscope.domain.alarms import Level
from smartscope.domain.errors import BadFile, InstrumentError, NotFound, StorageFull
from smartscope.domain.snapshot import Wish
from smartscope.domain.steps import Cause, ImageAtlas, ImageSquare, MakeSafe, Step, Wait
from smartscope.microscope.errors import (
    CameraFailed,
    CommandFailed,
    CommandTimeout,
    ConnectionLost,
    DoseExceeded,
    InstrumentBusy,
    OperatorStop,
    ProtocolError,
    ValvesClosed,
)
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Happening,
    Problem,
    Procedure,
    Produced,
    RoutineBegins,
    RoutineEnded,
    Waiting,
)
from smartscope.models import Grid
from smartscope.operations.begin_step import begin_step
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.complete_step import complete_step
from smartscope.operations.correct_dose import correct_dose
from smartscope.operations.fail_step import fail_step
from smartscope.operations.invalidate_exposure import invalidate_exposure
from smartscope.operations.issue_items import issue_items
from smartscope.operations.journal_values import OpenStep, StepPlan
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.record_item import record_item
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.operations.routine_doses import NewRoutine, begin_routine, end_routine
from smartscope.queries.worklist import wish_of
from workers.analyses.wanted import wanted_for
from workers.bridge.act import Act, act_for, kind_of_item
from workers.bridge.adopt import adopt_issued
from workers.bridge.alarm_keys import VALVES_OPEN
from workers.bridge.errors import classes_of
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm
from workers.bridge.keep_files import keep
from workers.bridge.look import look_at
from workers.bridge.names import FileNames
from workers.bridge.parting import tell_that_it_works
from workers.bridge.progress import check_progress, progress_made
from workers.bridge.suspend import LOOK_EVERY_S, wait_while_suspended

log = logging.getLogger(__name__)
#: a file of one item may be large and the storage slow
WRITING_S = 300.0
#: what a procedure says before a high-magnification exposure
EXPOSING = "expose"
#: the kind of step that brings the safe state
CLOSING = "safe_state"


@dataclass(frozen=True, slots=True)
class _Job:
    helm: Helm
    run: UUID
    opened: OpenStep
    names: FileNames
    measured: dict[str, float | str] = field(default_factory=dict)

    def now_s(self) -> float:
        return self.helm.clock.now()

    def point(self, name: str, *items: str) -> None:
        """A place where this process may die, named with the kind of step and its items."""
        fault_point(":".join((self.opened.kind, name, *items)))


def perform(helm: Helm, run: UUID, step: Step) -> None:
    """Do the step; errors of the instrument end it as the table of remedies says.

    Raises LeaseLost, ConnectionLost, CommandTimeout, ProtocolError and OperatorStop: this epoch is
    over and its successor recovers the step. Raises Conflict, with nothing sent, when a row moved
    meanwhile.
    """
    act = act_for(helm, step)
    plan = StepPlan(run=run, step=step, items=act.items, parameters=act.parameters)
    opened = begin_step(helm.held, plan, now_s=helm.clock.now())
    job = _Job(helm, run, opened, _names(step, opened))
    if isinstance(step, ImageAtlas | ImageSquare):
        helm.pulse.plan_montage(step.tiles_x * step.tiles_y)
    job.point("begun")
    log.info("step %d: %s, attempt %d", opened.number, opened.kind, opened.attempt)
    _carry_out(job, act)


def _names(step: Step, opened: OpenStep) -> FileNames:
    session, grid = "-", "-"
    if not isinstance(step, MakeSafe):
        session, grid = Grid.objects.values_list("session__name", "slug").get(pk=step.grid)
    return FileNames(
        session=session,
        grid=grid,
        step=opened.id,
        step_number=opened.number,
        epoch=opened.epoch,
    )


def _carry_out(job: _Job, act: Act) -> None:
    procedure = act.begin(job.helm.microscope, job.names, job.opened.last_error)
    try:
        stopped = _drive(job, procedure)
    except (ConnectionLost, CommandTimeout, ProtocolError, OperatorStop):
        raise
    except (InstrumentError, StorageFull, BadFile, NotFound) as error:
        _fail(job, error)
    else:
        job.point("before_complete")
        complete_step(
            job.helm.held,
            job.opened.id,
            now_s=job.now_s(),
            stopped=stopped,
            measured=job.measured,
        )
        job.point("completed")
        progress_made(job.helm)
        tell_that_it_works(job.helm)
        if job.opened.kind == CLOSING:
            clear_alarm(key=VALVES_OPEN, microscope=job.helm.held.microscope)
    finally:
        procedure.close()


def _drive(job: _Job, procedure: Procedure) -> str:
    """Run the procedure to its end; the words of the stop that ended it, "" for none."""
    for happening in procedure:
        job.helm.tick()
        check_progress(job.helm, job.opened.kind)
        if isinstance(happening, Checkpoint):
            if stopped := _held_up(job, happening):
                return f"{stopped}; ended before: {happening.doing}"
        elif isinstance(happening, Waiting):
            if stopped := _waited(job, happening):
                return f"{stopped}; ended while {happening.reason}"
        else:
            _heed(job, happening)
    return ""


def _waited(job: _Job, waiting: Waiting) -> str:
    """Why the step ends before the time has come, "" when it has."""
    wait = Wait(Cause(waiting.cause), waiting.reason)
    begin_wait(job.helm.held, job.run, wait, now_s=job.now_s())
    stopped = _why_stopped(job)
    while not stopped and job.now_s() < waiting.until_s:
        job.helm.pass_time(min(waiting.until_s, job.now_s() + LOOK_EVERY_S))
        stopped = _why_stopped(job)
    end_waits(job.helm.held, job.run, now_s=job.now_s())
    return stopped


def _held_up(job: _Job, point: Checkpoint) -> str:
    """Why the step ends between two commands, "" when it goes on."""
    held_up = wait_while_suspended(job.helm, job.run) if point.before_dose else ""
    if point.doing == EXPOSING and not job.helm.watch.images.may_record:
        held_up = (
            held_up or "the last images were black or odd; a look at a sound place comes first"
        )
    return _why_stopped(job) or held_up


def _why_stopped(job: _Job) -> str:
    """Asked last before the procedure goes on, however long something was waited for."""
    if wish_of(job.run) is Wish.STOP:
        return "stopped by a person"
    return "the bridge was ended" if job.helm.ending() else ""


def _heed(job: _Job, happening: Happening) -> None:
    match happening:
        case AboutToIssue():
            items = [job.names.item(stem) for stem in happening.items]
            job.point("before_issue", *items)
            issue_items(
                job.helm.held,
                job.opened.id,
                items,
                command=happening.command,
                now_s=job.now_s(),
            )
            job.point("issued", *items)
        case RoutineBegins():
            begin_routine(job.helm.held, job.opened.id, routine_of(happening), now_s=job.now_s())
        case RoutineEnded():
            end_routine(job.helm.held, job.opened.id, images=happening.images, now_s=job.now_s())
        case Produced():
            job.measured.update(happening.measurements)
            if happening.image or happening.montage or happening.files:
                _register(job, happening)
        case Problem():
            log.warning("step %d, %s: %s", job.opened.number, happening.code, happening.message)
        case _:
            pass


def routine_of(begins: RoutineBegins) -> NewRoutine:
    """As the journal has it; how far beside is unknown where the site does not say."""
    cost = begins.cost
    return NewRoutine(
        routine=begins.routine,
        area=str(cost.area),
        images=cost.images,
        dose_e_per_angstrom2=cost.dose_e_per_a2,
        beside_um=None if math.isnan(cost.beside_um) else cost.beside_um,
        at=begins.at,
    )


def _register(job: _Job, produced: Produced) -> None:
    item = job.names.item(produced.item)
    job.point("produced", item)
    kind = kind_of_item(job.opened.kind, item)
    job.helm.pulse.allow(WRITING_S)
    image = keep(job.helm.store, produced, job.names.key(item, kind), kind)
    job.point("written", item)
    record_item(job.helm.held, job.opened.id, item, image, wanted_for(kind), now_s=job.now_s())
    job.point("recorded", item)
    if flaw := look_at(job.helm, produced, image, kind, job.names.grid):
        invalidate_exposure(job.helm.held, job.opened.id, item, flaw)


def _explained(job: _Job, error: Exception) -> Exception:
    """Valves that a filling or the vacuum's interlock closed will be opened again: that passes."""
    if not isinstance(error, ValvesClosed):
        return error
    job.helm.watch.follow_valves(job.helm.microscope.column.status())
    if not job.helm.watch.closed_for_a_known_cause:
        return error
    return InstrumentBusy(f"{error} The column closed them itself; it is waited for.")


def _fail(job: _Job, error: Exception) -> None:
    error = _explained(job, error)
    log.warning("step %d failed: %s", job.opened.number, error)
    # The dose may be spent and the file there: what is whole is kept before the rest is lost. Only
    # these two may come while the camera still saves.
    saving = isinstance(error, CameraFailed | CommandFailed)
    if isinstance(error, DoseExceeded) and error.spent_e_per_a2 is not None:
        correct_dose(job.helm.held, job.opened.id, dose_e_per_angstrom2=error.spent_e_per_a2)
    adopt_issued(job.helm, job.opened.id, patient=saving)
    job.point("before_fail")
    remedy = fail_step(
        job.helm.held,
        job.opened.id,
        error_classes=classes_of(error),
        message=str(error),
        now_s=job.now_s(),
    )
    job.point("failed")
    progress_made(job.helm)
    log.info("remedy: %s", remedy)
    if job.opened.kind == CLOSING:
        raise_alarm(
            key=VALVES_OPEN,
            level=Level.MAJOR,
            microscope=job.helm.held.microscope,
            text=f"The column could not be closed: {error}",
            advice="Close the valves at the console now; the bridge goes on trying.",
        )

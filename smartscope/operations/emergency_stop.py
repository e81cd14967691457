"""Stop a microscope now: whoever has a session there may, and nothing is asked first.

The stop itself is one row written by itself; from then on the bridge's permit lets nothing pass but
what makes safe. What the run and the log say of it follows, and cannot hold it up.
"""

from __future__ import annotations

import logging
from uuid import UUID

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.alarms import Level
from smartscope.domain.errors import NotAllowed, NotFound
from smartscope.domain.status import RunState
from smartscope.models import Command, CommandState, Microscope, Run, Wish
from smartscope.operations.emergency_latch import latch
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.wish_command import EMERGENCY, OF_THE_RUN, live_run, stop_run
from smartscope.queries.rights import require_emergency_stop

log = logging.getLogger("smartscope.audit")


def emergency_stop(actor: Actor, microscope_id: UUID) -> Command | None:
    """No command leaves the bridge after its present one, except what makes safe.

    None when it stands but could not be recorded: somebody holds the run's row. Where nothing
    runs, it is recorded all the same. Raises NotFound and NotAllowed.
    """
    microscope = Microscope.objects.filter(pk=microscope_id).first()
    if microscope is None:
        raise NotFound("There is no such microscope.")
    _require(actor, microscope)
    latch(microscope_id)
    try:
        return _record(actor, microscope)
    except OperationalError:
        log.exception("the emergency stop of %r stands but is not recorded", microscope.name)
        return None


def _require(actor: Actor, microscope: Microscope) -> None:
    """Refuse only who is known to have no right; when that cannot be found out, stop."""
    try:
        require_emergency_stop(actor, microscope)
    except NotAllowed:
        raise
    except Exception:
        log.exception("rights could not be checked: %r stops %r", actor.name, microscope.name)


@transaction.atomic
def _record(actor: Actor, microscope: Microscope) -> Command:
    now = timezone.now()
    reason = f"emergency stop by {actor.name}"
    run = live_run(microscope)
    ended = run is None or stop_run(run, actor, reason)
    for waiting in _about_to_resume(microscope):
        stop_run(waiting, actor, reason)
    Microscope.objects.filter(pk=microscope.pk).update(state_reason=reason[:300], updated_at=now)
    Command.objects.filter(
        microscope=microscope, type__in=OF_THE_RUN, state=CommandState.WISHED
    ).update(state=CommandState.SUPERSEDED, ended_at=now, updated_at=now)
    session = None if run is None else run.session_id
    command = Command.objects.create(
        microscope=microscope,
        type="stop",
        arguments={"emergency": True} | ({} if session is None else {"session": str(session)}),
        state=CommandState.DONE if ended else CommandState.WISHED,
        reason=reason[:300],
        wished_by_id=actor.user_id,
        ended_at=now if ended else None,
    )
    raise_alarm(
        key=EMERGENCY,
        level=Level.MAJOR,
        microscope=microscope.pk,
        session=session,
        text=f"{microscope.name} was stopped in an emergency by {actor.name}.",
        advice="Ask why; when the instrument may be used again, start or resume.",
    )
    record_event(
        "command.wished",
        actor,
        Scope(microscope.pk, session),
        Told(subjects=[command.pk], after={"type": "emergency_stop"}, reason=reason),
    )
    return command


def _about_to_resume(microscope: Microscope) -> QuerySet[Run]:
    """Interrupted runs that somebody wished to go on: the next bridge would take them up."""
    return Run.objects.select_for_update(of=("self",), no_key=True).filter(
        microscope=microscope, state=RunState.INTERRUPTED, wish=Wish.RUN
    )

"""Stop a microscope now: whoever has a session there may, and nothing is asked first."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotFound
from smartscope.domain.status import RunState
from smartscope.models import Command, CommandState, Microscope, Run, Wish
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.wish_command import OF_THE_RUN, live_run, stop_run
from smartscope.queries.rights import require_emergency_stop


@transaction.atomic
def emergency_stop(actor: Actor, microscope_id: UUID) -> Command:
    """The live run is wished to stop; the bridge sends nothing more after its present command.

    Raises NotFound and NotAllowed; where nothing runs, it is recorded all the same.
    """
    microscope = Microscope.objects.filter(pk=microscope_id).first()
    if microscope is None:
        raise NotFound("There is no such microscope.")
    require_emergency_stop(actor, microscope)
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
    command = Command.objects.create(
        microscope=microscope,
        type="stop",
        arguments={"emergency": True} | ({} if run is None else {"session": str(run.session_id)}),
        state=CommandState.DONE if ended else CommandState.WISHED,
        reason=reason[:300],
        wished_by_id=actor.user_id,
        ended_at=now if ended else None,
    )
    record_event(
        "command.wished",
        actor,
        Scope(microscope.pk, None if run is None else run.session_id),
        Told(subjects=[command.pk], after={"type": "emergency_stop"}, reason=reason),
    )
    return command


def _about_to_resume(microscope: Microscope) -> QuerySet[Run]:
    """Interrupted runs that somebody wished to go on: the next bridge would take them up."""
    return Run.objects.select_for_update(of=("self",), no_key=True).filter(
        microscope=microscope, state=RunState.INTERRUPTED, wish=Wish.RUN
    )

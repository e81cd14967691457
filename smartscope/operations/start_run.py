"""Start a session's run: a wish in a row, which the bridge takes up at its next decision."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.status import LIVE_RUNS, RunState
from smartscope.models import Run, Session
from smartscope.operations.event_log import Scope, Told, record_event


@transaction.atomic
def start_run(actor: Actor, session_id: UUID) -> Run:
    """A new run, queued. Raises Conflict when the microscope has a run that has not ended."""
    session = Session.objects.select_related("microscope").get(pk=session_id)
    if session.imported:
        raise Conflict(
            f"{session.name} was imported from files; there is no microscope to run it on.",
            code="not_capable",
        )
    try:
        with transaction.atomic():
            run = Run.objects.create(
                session=session, microscope=session.microscope, wished_by_id=actor.user_id
            )
    except IntegrityError:
        raise _held(session) from None
    record_event(
        "run.queued",
        actor,
        Scope(session.microscope_id, session.pk),
        Told(subjects=[run.pk], after={"state": run.state}),
    )
    return run


def _held(session: Session) -> Conflict:
    live = (
        Run.objects.filter(
            microscope=session.microscope_id, state__in=[*LIVE_RUNS, RunState.QUEUED]
        )
        .select_related("session")
        .first()
    )
    holder = "another session" if live is None else f"session {live.session.name} ({live.state})"
    return Conflict(
        f"{session.microscope.name} is held by {holder}; stop that run first.", code="busy"
    )

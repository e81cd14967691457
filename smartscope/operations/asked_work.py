"""Work that people asked for, from the claim to its end: one worker at a time, a few tries."""

from __future__ import annotations

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ANALYSIS, Actor
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import AskedWork
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.signals import work_wanted
from smartscope.storage.store import StoredFile

Work = TypeVar("Work", bound=AskedWork)

MOST_ATTEMPTS = 3
#: a worker that did not say for so long how far it is was killed
SILENCE = timedelta(seconds=90)
OPEN = (AnalysisState.WANTED, AnalysisState.RUNNING)


def hint_work(work: AskedWork, actor: Actor) -> None:
    """Tell workers and people of a row that was just made, once it is committed."""
    _hint(work)
    _tell(work, "wanted", actor)


def begin_work(kind: type[Work], pk: UUID) -> Work | None:
    """Claim it; None when it has ended, is worked on, or was tried often enough."""
    with transaction.atomic():
        work = locked_work(kind, pk)
        if work.state not in OPEN or _is_worked_on(work):
            return None
        if work.attempts >= MOST_ATTEMPTS:
            _end(work, AnalysisState.DEAD, work.message or "every worker was killed over it")
            return None
        work.state = _moved(work, AnalysisState.RUNNING)
        work.attempts += 1
        work.beat_at = timezone.now()
        work.save(update_fields=["state", "attempts", "beat_at", "updated_at"])
        return work


def note_progress(work: AskedWork, progress: float) -> None:
    """How far it is, 0 to 1, which is also a sign of life."""
    rows = type(work).objects.filter(pk=work.pk, state=AnalysisState.RUNNING)
    rows.update(progress=progress, beat_at=timezone.now())


def finish_work(
    kind: type[Work], pk: UUID, stored: StoredFile, *, message: str, **result: object
) -> None:
    """The file is whole and in place; `result` are columns. A second end changes nothing."""
    with transaction.atomic():
        work = locked_work(kind, pk)
        if work.state != AnalysisState.RUNNING:
            return
        work.key, work.sha256, work.bytes = stored.key, stored.sha256, stored.bytes
        for name, value in result.items():
            setattr(work, name, value)
        work.progress = 1.0
        _end(work, AnalysisState.DONE, message)


def fail_work(kind: type[Work], pk: UUID, error: str, *, final: bool) -> None:
    """`final` when trying again cannot help."""
    with transaction.atomic():
        work = locked_work(kind, pk)
        if work.state not in OPEN:
            return
        if final or work.attempts >= MOST_ATTEMPTS:
            _end(work, AnalysisState.DEAD, error)
            return
        work.state = _moved(work, AnalysisState.WANTED)
        work.message = error[:500]
        work.save(update_fields=["state", "message", "updated_at"])
        _hint(work)


def locked_work(kind: type[Work], pk: UUID) -> Work:
    """The row with its grid and session."""
    rows = kind.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("grid__session").get(pk=pk)


def _moved(work: AskedWork, state: AnalysisState) -> AnalysisState:
    return moved(ANALYSIS_MOVES, AnalysisState(work.state), state, work.told_as)


def _end(work: AskedWork, state: AnalysisState, message: str) -> None:
    work.state = _moved(work, state)
    work.message = message[:500]
    work.finished_at = timezone.now()
    work.save()
    _tell(work, "made" if state is AnalysisState.DONE else "failed", ANALYSIS)


def _tell(work: AskedWork, what: str, actor: Actor) -> None:
    session = work.grid.session
    record_event(
        f"{work.told_as}.{what}",
        actor,
        Scope(session.microscope_id, session.pk, work.grid_id),
        Told(subjects=[work.pk], reason=work.message),
    )


def _is_worked_on(work: AskedWork) -> bool:
    if work.state != AnalysisState.RUNNING or work.beat_at is None:
        return False
    return work.beat_at > timezone.now() - SILENCE


def _hint(work: AskedWork) -> None:
    kind, pk = type(work), str(work.pk)
    transaction.on_commit(
        lambda: work_wanted.send_robust(sender=kind, told_as=kind.told_as, pk=pk), robust=True
    )

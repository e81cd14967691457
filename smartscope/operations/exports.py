"""Files of a grid's particles: asked for by a person, written by a worker, one try at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import ANALYSIS, Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Export, ExportFormat
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.signals import export_wanted
from smartscope.operations.target_rows import allow
from smartscope.queries.picked_micrographs import how_many_picked
from smartscope.queries.visible import reader_of, visible_grids
from smartscope.storage.store import StoredFile

MOST_ATTEMPTS = 3
#: files of one person that may be under way at once
MOST_AT_ONCE = 2
#: a worker that did not say for so long how far it is was killed
SILENCE = timedelta(seconds=90)
SMALLEST_BOX_PX, LARGEST_BOX_PX = 16, 1024
MOST_BINNING = 16
_OPEN = (AnalysisState.WANTED, AnalysisState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked:
    """`exposures` None: all of the grid. `box_px` is of the exposure's own pixels, None: 1.5
    diameters; `binning` joins so many pixels. Both are for stacks.
    """

    format: ExportFormat
    exposures: Sequence[UUID] | None = None
    box_px: int | None = None
    binning: int = 1


@transaction.atomic
def want_export(actor: Actor, grid_id: UUID, asked: ExportAsked) -> Export:
    """Raises NotFound, NotAllowed, InvalidInput, and Conflict where nothing was picked, or `busy`
    with two files of the same person under way.
    """
    grid = visible_grids(reader_of(actor)).select_related("session").filter(pk=grid_id).first()
    if grid is None:
        raise NotFound("There is no such grid that you may see.")
    allow(actor, grid.session)
    _check(asked)
    if not how_many_picked(grid, asked.exposures):
        raise Conflict(
            f"No particle of grid {grid.name} was picked yet, so there is nothing to write.",
            code="not_capable",
        )
    mine = Export.objects.filter(author_id=actor.user_id, state__in=_OPEN)
    if mine.count() >= MOST_AT_ONCE:
        raise Conflict(
            f"{MOST_AT_ONCE} of your files are being written; ask again when one is done.",
            code="busy",
        )
    chosen = None if asked.exposures is None else [str(pk) for pk in asked.exposures]
    export = Export.objects.create(
        grid=grid,
        author_id=actor.user_id,
        format=asked.format,
        options={"exposures": chosen, "box_px": asked.box_px, "binning": asked.binning},
    )
    _hint(export)
    _tell(export, "export.wanted", actor)
    return export


def begin_export(export_id: UUID) -> Export | None:
    """Claim it; None when it has ended, is worked on, or was tried often enough."""
    with transaction.atomic():
        export = _locked(export_id)
        if export.state not in _OPEN or _is_worked_on(export):
            return None
        if export.attempts >= MOST_ATTEMPTS:
            _end(export, AnalysisState.DEAD, export.message or "every worker was killed over it")
            return None
        export.state = moved(
            ANALYSIS_MOVES, AnalysisState(export.state), AnalysisState.RUNNING, "export"
        )
        export.attempts += 1
        export.beat_at = timezone.now()
        export.save(update_fields=["state", "attempts", "beat_at", "updated_at"])
        return export


def note_progress(export_id: UUID, progress: float) -> None:
    """How far it is, 0 to 1, which is also a sign of life."""
    Export.objects.filter(pk=export_id, state=AnalysisState.RUNNING).update(
        progress=progress, beat_at=timezone.now()
    )


def finish_export(export_id: UUID, stored: StoredFile, *, particles: int, message: str) -> None:
    """The file is whole and in place; a second end changes nothing."""
    with transaction.atomic():
        export = _locked(export_id)
        if export.state != AnalysisState.RUNNING:
            return
        export.key, export.sha256, export.bytes = stored.key, stored.sha256, stored.bytes
        export.particles, export.progress = particles, 1.0
        _end(export, AnalysisState.DONE, message)


def fail_export(export_id: UUID, error: str, *, final: bool) -> None:
    """`final` when trying again cannot help."""
    with transaction.atomic():
        export = _locked(export_id)
        if export.state not in _OPEN:
            return
        if final or export.attempts >= MOST_ATTEMPTS:
            _end(export, AnalysisState.DEAD, error)
            return
        export.state = moved(
            ANALYSIS_MOVES, AnalysisState(export.state), AnalysisState.WANTED, "export"
        )
        export.message = error[:500]
        export.save(update_fields=["state", "message", "updated_at"])
        _hint(export)


def _end(export: Export, state: AnalysisState, message: str) -> None:
    export.state = moved(ANALYSIS_MOVES, AnalysisState(export.state), state, "export")
    export.message = message[:500]
    export.finished_at = timezone.now()
    export.save()
    _tell(export, "export.made" if state is AnalysisState.DONE else "export.failed", ANALYSIS)


def _tell(export: Export, kind: str, actor: Actor) -> None:
    session = export.grid.session
    record_event(
        kind,
        actor,
        Scope(session.microscope_id, session.pk, export.grid_id),
        Told(subjects=[export.pk], reason=export.message),
    )


def _locked(export_id: UUID) -> Export:
    rows = Export.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("grid__session").get(pk=export_id)


def _is_worked_on(export: Export) -> bool:
    if export.state != AnalysisState.RUNNING or export.beat_at is None:
        return False
    return export.beat_at > timezone.now() - SILENCE


def _check(asked: ExportAsked) -> None:
    problems = {}
    box = asked.box_px
    if box is not None and not SMALLEST_BOX_PX <= box <= LARGEST_BOX_PX:
        problems["box_px"] = f"choose {SMALLEST_BOX_PX} to {LARGEST_BOX_PX} pixels."
    if not 1 <= asked.binning <= MOST_BINNING:
        problems["binning"] = f"choose 1 to {MOST_BINNING}."
    if problems:
        raise InvalidInput(problems)


def _hint(export: Export) -> None:
    wanted = str(export.pk)
    transaction.on_commit(
        lambda: export_wanted.send_robust(sender=Export, export_id=wanted), robust=True
    )

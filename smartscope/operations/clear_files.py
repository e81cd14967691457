"""A worker carries out a removal, some files of one session at a time.

The rows say first that the files are gone, with an event; then the files go. So a picture that is
shown is there, and what a killed worker left is removed by the next.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.models import Clearing, ClearingState, Image, ImageKind, Session
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.retention import OPEN_CLEARINGS, Chosen, removable

#: an event names every image of a batch
BATCH = 200
MOST_ATTEMPTS = 5
#: a worker that said nothing for so long was killed
SILENCE = timedelta(seconds=90)


@transaction.atomic
def begin_clearing(clearing_id: UUID) -> bool:
    """Whether it may be worked on now: it is due, open, and nobody else has it."""
    clearing = _locked(clearing_id)
    now = timezone.now()
    beat = clearing.beat_at
    taken = clearing.state == ClearingState.RUNNING and beat is not None and beat > now - SILENCE
    if clearing.state not in OPEN_CLEARINGS or clearing.not_before > now or taken:
        return False
    clearing.state, clearing.beat_at = ClearingState.RUNNING, now
    clearing.attempts += 1
    clearing.save(update_fields=["state", "beat_at", "attempts", "updated_at"])
    return True


@transaction.atomic
def choose_files(clearing_id: UUID) -> list[str]:
    """Keys of the files to be removed next, which no row claims any more; empty at the end.

    What an earlier worker chose and did not see gone comes first.
    """
    clearing = _locked(clearing_id)
    if clearing.state != ClearingState.RUNNING and not clearing.pending_keys:
        return []
    if not clearing.pending_keys:
        images = _next_images(clearing)
        clearing.pending_keys = [
            key for image in images for key in (image.key, image.tiles_key) if key
        ]
        clearing.files_removed += len(images)
        clearing.bytes_removed += sum(image.bytes for image in images)
        if images:
            _tell_removed(clearing, images)
        else:
            _end(clearing, ClearingState.DONE, "")
    clearing.beat_at = timezone.now()
    clearing.save()
    return list(clearing.pending_keys)


@transaction.atomic
def files_are_gone(clearing_id: UUID) -> None:
    """Those chosen last were removed from the store."""
    clearing = _locked(clearing_id)
    clearing.pending_keys, clearing.attempts = [], 0
    clearing.beat_at = timezone.now()
    clearing.save(update_fields=["pending_keys", "attempts", "beat_at", "updated_at"])


@transaction.atomic
def leave_clearing(clearing_id: UUID, error: str = "") -> None:
    """The worker ends, for now or because of an error; after some errors it is given up."""
    clearing = _locked(clearing_id)
    clearing.beat_at, clearing.message = None, error[:300]
    if error and clearing.attempts >= MOST_ATTEMPTS and clearing.state == ClearingState.RUNNING:
        _end(clearing, ClearingState.FAILED, error)
    clearing.save()


def _next_images(clearing: Clearing) -> list[Image]:
    """Some images of one session, marked as removed; the session is locked, so that none begins."""
    due = removable(Chosen.of(clearing))
    first = due.order_by("grid__session", "pk").values_list("grid__session", flat=True).first()
    if first is None:
        return []
    Session.objects.select_for_update(of=("self",)).get(pk=first)
    rows = due.filter(grid__session=first).select_for_update(of=("self",), no_key=True)
    images = list(rows.select_related("grid__session").order_by("pk")[:BATCH])
    Image.objects.filter(pk__in=[image.pk for image in images]).update(
        removed_at=timezone.now(), updated_at=timezone.now()
    )
    return images


def _tell_removed(clearing: Clearing, images: list[Image]) -> None:
    session = images[0].grid.session
    movies = sum(image.kind == ImageKind.MOVIE for image in images)
    after = {
        "movies": movies,
        "images": len(images) - movies,
        "bytes": sum(image.bytes for image in images),
        "clearing": str(clearing.pk),
    }
    told = Told(subjects=[image.pk for image in images], after=after, reason="retention")
    scope = Scope(session.microscope_id, session.pk)
    record_event("image.removed", _author(clearing), scope, told)


def _end(clearing: Clearing, state: ClearingState, message: str) -> None:
    clearing.state, clearing.message = state, message[:300]
    clearing.finished_at = timezone.now()
    after = {"files": clearing.files_removed, "bytes": clearing.bytes_removed}
    told = Told(subjects=[clearing.pk], after=after, reason=message)
    record_event(f"clearing.{state}", _author(clearing), Scope(), told)


def _author(clearing: Clearing) -> Actor:
    """Who ordered it, which the log keeps beside that a worker did it."""
    author = clearing.author
    name = "somebody who is no longer here" if author is None else author.get_username()
    return Actor("user", name, clearing.author_id)


def _locked(clearing_id: UUID) -> Clearing:
    rows = Clearing.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("author").get(pk=clearing_id)

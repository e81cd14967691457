"""Admins say how long files are kept; staff have what is older removed, and may cancel that."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, NotFound
from smartscope.domain.retention import DELAY_FOR_STAFF, Keeping, check_keeping
from smartscope.models import Clearing, ClearingState, Retention
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.retention import OPEN_CLEARINGS, Chosen, dry_run, keeping
from smartscope.queries.rights import is_admin, require_admin, require_staff


@transaction.atomic
def set_retention(actor: Actor, wanted: Keeping) -> Retention:
    """Nothing is removed by it. Raises NotAllowed but for an admin, and InvalidInput."""
    require_admin(actor)
    check_keeping(wanted)
    _alone()
    before = asdict(keeping())
    row, new = Retention.objects.get_or_create(only=True, defaults=asdict(wanted))
    if not new:
        for name, value in asdict(wanted).items():
            setattr(row, name, value)
        row.version += 1
        row.save()
    told = Told(subjects=[row.pk], before=before, after=asdict(wanted))
    record_event("settings.changed", actor, Scope(), told)
    return row


@transaction.atomic
def order_clearing(actor: Actor) -> Clearing:
    """Remove what is older than the site keeps, as a dry run would say it now; only ever less.

    An admin's order begins at once, that of other staff in thirty days. Raises NotAllowed,
    Conflict `busy` while another order is open, and `not_capable` where nothing would go.
    """
    require_staff(actor)
    _alone()
    if Clearing.objects.filter(state__in=OPEN_CLEARINGS).exists():
        raise Conflict("A removal is ordered already; let it end, or cancel it.", code="busy")
    now, kept = timezone.now(), keeping()
    found = dry_run(kept, now)
    if not found.files:
        raise Conflict("No file is older than the site keeps it.", code="not_capable")
    chosen = Chosen.now(kept, now)
    delay = timedelta(0) if is_admin(actor) else DELAY_FOR_STAFF
    clearing = Clearing.objects.create(
        author_id=actor.user_id,
        pending_keys=_left_behind(),
        not_before=now + delay,
        movies_before=chosen.movies_before,
        images_before=chosen.images_before,
        without_backup=chosen.without_backup,
        files_expected=found.files,
        bytes_expected=found.bytes,
    )
    after = {
        "files": found.files,
        "bytes": found.bytes,
        "not_before": clearing.not_before.isoformat(),
        "sessions": [one.name for one in found.sessions],
    }
    record_event("clearing.ordered", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return clearing


@transaction.atomic
def cancel_clearing(actor: Actor, clearing_id: UUID) -> Clearing:
    """What is gone is gone; nothing more goes. Raises NotAllowed, NotFound, Conflict."""
    require_staff(actor)
    rows = Clearing.objects.select_for_update(no_key=True, of=("self",))
    clearing = rows.select_related("author").filter(pk=clearing_id).first()
    if clearing is None:
        raise NotFound("There is no such removal.")
    if clearing.state not in OPEN_CLEARINGS:
        raise Conflict(f"The removal is {clearing.state} already.", code="illegal_transition")
    clearing.state, clearing.finished_at = ClearingState.CANCELLED, timezone.now()
    clearing.version += 1
    clearing.save()
    after = {"files": clearing.files_removed, "bytes": clearing.bytes_removed}
    record_event("clearing.cancelled", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return clearing


def _left_behind() -> list[str]:
    """Files that an earlier removal marked as gone and could not remove: this one's from now on."""
    given_up = Clearing.objects.filter(state=ClearingState.FAILED).exclude(pending_keys=[])
    keys = [key for left in given_up for key in left.pending_keys]
    given_up.update(pending_keys=[])
    return keys


def _alone() -> None:
    """One person at a time; ends with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('smartscope.retention'))")

"""Admins say how long files are kept; staff have what is older removed, and may cancel that.

A lead asks for it, of the group's own sessions; what was asked for begins when staff approve it.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, NotFound
from smartscope.domain.retention import DELAY_FOR_STAFF, Keeping, check_keeping
from smartscope.models import Clearing, ClearingState, Retention
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.retention import OPEN_CLEARINGS, Chosen, DryRun, dry_run, keeping
from smartscope.queries.rights import is_admin, require_admin, require_lead, require_staff
from smartscope.queries.visible import reader_of, visible_people_groups


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
    _require_none_open()
    clearing, found = _chosen_now(None)
    clearing.author_id, clearing.not_before = actor.user_id, timezone.now() + _delay(actor)
    clearing.pending_keys = _left_behind()
    clearing.save(force_insert=True)
    after = _told_of(found) | {"not_before": clearing.not_before.isoformat()}
    record_event("clearing.ordered", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return clearing


@transaction.atomic
def ask_for_clearing(actor: Actor, group_name: str) -> Clearing:
    """A lead asks the staff for a removal within the group; nothing is removed by asking.

    Raises NotFound, NotAllowed but for the group's lead, Conflict `busy` while another of the group
    waits for an answer, and `not_capable` where nothing would go.
    """
    group = visible_people_groups(reader_of(actor)).filter(name=group_name).first()
    if group is None:
        raise NotFound(f"There is no group {group_name!r} that you may see.")
    require_lead(actor, group.pk)
    _alone()
    if Clearing.objects.filter(state=ClearingState.ASKED, group=group).exists():
        raise Conflict("You have asked already; the facility's staff will answer.", code="busy")
    clearing, found = _chosen_now(group.pk)
    clearing.state, clearing.asked_by_id = ClearingState.ASKED, actor.user_id
    clearing.not_before = timezone.now()
    clearing.save(force_insert=True)
    after = _told_of(found) | {"group": group.name}
    record_event("clearing.asked", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return clearing


@transaction.atomic
def approve_clearing(actor: Actor, clearing_id: UUID) -> Clearing:
    """What a lead asked for is ordered, as if by whoever approves it: with the same delay.

    Raises NotAllowed, NotFound, Conflict `illegal_transition` and `busy`.
    """
    require_staff(actor)
    _alone()
    clearing = _locked(clearing_id)
    if clearing.state != ClearingState.ASKED:
        raise Conflict(f"Nobody asks for it: it is {clearing.state}.", code="illegal_transition")
    _require_none_open()
    clearing.state, clearing.author_id = ClearingState.WAITING, actor.user_id
    clearing.not_before, clearing.pending_keys = timezone.now() + _delay(actor), _left_behind()
    clearing.version += 1
    clearing.save()
    after = {"not_before": clearing.not_before.isoformat()}
    record_event("clearing.approved", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return _locked(clearing_id)


@transaction.atomic
def cancel_clearing(actor: Actor, clearing_id: UUID) -> Clearing:
    """What is gone is gone; nothing more goes. By staff, or by whoever asked for it.

    Raises NotAllowed, NotFound, Conflict.
    """
    clearing = _locked(clearing_id)
    if actor.user_id is None or clearing.asked_by_id != actor.user_id:
        require_staff(actor)
    if clearing.state not in (ClearingState.ASKED, *OPEN_CLEARINGS):
        raise Conflict(f"The removal is {clearing.state} already.", code="illegal_transition")
    clearing.state, clearing.finished_at = ClearingState.CANCELLED, timezone.now()
    clearing.version += 1
    clearing.save()
    after = {"files": clearing.files_removed, "bytes": clearing.bytes_removed}
    record_event("clearing.cancelled", actor, Scope(), Told(subjects=[clearing.pk], after=after))
    return clearing


def _chosen_now(group: int | None) -> tuple[Clearing, DryRun]:
    """A removal as the site keeps files now, not saved yet, and what it would take."""
    now, kept = timezone.now(), keeping()
    found = dry_run(kept, now, group=group)
    if not found.files:
        raise Conflict("No file is older than the site keeps it.", code="not_capable")
    chosen = Chosen.now(kept, now, group)
    clearing = Clearing(
        group_id=group,
        movies_before=chosen.movies_before,
        images_before=chosen.images_before,
        without_backup=chosen.without_backup,
        files_expected=found.files,
        bytes_expected=found.bytes,
    )
    return clearing, found


def _told_of(found: DryRun) -> dict[str, Any]:
    return {
        "files": found.files,
        "bytes": found.bytes,
        "sessions": [one.name for one in found.sessions],
    }


def _delay(actor: Actor) -> timedelta:
    return timedelta(0) if is_admin(actor) else DELAY_FOR_STAFF


def _require_none_open() -> None:
    if Clearing.objects.filter(state__in=OPEN_CLEARINGS).exists():
        raise Conflict("A removal is ordered already; let it end, or cancel it.", code="busy")


def _locked(clearing_id: UUID) -> Clearing:
    rows = Clearing.objects.select_for_update(no_key=True, of=("self",))
    clearing = rows.select_related("author", "asked_by", "group").filter(pk=clearing_id).first()
    if clearing is None:
        raise NotFound("There is no such removal.")
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

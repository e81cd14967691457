"""Read-only links to a session's report: random, shown once, expiring, revocable, counted."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotAllowed, NotFound
from smartscope.models import Session, ShareLink
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.rights import place_of, require_share
from smartscope.queries.share_links import valid_link
from smartscope.queries.visible import reader_of, visible_sessions

LONGEST = timedelta(days=90)
USUAL = timedelta(days=30)


@transaction.atomic
def create_share_link(
    actor: Actor, session_id: UUID, *, lifetime: timedelta, note: str
) -> tuple[ShareLink, str]:
    """A link and its secret, which is never seen again. Raises NotFound, NotAllowed, InvalidInput.

    A token cannot make one: it would outlive the token.
    """
    session = visible_sessions(reader_of(actor)).filter(pk=session_id).first()
    if session is None:
        raise NotFound("There is no such session that you may see.")
    require_share(actor, place_of(session))
    if actor.kind != "user":
        raise NotAllowed("Links are made by a signed-in person, not by a token.")
    if not timedelta(0) < lifetime <= LONGEST:
        raise InvalidInput({"hours": f"a link lives at most {LONGEST.days} days."})
    secret = secrets.token_urlsafe(32)
    link = ShareLink.objects.create(
        session=session,
        note=note,
        sha256=_digest(secret),
        expires_at=timezone.now() + lifetime,
        author_id=actor.user_id,
    )
    _tell(actor, session, link, "share.created")
    return link, secret


@transaction.atomic
def revoke_share_link(actor: Actor, link_id: UUID) -> None:
    """End it now; whoever has it open sees nothing more. Raises NotFound, NotAllowed."""
    links = ShareLink.objects.select_for_update(no_key=True, of=("self",)).select_related("session")
    seen = visible_sessions(reader_of(actor)).values("pk")
    link = links.filter(pk=link_id, session__in=seen, revoked_at=None).first()
    if link is None:
        raise NotFound("There is no such link that is still valid.")
    require_share(actor, place_of(link.session))
    link.revoked_at = timezone.now()
    link.version += 1
    link.save(update_fields=["revoked_at", "version", "updated_at"])
    _tell(actor, link.session, link, "share.revoked")


def open_share_link(secret: str) -> ShareLink | None:
    """The valid link with this secret, counted as opened; None for anything else."""
    if "\0" in secret:
        return None
    found = ShareLink.objects.filter(sha256=_digest(secret)).values_list("pk", flat=True).first()
    link = None if found is None else valid_link(found)
    if link is not None:
        ShareLink.objects.filter(pk=link.pk).update(
            opened=F("opened") + 1, opened_at=timezone.now()
        )
    return link


def _tell(actor: Actor, session: Session, link: ShareLink, kind: str) -> None:
    record_event(
        kind,
        actor,
        Scope(session.microscope_id, session.pk),
        Told(subjects=[link.pk], after={"expires_at": link.expires_at.isoformat()}),
    )


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

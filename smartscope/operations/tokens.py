"""Tokens for scripts: 256 random bits shown once; only their SHA-256 and a prefix are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import InvalidInput, NotAllowed, NotFound
from smartscope.models import ApiToken
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.rights import may_keep_tokens_of

SCOPES = ("read", "label", "plan", "operate")
LONGEST = timedelta(days=90)
#: a token that can move an instrument must not outlive the night it was made for
LONGEST_OPERATING = timedelta(hours=24)
PREFIX_LENGTH = 12
#: when a token was last used is known to the minute, which saves a write per request
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(
    actor: Actor, *, name: str, scopes: Sequence[str], lifetime: timedelta
) -> tuple[ApiToken, str]:
    """A new token of the actor's own, and its secret, which is never seen again.

    Raises InvalidInput for an unknown scope or too long a life, NotAllowed for a token that tries
    to make another one.
    """
    if actor.kind != "user" or actor.user_id is None:
        raise NotAllowed("Tokens are made by a signed-in person, not by another token.")
    _check(scopes, lifetime)
    secret = secrets.token_urlsafe(32)
    token = ApiToken.objects.create(
        owner_id=actor.user_id,
        name=name,
        prefix=secret[:PREFIX_LENGTH],
        sha256=_digest(secret),
        scopes=sorted(set(scopes)),
        expires_at=timezone.now() + lifetime,
    )
    record_event(
        "token.created",
        actor,
        Scope(),
        Told(subjects=[token.pk], after={"name": name, "scopes": token.scopes}),
    )
    return token, secret


@transaction.atomic
def revoke_token(actor: Actor, token_id: UUID) -> None:
    """End a token now: one's own, or of somebody whose tokens one keeps. Raises NotFound."""
    rows = ApiToken.objects.select_for_update(of=("self",), no_key=True).select_related("owner")
    token = rows.filter(pk=token_id, revoked_at=None).first()
    if token is None or not may_keep_tokens_of(actor, token.owner):
        raise NotFound("There is no such token that is still valid.")
    token.revoked_at = timezone.now()
    token.save(update_fields=["revoked_at", "updated_at"])
    after = {"name": token.name, "owner": token.owner.get_username()}
    record_event("token.revoked", actor, Scope(), Told(subjects=[token.pk], after=after))


def use_token(secret: str) -> ApiToken | None:
    """The valid token with this secret and an active owner, noting that it was used."""
    now = timezone.now()
    if "\0" in secret:
        return None
    token = (
        ApiToken.objects.select_related("owner")
        .filter(prefix=secret[:PREFIX_LENGTH], revoked_at=None, expires_at__gt=now)
        .first()
    )
    if token is None or not hmac.compare_digest(token.sha256, _digest(secret)):
        return None
    if not token.owner.is_active:
        return None
    if token.last_used_at is None or now - token.last_used_at > USE_NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def _check(scopes: Sequence[str], lifetime: timedelta) -> None:
    problems = {}
    unknown = sorted(set(scopes) - set(SCOPES))
    if unknown or not scopes:
        problems["scopes"] = f"choose one or more of {', '.join(SCOPES)}."
    longest = LONGEST_OPERATING if "operate" in scopes else LONGEST
    if not timedelta(0) < lifetime <= longest:
        hours = int(longest.total_seconds() // 3600)
        problems["hours"] = f"a token with these scopes lives at most {hours} hours."
    if problems:
        raise InvalidInput(problems)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

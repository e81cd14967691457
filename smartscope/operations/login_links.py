"""One-time links that sign one person in: for the first sign-in, and where there is no password."""

from __future__ import annotations

import hashlib
import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db import transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotFound
from smartscope.models import LoginLink
from smartscope.operations.event_log import Scope, Told, record_event

LIFETIME = timedelta(minutes=15)


@transaction.atomic
def create_login_link(actor: Actor, username: str, *, lifetime: timedelta = LIFETIME) -> str:
    """The secret of a new link for that person; only its SHA-256 is kept. Raises NotFound."""
    user = get_user_model().objects.filter(username=username, is_active=True).first()
    if user is None:
        raise NotFound(f"There is nobody called {username}; create_person makes an account.")
    secret = secrets.token_urlsafe(32)
    LoginLink.objects.create(
        user=user, sha256=_digest(secret), expires_at=timezone.now() + lifetime
    )
    record_event("login_link.created", actor, Scope(), Told(after={"for": username}))
    return secret


@transaction.atomic
def use_login_link(secret: str) -> User | None:
    """The person a link signs in, once; None when it is unknown, used, too old, or disabled."""
    link = (
        LoginLink.objects.select_for_update(of=("self",), no_key=True)
        .select_related("user")
        .filter(sha256=_digest(secret), used_at=None, expires_at__gt=timezone.now())
        .first()
    )
    if link is None or not link.user.is_active:
        return None
    link.used_at = timezone.now()
    link.save(update_fields=["used_at"])
    user: User = link.user
    actor = Actor("user", user.get_username(), user.pk)
    record_event("login_link.used", actor, Scope(), Told())
    return user


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()

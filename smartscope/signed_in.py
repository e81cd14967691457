"""Whether a sign-in still holds: the session exists, the account is active, nothing was revoked."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from importlib import import_module
from typing import Any

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.utils import timezone
from django.utils.crypto import constant_time_compare

from smartscope.queries.visible import NOBODY, Reader


def reader_signed_in(session_key: str | None) -> Reader:
    """Who is signed in under this key now; NOBODY after logout, new password or disabling."""
    return NOBODY if not session_key else readers_signed_in([session_key])[session_key]


def readers_signed_in(session_keys: Collection[str]) -> Mapping[str, Reader]:
    """The same for many keys by two queries: a server with many open streams asks all at once."""
    model = import_module(settings.SESSION_ENGINE).SessionStore.get_model_class()
    rows = model.objects.filter(session_key__in=session_keys, expire_date__gt=timezone.now())
    held = {row.session_key: row.get_decoded() for row in rows}
    users = User.objects.filter(is_active=True).in_bulk(
        {int(one[SESSION_KEY]) for one in held.values() if SESSION_KEY in one}
    )
    return {key: _reader(held.get(key, {}), users) for key in session_keys}


def _reader(session: Mapping[str, Any], users: Mapping[int, User]) -> Reader:
    user = users.get(int(session.get(SESSION_KEY, 0)))
    if user is None or session.get(BACKEND_SESSION_KEY) not in settings.AUTHENTICATION_BACKENDS:
        return NOBODY
    given = session.get(HASH_SESSION_KEY, "")
    hashes = (user.get_session_auth_hash(), *user.get_session_auth_fallback_hash())
    if not any(constant_time_compare(given, one) for one in hashes):
        return NOBODY
    return Reader(user.pk, sees_everything=user.is_staff or user.is_superuser)

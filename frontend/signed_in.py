"""Whether a sign-in still holds: the session exists, the account is active, nothing was revoked."""

from __future__ import annotations

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from smartscope.queries.visible import NOBODY, Reader


def reader_signed_in(session_key: str | None) -> Reader:
    """Who is signed in under this key now; NOBODY after logout, new password or disabling."""
    if not session_key:
        return NOBODY
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    user = get_user(request)
    if not user.is_authenticated or not user.is_active:
        return NOBODY
    return Reader(user.pk, sees_everything=user.is_staff or user.is_superuser)

"""Who asks is read with each request; here by statements that are made once.

Nothing is remembered from one request to the next: who signed out, was disabled or has a new
password is nobody at once.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.db.models.functions import Now

from smartscope.queries.prepared import SOME_TEXT, SOMEBODY, rows_of


class SessionStore(db.SessionStore):
    """Django's sessions in the database, read by their key alone."""

    def _get_session_from_db(self) -> Any:
        """The row, or None and no key when it has ended or never was."""
        found = rows_of("session", self._held, {SOME_TEXT: self.session_key})
        if not found:
            self._session_key = None
            return None
        return found[0]

    def _held(self) -> Any:
        return self.model.objects.filter(session_key=SOME_TEXT, expire_date__gt=Now())


class PeopleBackend(ModelBackend):
    """Django's accounts with passwords."""

    def get_user(self, user_id: int) -> User | None:
        """The account, unless it is gone or disabled."""
        found = rows_of("person", lambda: User.objects.filter(pk=SOMEBODY), {SOMEBODY: user_id})
        return found[0] if found and self.user_can_authenticate(found[0]) else None

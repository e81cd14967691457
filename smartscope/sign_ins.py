"""Who asks is read with each request; here by statements that are made once.

Nothing is remembered from one request to the next: who signed out, was disabled or has a new
password is nobody at once.
"""

from __future__ import annotations

import logging
from typing import Any

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User
from django.contrib.sessions.backends import db
from django.core.exceptions import PermissionDenied
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils import timezone

from smartscope.client_address import client_address
from smartscope.operations.sign_in_tries import forget_try, may_try
from smartscope.queries.prepared import SOME_TEXT, SOMEBODY, rows_of

log = logging.getLogger("smartscope.audit")


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


def tried_as(request: HttpRequest | None, username: str) -> list[str]:
    """Under which names a try to sign in counts: the account's and the address's."""
    names = [f"account:{username.lower()}"]
    if request is not None:
        names.append(f"from:{client_address(request)}")
    return names


class PeopleBackend(ModelBackend):
    """Django's accounts with passwords, and a few tries a minute to give the right one.

    After too many a right password is refused as well, and the page says why.
    """

    def authenticate(
        self,
        request: HttpRequest | None,
        username: str | None = None,
        password: str | None = None,
        **more: Any,
    ) -> User | None:
        """The account of that name and password. Raises PermissionDenied after too many tries."""
        if username is None or password is None or "\0" in username:
            return None
        names = tried_as(request, username)
        if not may_try(names, timezone.now()):
            log.warning("refused %r: too many tries to sign in", username)
            raise PermissionDenied
        user = super().authenticate(request, username, password, **more)
        if user is None:
            log.warning("refused %r: no such account, or a wrong password", username)
            return None
        forget_try(names)
        assert isinstance(user, User)
        return user

    def get_user(self, user_id: int) -> User | None:
        """The account, unless it is gone or disabled."""
        found = rows_of("person", lambda: User.objects.filter(pk=SOMEBODY), {SOMEBODY: user_id})
        return found[0] if found and self.user_can_authenticate(found[0]) else None

"""How long a sign-in lasts: it ends after an idle time and, however busy, after an absolute one.

A page that is watched all night must not sign its reader out, and each request must not cost a
database write; so the idle time is pushed forward at most once in ten minutes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

BEGAN = "_began_at_s"
TOUCHED = "_touched_at_s"
TOUCH_EVERY_S = 600.0


class SessionAgeMiddleware:
    """Keeps both clocks inside the session; a session without a person is left alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        session = request.session
        if settings.SESSION_COOKIE_NAME in request.COOKIES and "_auth_user_id" in session:
            now_s = time.time()
            began_s = float(session.get(BEGAN, now_s))
            if now_s - began_s > settings.SESSION_ABSOLUTE.total_seconds():
                session.flush()
            elif BEGAN not in session or now_s - float(session[TOUCHED]) > TOUCH_EVERY_S:
                session[BEGAN] = began_s
                session[TOUCHED] = now_s
        return self.get_response(request)

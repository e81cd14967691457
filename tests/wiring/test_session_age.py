"""A sign-in outlasts a night of watching, and does not outlast a week whatever is done."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from smartscope.session_age import TOUCH_EVERY_S, SessionAgeMiddleware

pytestmark = pytest.mark.django_db
HOUR_S = 3_600.0


class Visits:
    """Requests of one signed-in person, at times of our choosing."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch
        self.session = SessionStore()
        self.session["_auth_user_id"] = str(User.objects.create_user("ada").pk)
        self.session.save()

    def at(self, time_s: float) -> bool:
        """One request; whether it wrote the session."""
        self.monkeypatch.setattr("smartscope.session_age.time.time", lambda: time_s)
        request = RequestFactory().get("/")
        request.COOKIES[settings.SESSION_COOKIE_NAME] = str(self.session.session_key)
        request.session = self.session
        self.session.modified = False
        SessionAgeMiddleware(answer)(request)
        return self.session.modified


def answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def test_watching_pushes_the_idle_time_forward_without_writing_each_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    visits = Visits(monkeypatch)
    assert visits.at(1_000.0)
    assert not visits.at(1_000.0 + TOUCH_EVERY_S / 2)
    assert visits.at(1_001.0 + TOUCH_EVERY_S)


def test_a_week_after_signing_in_one_signs_in_again(monkeypatch: pytest.MonkeyPatch) -> None:
    visits = Visits(monkeypatch)
    for hour in range(0, 24 * 7, 6):
        visits.at(hour * HOUR_S)
        assert "_auth_user_id" in visits.session
    visits.at(24 * 7 * HOUR_S + 1.0)
    assert "_auth_user_id" not in visits.session

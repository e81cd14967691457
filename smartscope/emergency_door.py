"""The emergency stop's own way in: a thread and a database connection that nobody else can take.

Answered within a second. When the service cannot do it in time, because its database hangs or
something is broken, the safety agent is told; it closes the valves by itself. Towards stopping
this door fails open: when nobody can say who asks, credentials that look like some are enough.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import load_backend
from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework.authentication import CSRFCheck

from smartscope.domain.errors import SmartscopeError
from smartscope.queries.agents import agent_line, agent_of_the_only_microscope

log = logging.getLogger("smartscope.audit")

PATH = re.compile(r"/api/v1/microscopes/(?P<key>[^/]+)/emergency-stop")
ANSWER_WITHIN_S = 1.0
#: milliseconds: whoever holds a lock or a server that hangs must not hold up a stop
DATABASE_LIMIT_MS = 800

GetResponse = Callable[[HttpRequest], HttpResponse]


class EmergencyDoorMiddleware:
    """Only that one address; everything else passes as if this were not here."""

    def __init__(self, get_response: GetResponse) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = PATH.fullmatch(request.path_info)
        if found is None or request.method != "POST":
            return self._get_response(request)
        request.body  # noqa: B018 (read while the connection is there; another thread goes on)
        answer = self._in_time(request)
        if answer is not None and answer.status_code < 500:
            return answer
        return _by_the_agent(request, found["key"])

    def _in_time(self, request: HttpRequest) -> HttpResponse | None:
        """The service's own answer; None when it took too long."""
        if not _pooled():
            return self._get_response(request)
        answers: list[HttpResponse] = []

        def answer() -> None:
            connections["default"] = own = _own_connection()
            try:
                answers.append(self._get_response(request))
            finally:
                own.close()

        thread = threading.Thread(target=answer, name="emergency-stop", daemon=True)
        thread.start()
        thread.join(ANSWER_WITHIN_S)
        return answers[0] if answers else None


def _pooled() -> bool:
    """Whether others could have taken all connections; not so where each thread has its own."""
    return "pool" in connections.settings["default"]["OPTIONS"]


def _own_connection() -> BaseDatabaseWrapper:
    """Outside the pool, with limits that leave time to tell the agent."""
    chosen: dict[str, Any] = {**connections.settings["default"], "CONN_MAX_AGE": 0}
    options = {**chosen["OPTIONS"], "connect_timeout": "2"}
    options.pop("pool", None)
    options["application_name"] = "smartscope-emergency"
    options["options"] = (
        f"-c statement_timeout={DATABASE_LIMIT_MS} -c lock_timeout={DATABASE_LIMIT_MS}"
    )
    chosen["OPTIONS"] = options
    wrapper: BaseDatabaseWrapper = load_backend(chosen["ENGINE"]).DatabaseWrapper(chosen)
    return wrapper


def _by_the_agent(request: HttpRequest, key: str) -> HttpResponse:
    if not _seems_signed_in(request):
        return _problem(
            401, "not_signed_in", "Sign in, or send a token; or press the local button."
        )
    who = f"a request from {request.META.get('REMOTE_ADDR', 'somewhere')}, not verified"
    log.critical("the emergency stop of %r is handed to the safety agent: %s", key[:80], who)
    try:
        line = agent_line(key) or agent_of_the_only_microscope()
        told = None if line is None else line.stop(who, timeout_s=ANSWER_WITHIN_S)
    except SmartscopeError as problem:
        log.error("the safety agent cannot be told: %s", problem)
        told = None
    if told is None or told.startswith("refused"):
        return _problem(
            503,
            "unavailable",
            "NOBODY ACCEPTED THE STOP: database and safety agent do not answer. Close the valves "
            "at the microscope's console, or press its own button.",
        )
    body = {
        "accepted_by": "safety agent",
        "told": "The database does not answer; the safety agent closes the valves now.",
        "command": None,
    }
    return JsonResponse(body, status=202, headers={"Cache-Control": "private, no-store"})


def _seems_signed_in(request: HttpRequest) -> bool:
    """As far as it can be told without a database: a token, or a cookie and its CSRF token."""
    if request.headers.get("Authorization", "").startswith("Bearer "):
        return True
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    check = CSRFCheck(lambda _: HttpResponse())
    check.process_request(request)
    return check.process_view(request, lambda _: HttpResponse(), (), {}) is None


def _problem(status: int, code: str, detail: str) -> JsonResponse:
    body = {
        "type": "about:blank",
        "title": "The emergency stop was not accepted",
        "status": status,
        "detail": detail,
        "instance": "",
        "code": code,
        "errors": [],
        "request_id": "",
    }
    return JsonResponse(body, status=status, content_type="application/problem+json")

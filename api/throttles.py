"""How many requests a person may send; without the cache nobody is kept from the microscope."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

from api.request_budget import WINDOW_S, Budget

log = logging.getLogger(__name__)


class _PerPerson(SimpleRateThrottle):
    def get_cache_key(self, request: Request, view: APIView) -> str | None:
        return f"rate:{self.scope}:{request.user.pk}"

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            return bool(super().allow_request(request, view))
        except RedisError as problem:
            log.warning("Requests are not counted, the cache does not answer: %s", problem)
            return True

    def told(self) -> tuple[str, str] | None:
        """Policy and what remains, as `budget_headers` puts them together."""
        history = getattr(self, "history", None)
        if history is None:
            return None
        allowed, window = self.parse_rate(self.rate)
        most, window_s = allowed or 0, window or 0
        reset_s = max(0, int(window_s - (self.now - history[-1]))) if history else window_s
        left = max(0, most - len(history))
        return f'"{self.scope}";q={most};w={window_s}', f'"{self.scope}";r={left};t={reset_s}'


class RequestRate(BaseThrottle):
    """Every request of a person, whatever it asks for."""

    budget = Budget(settings.SMARTSCOPE_REQUESTS_PER_MINUTE)

    def __init__(self) -> None:
        self._remaining: tuple[int, int] | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        try:
            allowed, left, seconds = self.budget.spend(request.user.pk)
        except RedisError as problem:
            log.warning("Requests are not counted, the cache does not answer: %s", problem)
            return True
        self._remaining = (left, seconds)
        return allowed

    def wait(self) -> float | None:
        return None if self._remaining is None else float(self._remaining[1])

    def told(self) -> tuple[str, str] | None:
        """Policy and what remains, as `budget_headers` puts them together."""
        if self._remaining is None:
            return None
        left, seconds = self._remaining
        policy = f'"requests";q={self.budget.most};w={WINDOW_S}'
        return policy, f'"requests";r={left};t={seconds}'


class RequestRateButStops(RequestRate):
    """Where commands are wished: a person who has used up the budget may still stop."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        stops = request.method == "POST" and _asks_to_stop(request)
        return stops or super().allow_request(request, view)


class CommandRate(_PerPerson):
    """Commands to an instrument; stopping is never counted."""

    scope = "commands"
    rate = "10/min"

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method != "POST" or _asks_to_stop(request):
            return True
        return super().allow_request(request, view)


class PreviewRate(_PerPerson):
    """Pictures computed while somebody waits: a hand on a slider is no reason for more."""

    scope = "previews"
    rate = "30/min"


def _asks_to_stop(request: Request) -> bool:
    return isinstance(request.data, dict) and request.data.get("type") == "stop"


def budget_headers(throttles: Iterable[BaseThrottle]) -> dict[str, str]:
    """`RateLimit` and `RateLimit-Policy` as the IETF draft has them; none where nobody counts."""
    told = [one.told() for one in throttles if isinstance(one, RequestRate | _PerPerson)]
    counted = [one for one in told if one is not None]
    if not counted:
        return {}
    policies, left = zip(*counted, strict=True)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}

"""How many requests a person may send; without the cache nobody is kept from the microscope."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from django.conf import settings
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle, SimpleRateThrottle
from rest_framework.views import APIView

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


class RequestRate(_PerPerson):
    scope = "requests"
    rate = f"{settings.SMARTSCOPE_REQUESTS_PER_MINUTE}/min"


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
    policies, left = [], []
    for one in throttles:
        history = getattr(one, "history", None)
        if not isinstance(one, _PerPerson) or history is None:
            continue
        allowed, window = one.parse_rate(one.rate)
        most, window_s = allowed or 0, window or 0
        reset_s = max(0, int(window_s - (one.now - history[-1]))) if history else window_s
        policies.append(f'"{one.scope}";q={most};w={window_s}')
        left.append(f'"{one.scope}";r={max(0, most - len(history))};t={reset_s}')
    if not policies:
        return {}
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(left)}

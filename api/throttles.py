"""How many requests a person may send; without the cache nobody is kept from the microscope."""

from __future__ import annotations

import logging

from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
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
    rate = "600/min"


class CommandRate(_PerPerson):
    """Commands to an instrument; stopping is never counted."""

    scope = "commands"
    rate = "10/min"

    def allow_request(self, request: Request, view: APIView) -> bool:
        if request.method != "POST" or _asks_to_stop(request):
            return True
        return super().allow_request(request, view)


def _asks_to_stop(request: Request) -> bool:
    return isinstance(request.data, dict) and request.data.get("type") == "stop"

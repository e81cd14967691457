"""How often a password may be wrong: five times a minute per account and per address."""

from __future__ import annotations

import hashlib
import logging

from django.core.cache import cache
from django.http import HttpRequest
from redis.exceptions import RedisError

from smartscope.client_address import client_address

log = logging.getLogger(__name__)


class SignInLimit:
    """Counts failures in the cache; without one nobody is locked out of a running microscope."""

    WINDOW_S = 60
    TRIES = 5

    def __init__(self, request: HttpRequest) -> None:
        account = hashlib.sha256(request.POST.get("username", "").lower().encode()).hexdigest()
        self._keys = (f"sign-in:account:{account}", f"sign-in:from:{client_address(request)}")

    def is_reached(self) -> bool:
        try:
            tries = cache.get_many(self._keys)
        except RedisError as problem:
            log.warning("Sign-in tries are not counted, the cache does not answer: %s", problem)
            return False
        return any(count >= self.TRIES for count in tries.values())

    def count(self) -> None:
        try:
            for key in self._keys:
                cache.add(key, 0, self.WINDOW_S)
                cache.incr(key)
        except (RedisError, ValueError) as problem:
            log.warning("This try to sign in was not counted: %s", problem)

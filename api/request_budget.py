"""What a person may still send in this minute, counted by all processes together.

Each process takes some of it at a time from the count that they share, so that most requests need
not ask the cache; what a process took and did not use is lost when the minute ends.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from django.core.cache import cache

WINDOW_S = 60
#: taken at once; a process that stops leaves at most so many unused
PORTION = 10
#: portions of people who have gone are forgotten when there are so many
MOST_KEPT = 1_000


@dataclass(slots=True)
class Portion:
    """`left` of what was taken here; `untaken` in the shared count; both end at `until_s`."""

    left: int
    untaken: int
    until_s: float


class Budget:
    """Requests of each person in a minute that begins with the first; thread-safe."""

    def __init__(self, most: int) -> None:
        self.most = most
        self._lock = threading.Lock()
        self._portions: dict[str, Portion] = {}

    def spend(self, person: object) -> tuple[bool, int, int]:
        """Whether one more request is within the budget, how many remain, and for how many s.

        Raises RedisError when the shared count is asked and does not answer.
        """
        key = cache.make_key(f"budget:requests:{person}")
        spent = self._spent_here(key)
        if spent is None:
            portion = self._taken(key)
            with self._lock:
                if len(self._portions) >= MOST_KEPT:
                    self._portions.clear()
                self._portions[key] = portion
            spent = self._spent_here(key) or (False, 0, 1)
        return spent

    def _spent_here(self, key: str) -> tuple[bool, int, int] | None:
        """None when there is something to take and nothing here."""
        with self._lock:
            portion = self._portions.get(key)
            now_s = time.monotonic()
            if portion is None or now_s >= portion.until_s:
                return None
            if portion.left <= 0:
                return None if portion.untaken > 0 else (False, 0, _whole(portion, now_s))
            portion.left -= 1
            return True, portion.left + portion.untaken, _whole(portion, now_s)

    def _taken(self, key: str) -> Portion:
        """One trip to the cache."""
        wanted = min(PORTION, self.most)
        pipeline = cache._cache.get_client(key, write=True).pipeline()  # type: ignore[attr-defined] # noqa: SLF001 (Django has no public way to ask several things at once)
        pipeline.set(key, 0, ex=WINDOW_S, nx=True)
        pipeline.incrby(key, wanted)
        pipeline.pttl(key)
        _, taken, left_ms = pipeline.execute()
        beyond = max(0, int(taken) - self.most)
        until_s = time.monotonic() + max(0, int(left_ms)) / 1_000
        return Portion(max(0, wanted - beyond), max(0, self.most - int(taken)), until_s)


def _whole(portion: Portion, now_s: float) -> int:
    return max(0, int(portion.until_s - now_s))

"""Does the storage still take files in time? Asked in a thread of its own, which may hang there.

bad: a probe took, or is taking, longer than five seconds; good again after three good ones.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable
from typing import BinaryIO
from uuid import UUID

from smartscope.domain.errors import SmartscopeError
from smartscope.operations.lease.held import boot_time_s
from smartscope.storage.store import Store

log = logging.getLogger(__name__)

PROBE_BYTES = 1024**2
SLOW_S = 5.0
EVERY_S = 30.0
GOOD_AGAIN = 3


class StorageProbe:
    """Alive from `start` to `stop`; `bad` never waits."""

    def __init__(
        self, store: Store, microscope: UUID, *, clock: Callable[[], float] = boot_time_s
    ) -> None:
        self._store = store
        self._key = f"probes/{microscope}.bin"
        self._clock = clock
        self._guard = threading.Lock()
        self._asked = threading.Event()
        self._ending = False
        self._began_s: float | None = None
        self._good_needed = 0
        self._thread = threading.Thread(target=self._probe_for_ever, name="probe", daemon=True)

    def start(self) -> None:
        """Begin to probe."""
        self._thread.start()

    def stop(self) -> None:
        """Probe no more; one that hangs is left to hang."""
        self._ending = True
        self._asked.set()
        if self._thread.is_alive():
            self._thread.join(timeout=SLOW_S)

    def bad(self) -> bool:
        """Whether a file would take too long to write now."""
        with self._guard:
            hangs = self._began_s is not None and self._clock() - self._began_s > SLOW_S
            if hangs:
                self._good_needed = GOOD_AGAIN
            return self._good_needed > 0

    def probe(self) -> None:
        """Write one file of 1 MiB and see how long it takes."""
        began_s = self._clock()
        with self._guard:
            self._began_s = began_s
        try:
            self._store.write_atomic(self._key, _fill)
            good = self._clock() - began_s <= SLOW_S
        except (OSError, SmartscopeError) as error:
            log.warning("the storage took no probe: %s", error)
            good = False
        with self._guard:
            self._began_s = None
            self._good_needed = max(self._good_needed - 1, 0) if good else GOOD_AGAIN

    def _probe_for_ever(self) -> None:
        while not self._ending:
            self.probe()
            self._asked.wait(EVERY_S)
        self._store.delete(self._key)


def _fill(stream: BinaryIO) -> None:
    stream.write(os.urandom(PROBE_BYTES))

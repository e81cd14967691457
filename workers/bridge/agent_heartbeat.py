"""The bridge's signs of life to its safety agent: each renewal of the lease is one.

A bridge that lost its lease, or cannot renew it, falls silent: then the agent must act.
"""

from __future__ import annotations

import logging
import threading
from uuid import UUID

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.safety_line import SafetyLine
from smartscope.queries.agents import agent_line

log = logging.getLogger(__name__)

RELEASE_LIMIT_S = 2.0


class AgentHeartbeat:
    """For one epoch; without an agent it does nothing."""

    def __init__(self, line: SafetyLine | None, *, epoch: int) -> None:
        self._line = line
        self._epoch = epoch
        self._counter = 0
        self._guard = threading.Lock()
        self._connected = False
        self._released = False

    def begin(self) -> None:
        """The instrument obeys this epoch: from now on each renewal is a sign of life.

        A bridge that holds the lease but no instrument must not keep the agent from acting.
        """
        with self._guard:
            self._connected = True
        self.beat()

    def beat(self) -> None:
        """The lease was renewed just now. Never raises and never waits."""
        with self._guard:
            if self._line is None or self._released or not self._connected:
                return
            self._counter += 1
            try:
                self._line.beat(epoch=self._epoch, counter=self._counter)
            except OSError as problem:
                log.warning("the safety agent was not reached: %s", problem)

    def release(self) -> None:
        """The instrument is safe and let go: no beat follows, the agent stands down."""
        with self._guard:
            if self._line is None or self._released:
                return
            self._released = True
            self._counter += 1
            answer = self._line.release(
                epoch=self._epoch, counter=self._counter, timeout_s=RELEASE_LIMIT_S
            )
        if answer is None:
            log.warning("the safety agent did not answer; it will see that the lease is free")


def heartbeat_of(microscope: UUID, *, epoch: int) -> AgentHeartbeat:
    """As the settings say; ones that make no sense are told, they must not keep valves open."""
    try:
        line = agent_line(str(microscope))
    except SmartscopeError as problem:
        log.error("no safety agent: %s", problem)
        line = None
    return AgentHeartbeat(line, epoch=epoch)

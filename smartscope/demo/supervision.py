"""Keeping the services up: one that dies is started again, later each time, and this is said."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from smartscope.domain.errors import SmartscopeError
from smartscope.servers.children import Child, Children, Command

LONGEST_DELAY_S = 30.0
STEADY_AFTER_S = 60.0
HOPELESS_AFTER = 5
#: EX_TEMPFAIL of sysexits.h, the bridge's word for "start me again": no reason to give up
AGAIN = 75
SHOWN_LINES = 12


class ServiceKeepsDying(SmartscopeError):
    """A service died again and again; the message shows the end of its log."""


@dataclass(slots=True)
class _Kept:
    """One service: its child while it runs, and when it may be started again while it does not."""

    command: Command
    child: Child | None = None
    began_s: float = 0.0
    failures: int = 0
    start_at_s: float = 0.0


@dataclass(slots=True)
class Supervisor:
    """Starts services and starts them again; `now` is a monotonic clock in seconds."""

    children: Children
    say: Callable[[str], None]
    now: Callable[[], float] = time.monotonic
    _kept: list[_Kept] = field(default_factory=list)

    def keep(self, command: Command, *, after_s: float = 0.0) -> None:
        """Start a service, now or at the first look after `after_s`, and keep it running."""
        kept = _Kept(command, start_at_s=self.now() + after_s)
        self._kept.append(kept)
        if after_s <= 0.0:
            self._start(kept)

    def adopt(self, child: Child) -> None:
        """Keep a child running that was started by somebody else: an embedded server."""
        self._kept.append(_Kept(child.command, child, self.now()))

    def look(self) -> None:
        """Notice what has died and start what is due; to be called about once a second.

        Raises ServiceKeepsDying when a service dies five times without a steady minute between,
        unless it asks to be started again.
        """
        for kept in self._kept:
            if kept.child is None:
                if self.now() >= kept.start_at_s:
                    self._start(kept)
            elif (code := kept.child.ended_with()) is not None:
                self._note_death(kept, kept.child, code)

    def _start(self, kept: _Kept) -> None:
        kept.child = self.children.start(kept.command)
        kept.began_s = self.now()

    def _note_death(self, kept: _Kept, child: Child, code: int) -> None:
        self.children.forget(child)
        kept.child = None
        steady = self.now() - kept.began_s >= STEADY_AFTER_S
        kept.failures = 1 if steady else kept.failures + 1
        how = f"was ended by signal {-code}" if code < 0 else f"ended with code {code}"
        if kept.failures >= HOPELESS_AFTER and code != AGAIN:
            raise ServiceKeepsDying(
                f"The {child.name} {how}, for the {kept.failures}th time in a row. Its log "
                f"{child.command.log} ends:\n{last_lines(child.command.log)}"
            )
        delay_s = min(LONGEST_DELAY_S, 2.0 ** min(kept.failures - 1, HOPELESS_AFTER))
        kept.start_at_s = self.now() + delay_s
        self.say(f"The {child.name} {how}; it starts again in {delay_s:.0f} s.")
        self.say(f"  its log ends: {last_lines(child.command.log).splitlines()[-1]}")


def last_lines(log: Path | None) -> str:
    """The end of a log, for a message."""
    if log is None or not log.exists():
        return "(no log)"
    with log.open(errors="replace") as file:
        return "".join(deque(file, SHOWN_LINES)).rstrip() or "(empty)"

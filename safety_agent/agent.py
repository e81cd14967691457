"""Watch one bridge; when nobody guards the instrument any more, close its valves.

It acts when it is armed, the bridge's signed beats have stopped for `silence_s`, and the lease is
dead or cannot be read; or when somebody pressed stop. A lost beat alone does not trip it.
"""

from __future__ import annotations

import logging
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from safety_agent.lease import Closing, Lease, Look
from safety_agent.memory import BrokenMemory, Debt, Memory, Watch, load
from safety_agent.notebook import Notebook
from safety_agent.pager import Pager
from safety_agent.settings import Settings
from safety_agent.valves import Outcome, close_valves
from smartscope.domain.safety_messages import (
    Kind,
    Message,
    Refused,
    require_fresh,
)

log = logging.getLogger(__name__)

RELAY_LIMIT_S = 30.0


class Agent:
    """`hear` is called by the listener's thread, `look` again and again by the main thread."""

    def __init__(
        self,
        settings: Settings,
        pager: Pager,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall_clock: Callable[[], float] = time.time,
    ) -> None:
        """Where its memory is broken, it assumes the worst: that it is armed."""
        self._settings = settings
        self._times = settings.times
        self._pager = pager
        self._clock, self._wall_clock = clock, wall_clock
        self._lease = Lease(
            settings.database_url,
            settings.microscope,
            limit_s=settings.times.database_limit_s,
            still_s=settings.times.still_s,
            clock=clock,
        )
        self._guard = threading.Lock()
        self.wake = threading.Event()
        self._memory = self._recalled()
        self._notebook = Notebook(settings.state_file)
        self._beat_s = clock() - self._silence_before_start_s()
        self._database_good_s: float | None = None
        self._attempted_s: float | None = None
        self._began_closing_s = 0.0
        self._failure_paged = self._closed_paged = False
        self._forgetful = False

    @property
    def memory(self) -> Memory:
        """As it is now."""
        with self._guard:
            return self._memory

    def hear(self, message: Message) -> str:
        """Take a message in; the answer's text. Raises Refused."""
        now_s = self._wall_clock()
        require_fresh(message, microscope=self._settings.microscope, now_s=now_s)
        with self._guard:
            match message.kind:
                case Kind.BEAT:
                    heard = self._memory.heard(message, now_s)
                    self._beat_s = self._clock()
                    self._remember(heard)
                case Kind.RELEASE:
                    self._remember(self._memory.released(message))
                case Kind.STATUS:
                    self._memory = self._memory.once(message, now_s)
                case Kind.STOP:
                    self._stop(self._memory.once(message, now_s), message.text)
                case Kind.ANSWER:
                    raise Refused("answers are for those who asked")
            return str(self._memory.watch)

    def watch(self, ended: threading.Event) -> None:
        """Look until told to end; whatever goes wrong in one look, there is a next one."""
        while not ended.is_set():
            self.wake.clear()
            try:
                self.look()
            except Exception:
                log.exception("one look failed")
            self.wake.wait(self._times.look_every_s)

    def close(self) -> None:
        """After the last message and the last look."""
        self._notebook.close()

    def look(self) -> None:
        """One look: trip when nobody guards, and do what a trip still owes."""
        memory = self.memory
        if memory.watch is Watch.ARMED:
            self._watch_over(memory)
        memory = self.memory
        if memory.valves_owed and self._is_time():
            self._close(memory)
        elif memory.quarantine_owed and self._is_time():
            self._quarantine(memory)

    def _watch_over(self, memory: Memory) -> None:
        silent_s = self._clock() - self._beat_s
        if silent_s < self._times.ask_database_after_s:
            self._database_good_s = None
            return
        if self._database_good_s is None:
            self._database_good_s = self._clock()
        look = self._lease.look()
        if look is not Look.UNREACHABLE:
            self._database_good_s = self._clock()
        if look is Look.FREE:
            self._change(memory, memory.disarmed("the lease was given back in order"))
        elif silent_s >= self._times.silence_s and self._nobody_guards(look):
            why = "its lease is dead" if look is Look.DEAD else "the database cannot be reached"
            self._trip(memory, f"no sign of the bridge for {silent_s:.0f} s and {why}")

    def _nobody_guards(self, look: Look) -> bool:
        assert self._database_good_s is not None
        gone_s = self._clock() - self._database_good_s
        return look is Look.DEAD or (
            look is Look.UNREACHABLE and gone_s >= self._times.database_gone_s
        )

    def _trip(self, memory: Memory, why: str) -> None:
        if self._change(memory, memory.tripped(why)):
            self._begin(why)

    def _stop(self, memory: Memory, who: str) -> None:
        """Under the guard: a person's stop trips whatever the state."""
        why = f"emergency stop by {who or 'somebody'}"
        self._remember(memory.tripped(why, at_once=True))
        self._begin(why)

    def _begin(self, why: str) -> None:
        self._began_closing_s, self._attempted_s = self._clock(), None
        self._failure_paged = self._closed_paged = False
        self._pager.page("[MAJOR] smartscope safety agent: closing the valves", why)
        self.wake.set()

    def _is_time(self) -> bool:
        """Attempts keep a distance; the first is made at once."""
        now_s = self._clock()
        if self._attempted_s is not None and now_s - self._attempted_s < self._times.try_again_s:
            return False
        self._attempted_s = now_s
        return True

    def _close(self, memory: Memory) -> None:
        """Lease first, so that no bridge comes back; but never wait for it."""
        if self._quarantine(memory) is Closing.LIVE and not memory.at_once:
            self._stand_by(memory)
            return
        outcome = close_valves(*self._settings.instrument, limit_s=self._times.close_limit_s)
        log.warning("%s", outcome.told)
        if outcome.closed:
            self._settle(memory, Debt.VALVES)
            if not self._closed_paged:
                self._closed_paged = True
                self._pager.page("[MAJOR] smartscope safety agent: valves closed", outcome.told)
        else:
            self._failed(outcome)

    def _stand_by(self, memory: Memory) -> None:
        """A bridge took the lease at the last moment: it guards the instrument, not we."""
        if self._change(memory, memory.standing_by("the lease lives after all")):
            self._beat_s = self._clock()
            self._pager.page("[MAJOR] smartscope safety agent: stands by", "A bridge drives again.")

    def _failed(self, outcome: Outcome) -> None:
        """People are told once, as soon as it is clear that this may not work."""
        if self._failure_paged:
            return
        self._failure_paged = True
        self._pager.page(
            "[MAJOR] smartscope safety agent: THE VALVES MAY BE OPEN",
            f"Close them by hand. The agent goes on trying: {outcome.told}",
        )
        if self._settings.relay:
            self._use_relay()

    def _use_relay(self) -> None:
        try:
            subprocess.run(self._settings.relay, check=True, timeout=RELAY_LIMIT_S)
        except (OSError, subprocess.SubprocessError) as error:
            self._pager.page("[MAJOR] smartscope safety agent: the relay failed", str(error))
        else:
            self._pager.page("[MAJOR] smartscope safety agent: the relay was used", "Go and look.")

    def _quarantine(self, memory: Memory) -> Closing:
        if not memory.quarantine_owed:
            return Closing.DONE
        closing = self._lease.quarantine(epoch=memory.epoch, at_once=memory.at_once, why=memory.why)
        if closing is Closing.DONE or (closing is Closing.LIVE and not memory.valves_owed):
            self._settle(memory, Debt.QUARANTINE)
        return closing

    def _settle(self, memory: Memory, debt: Debt) -> None:
        """A debt is paid, unless a bridge took over or somebody pressed stop meanwhile."""
        with self._guard:
            now = self._memory
            same = (now.epoch, now.at_once, now.why) == (memory.epoch, memory.at_once, memory.why)
            if now.watch is Watch.TRIPPED and same:
                self._remember(now.paid(debt))

    def _change(self, seen: Memory, to: Memory) -> bool:
        """From what was seen to what follows from it; False when a message came in between."""
        with self._guard:
            if self._memory != seen:
                return False
            self._remember(to)
            return True

    def _remember(self, memory: Memory) -> None:
        """Under the guard. What is known must survive a power cut."""
        self._memory = memory
        problem = self._notebook.write(memory)
        if problem:
            # A full disk must not keep the valves open; but a restart would forget.
            log.critical("the agent's memory could not be written: %s", problem)
            if not self._forgetful:
                self._pager.page(
                    "[MAJOR] smartscope safety agent: its memory cannot be written",
                    f"It watches on, but restarted it would have forgotten: {problem}",
                )
        self._forgetful = bool(problem)

    def _recalled(self) -> Memory:
        """From the file; a broken one is put aside for people to look at."""
        path = self._settings.state_file
        try:
            return load(path)
        except BrokenMemory as error:
            why = "its memory was broken: assumed armed"
            self._pager.page(
                "[MAJOR] smartscope safety agent: its memory is broken, it assumes to be armed",
                "When no bridge beats and no lease lives, it closes the valves. See whether its "
                f"disk is sound. {error}",
            )
        with suppress(OSError):
            path.replace(path.with_suffix(".broken"))
        return Memory(watch=Watch.ARMED, beat_at_s=self._wall_clock(), why=why)

    def _silence_before_start_s(self) -> float:
        """Restarted while armed, it goes on counting from the last beat."""
        since_s = self._wall_clock() - self._memory.beat_at_s
        return min(max(since_s, 0.0), self._times.silence_s)

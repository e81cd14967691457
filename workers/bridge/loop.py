"""The loop around one pure function: obey, decide, act, record.

    queued -> arming -> running <-> suspended | paused -> finishing -> done | aborted

Nothing that matters is kept here between two turns: whatever happened, the next turn looks at rows
and instrument again.
"""

from __future__ import annotations

import logging

from smartscope.domain.errors import Conflict
from smartscope.domain.planner import next_step
from smartscope.domain.snapshot import Wish
from smartscope.domain.status import RunState
from smartscope.domain.steps import Cause, Decision, Finished, FinishGrid, MakeSafe, Wait
from smartscope.operations.arm_run import arm_run
from smartscope.operations.change_run import change_run
from smartscope.operations.finish_grid import finish_grid
from smartscope.operations.obey_commands import commands_open, obey_commands
from smartscope.operations.pause_for_person import pause_for_person
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.queries.snapshot import take_snapshot
from smartscope.queries.worklist import RunToDrive, run_to_drive, valves_left_open
from workers.bridge.barrier import await_findings
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm
from workers.bridge.perform import perform
from workers.bridge.reading import Notebook, Reading, read

log = logging.getLogger(__name__)
#: looks at the instrument while there is no run
IDLE_READING_EVERY = 30
#: on a simulated clock, how long an instrument's trouble of unknown end is waited for at a time
INSTRUMENT_LOOK_S = 15.0
_SUSPENDS = frozenset({Cause.VACUUM, Cause.REFILL, Cause.INSTRUMENT, Cause.STORAGE, Cause.PERSON})
_STANDS_STILL = frozenset({Cause.PAUSE, Cause.PERSON, Cause.STORAGE})


class Loop:
    """Turns until the process is to end; `turn` is one look and at most one step."""

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self._notebook = Notebook()
        self._idle_turns = 0

    def run(self) -> None:
        """Raises LeaseLost or ConnectionLost when this process may no longer drive."""
        while not self._helm.ending():
            self.turn()

    def turn(self) -> bool:
        """True when there is a run to drive."""
        helm = self._helm
        helm.tick()
        if commands_open(helm.held.microscope):
            obey_commands(helm.held)
        run = run_to_drive(helm.held.microscope)
        if run is None or (run.state is RunState.QUEUED and run.wish is Wish.PAUSE):
            self._idle()
            return False
        self._idle_turns = 0
        self._drive(run)
        return True

    def _idle(self) -> None:
        if self._idle_turns % IDLE_READING_EVERY == 0:
            self._notebook.note(self._helm, read(self._helm), "idle")
        self._idle_turns += 1
        _close_valves_in_time(self._helm)
        self._helm.nap()

    def _drive(self, run: RunToDrive) -> None:
        match run.state:
            case RunState.QUEUED if run.wish is Wish.STOP:
                self._change(run, RunState.ABORTED, "stopped before it began")
            case RunState.QUEUED | RunState.INTERRUPTED:
                self._change(run, RunState.ARMING, "")
            case RunState.ARMING if run.wish is Wish.STOP:
                self._change(run, RunState.ABORTED, "stopped before it began")
            case RunState.ARMING:
                self._arm(run)
            case RunState.FINISHING:
                self._end(run, aborted=run.wish is Wish.STOP, reason=run.state_reason)
            case _:
                self._decide(run)

    def _arm(self, run: RunToDrive) -> None:
        """Look at cassette and identity, and write down what recovery will compare with."""
        helm = self._helm
        identity = helm.identity()
        inventory = helm.microscope.autoloader.inventory()
        fault_point("before_arm")
        reading = {
            "fingerprint": inventory.fingerprint,
            "loaded_slot": inventory.loaded_slot,
            "instrument": identity.name,
            "driver": f"{identity.driver} {identity.version}",
            "simulated": identity.simulated,
        }
        arm_run(helm.held, run.id, reading, now_s=helm.clock.now())
        fault_point("armed")

    def _decide(self, run: RunToDrive) -> None:
        helm = self._helm
        await_findings(helm, run)
        reading = read(helm)
        snapshot = take_snapshot(
            run.id,
            reading.instrument,
            now_s=helm.clock.now(),
            simulated=helm.clock.simulated,
        )
        if self._closed_by_somebody(run, reading):
            return
        decision = next_step(snapshot)
        log.debug("decided: %s", decision)
        if isinstance(decision, Wait):
            self._wait(run, decision, reading)
        else:
            self._notebook.note(helm, reading, "running")
            self._act(run, decision)

    def _closed_by_somebody(self, run: RunToDrive, reading: Reading) -> bool:
        """Valves we opened are found closed: nothing opens them again before a person says so."""
        if reading.instrument.valves_open or not valves_left_open(run.id, self._helm.held.epoch):
            return False
        reason = "the valves were closed from outside; resume when the column may be opened again"
        log.warning("%s", reason)
        pause_for_person(self._helm.held, run.id, reason)
        perform(self._helm, run.id, MakeSafe(reason))
        return True

    def _act(self, run: RunToDrive, decision: Decision) -> None:
        helm = self._helm
        fault_point("decided")
        end_waits(helm.held, run.id, now_s=helm.clock.now())
        if run.state in (RunState.SUSPENDED, RunState.PAUSED) and not isinstance(
            decision, Finished
        ):
            self._change(run, RunState.RUNNING, "")
        try:
            if isinstance(decision, Finished):
                self._change(run, RunState.FINISHING, decision.reason)
                fault_point("finishing")
                self._end(run, aborted=decision.aborted, reason=decision.reason)
            elif isinstance(decision, FinishGrid):
                finish_grid(helm.held, run.id, decision, now_s=helm.clock.now())
                fault_point("grid_finished")
            elif not isinstance(decision, Wait):
                perform(helm, run.id, decision)
        except Conflict as error:
            log.info("deciding again: %s", error)

    def _end(self, run: RunToDrive, *, aborted: bool, reason: str) -> None:
        self._change(run, RunState.ABORTED if aborted else RunState.DONE, reason)
        self._notebook.note(self._helm, read(self._helm), "idle")
        fault_point("ended")

    def _wait(self, run: RunToDrive, wait: Wait, reading: Reading) -> None:
        helm = self._helm
        state = _state_while(wait.cause)
        if run.state is not state:
            self._change(run, state, run.state_reason or wait.reason)
        begin_wait(helm.held, run.id, wait, now_s=helm.clock.now())
        fault_point("waiting")
        shown = "paused" if state is RunState.PAUSED else "waiting"
        self._notebook.note(helm, reading, shown, wait.reason)
        _close_valves_in_time(helm)
        if wait.until_s is not None:
            helm.pass_time(wait.until_s)
        elif wait.cause in _STANDS_STILL:
            helm.linger()
        elif helm.clock.simulated:
            helm.pass_time(helm.clock.now() + INSTRUMENT_LOOK_S)
        else:
            helm.nap()

    def _change(self, run: RunToDrive, to: RunState, reason: str) -> None:
        change_run(self._helm.held, run.id, to, reason=reason, now_s=self._helm.clock.now())


def _state_while(cause: Cause) -> RunState:
    """Waiting for results is part of running; the rest is shown for what it is."""
    if cause is Cause.PAUSE:
        return RunState.PAUSED
    return RunState.SUSPENDED if cause in _SUSPENDS else RunState.RUNNING


def _close_valves_in_time(helm: Helm) -> None:
    """The lease runs out and cannot be renewed: what can still be made safe is made safe now."""
    if helm.keeper.close_the_valves:
        log.warning("the lease cannot be renewed; closing the valves while we may")
        helm.microscope.safe_state()

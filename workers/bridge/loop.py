"""The loop around one pure function: obey, decide, act, record.

    queued -> arming -> running <-> suspended | paused -> finishing -> done | aborted

Nothing that matters is kept here between two turns: whatever happened, the next turn looks at rows
and instrument again. When nothing is to be done that needs the instrument, the loop ends and the
process gives control back.
"""

from __future__ import annotations

import logging

from smartscope.domain.errors import Conflict
from smartscope.domain.planner import next_step
from smartscope.domain.safekeeping import may_release
from smartscope.domain.snapshot import Instrument, Snapshot, Wish
from smartscope.domain.status import RunState
from smartscope.domain.steps import (
    AskPerson,
    Cause,
    Decision,
    Finished,
    FinishGrid,
    MakeSafe,
    Step,
    Wait,
)
from smartscope.domain.suspenders import Signal
from smartscope.operations.arm_run import arm_run
from smartscope.operations.change_run import change_run
from smartscope.operations.finish_grid import finish_grid
from smartscope.operations.note_inventory import SlotNote, note_inventory
from smartscope.operations.obey_commands import commands_open, obey_commands
from smartscope.operations.pause_for_person import pause_for_person
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.queries.snapshot import take_snapshot
from smartscope.queries.worklist import RunToDrive, run_to_drive, valves_left_open
from workers.bridge.announce import announce
from workers.bridge.barrier import await_findings
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm
from workers.bridge.perform import perform
from workers.bridge.progress import check_progress, progress_made
from workers.bridge.reading import Notebook, Reading, read
from workers.bridge.stage_moves import move_when_wished
from workers.bridge.suspend import LOOK_EVERY_S

log = logging.getLogger(__name__)
_SUSPENDS = frozenset({Cause.VACUUM, Cause.REFILL, Cause.INSTRUMENT, Cause.STORAGE, Cause.PERSON})
_STANDS_STILL = frozenset({Cause.PAUSE, Cause.PERSON, Cause.STORAGE})


class Loop:
    """Turns until the process is to end or control is given back; `turn` is at most one step."""

    def __init__(self, helm: Helm) -> None:
        self._helm = helm
        self._notebook = Notebook()
        self._released = False
        #: what was last read, for whoever must decide without the instrument
        self.seen: Instrument | None = None

    def run(self) -> None:
        """Raises LeaseLost or what the instrument answers when this epoch is over."""
        while not self._helm.ending() and self.turn():
            pass

    def turn(self) -> bool:
        """False when nothing is to be done that needs the instrument."""
        helm = self._helm
        helm.tick()
        if commands_open(helm.held.microscope):
            obey_commands(helm.held)
            move_when_wished(helm)
        run = run_to_drive(helm.held.microscope)
        if run is None or (run.state is RunState.QUEUED and run.wish is Wish.PAUSE):
            self._notebook.note(helm, read(helm), "idle")
            return False
        self._drive(run)
        return not self._released

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
        slots = [SlotNote(one.slot, one.occupied, one.name) for one in inventory.slots]
        note_inventory(helm.held, slots)
        fault_point("before_arm")
        reading = {
            "fingerprint": inventory.fingerprint,
            "loaded_slot": inventory.loaded_slot,
            "stage_doubt": "" if inventory.loaded_slot else helm.microscope.autoloader.doubt(),
            "instrument": identity.name,
            "driver": f"{identity.driver} {identity.version}",
            "simulated": identity.simulated,
        }
        arm_run(helm.held, run.id, reading, now_s=helm.clock.now())
        fault_point("armed")

    def _decide(self, run: RunToDrive) -> None:
        helm = self._helm
        await_findings(helm, run)
        if run.state is RunState.PAUSED and run.wish is Wish.RUN:
            helm.watch.trust_images_again()
        reading = self._read(run)
        announce(helm)
        snapshot = take_snapshot(
            run.id,
            reading.instrument,
            now_s=helm.clock.now(),
            simulated=helm.clock.simulated,
        )
        decision = next_step(snapshot)
        log.debug("decided: %s", decision)
        if isinstance(decision, Wait):
            self._wait(run, decision, reading, snapshot)
        else:
            shown = "waiting" if isinstance(decision, MakeSafe | AskPerson) else "running"
            self._notebook.note(helm, reading, shown)
            self._act(run, decision)

    def _read(self, run: RunToDrive) -> Reading:
        """Freshly, with what only the journal tells: valves we opened that somebody closed."""
        helm = self._helm
        reading = read(helm)
        known = helm.watch.closed_for_a_known_cause
        ours = reading.instrument.valves_open or known
        if not ours and valves_left_open(run.id, helm.held.epoch):
            reading = read(helm, {Signal.VALVES: ""})
        self.seen = reading.instrument
        return reading

    def _act(self, run: RunToDrive, decision: Step | AskPerson | Finished) -> None:
        helm = self._helm
        fault_point("decided")
        if isinstance(decision, AskPerson):
            log.warning("a person is asked: %s", decision.reason)
            pause_for_person(helm.held, run.id, decision.reason)
            return
        if not isinstance(decision, MakeSafe):
            self._go_on(run, decision)
        try:
            if isinstance(decision, Finished):
                self._change(run, RunState.FINISHING, decision.reason)
                fault_point("finishing")
                self._end(run, aborted=decision.aborted, reason=decision.reason)
            elif isinstance(decision, FinishGrid):
                finish_grid(helm.held, run.id, decision, now_s=helm.clock.now())
                fault_point("grid_finished")
            else:
                perform(helm, run.id, decision)
        except Conflict as error:
            log.info("deciding again: %s", error)
            check_progress(helm, "deciding")

    def _go_on(self, run: RunToDrive, decision: Decision) -> None:
        """The run works again; closing an idle column is not work."""
        helm = self._helm
        end_waits(helm.held, run.id, now_s=helm.clock.now())
        stood = run.state in (RunState.SUSPENDED, RunState.PAUSED)
        if stood and not isinstance(decision, Finished):
            self._change(run, RunState.RUNNING, "")

    def _end(self, run: RunToDrive, *, aborted: bool, reason: str) -> None:
        self._change(run, RunState.ABORTED if aborted else RunState.DONE, reason)
        self._notebook.note(self._helm, read(self._helm), "idle")
        fault_point("ended")

    def _wait(self, run: RunToDrive, wait: Wait, reading: Reading, snapshot: Snapshot) -> None:
        helm = self._helm
        self._released = may_release(snapshot, wait)
        state = _state_while(wait.cause, released=self._released)
        if run.state is not state:
            self._change(run, state, run.state_reason or wait.reason)
        begin_wait(helm.held, run.id, wait, now_s=helm.clock.now())
        progress_made(helm)
        fault_point("waiting")
        shown = "paused" if state is RunState.PAUSED else "waiting"
        self._notebook.note(helm, reading, shown, wait.reason)
        if self._released:
            return
        if wait.until_s is not None:
            helm.pass_time(wait.until_s)
        elif wait.cause in _STANDS_STILL:
            helm.linger()
        elif helm.clock.simulated:
            helm.pass_time(helm.clock.now() + LOOK_EVERY_S)
        else:
            helm.nap()

    def _change(self, run: RunToDrive, to: RunState, reason: str) -> None:
        change_run(self._helm.held, run.id, to, reason=reason, now_s=self._helm.clock.now())


def _state_while(cause: Cause, *, released: bool) -> RunState:
    """Waiting for results is part of running while we hold control; the rest is shown as it is."""
    if cause is Cause.PAUSE:
        return RunState.PAUSED
    return RunState.SUSPENDED if released or cause in _SUSPENDS else RunState.RUNNING

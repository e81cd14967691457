"""Whole bridge processes, one after the other, until the run has ended; people do what people do.

A process that ends is started again. A person resumes what asks for a person, after setting right
what a person can: the console, a message box, a quarantined lease.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from unittest import mock

from django.contrib.auth.models import User
from django.test import override_settings
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.status import RunState
from smartscope.microscope.serialem import camera, driver, recording
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.deadlines import Deadlines
from smartscope.microscope.simulator.console import Action
from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.models import Lease, Membership, Microscope, MicroscopeGrant, Role, Run, Step
from smartscope.operations.lease.clear_lease import clear_lease
from smartscope.operations.wish_command import wish_command
from tests.invariants.evidence import Evidence, Sent, log_length
from tests.workers.bridge.fault_table import ASKS
from tests.workers.bridge.served_house import ServedHouse
from tests.workers.bridge.whole_process import live
from workers.bridge import parting

#: more starts than any schedule needs: what never ends is stuck
ENOUGH_STARTS = 40
_ENDED = (RunState.DONE, RunState.ABORTED, RunState.FAILED)
_WAITS = (RunState.PAUSED, RunState.INTERRUPTED)
_SET_RIGHT = (
    Action.RESTORE_VACUUM,
    Action.RESTORE_BEAM,
    Action.RESTORE_HIGH_TENSION,
    Action.RAISE_SCREEN,
    Action.RESET_AUTOLOADER,
    Action.RESUME,
)
#: of real time, so that what never answers costs seconds; a busy machine must still keep them
HASTY = Deadlines(
    quick_s=4.0, optics_s=8.0, file_s=8.0, move_s=8.0, image_s=12.0, focus_s=12.0, height_s=12.0,
    tune_s=12.0, drift_s=12.0, exchange_s=8.0, busy_wait_s=0.2, pixels_s=4.0, stall_s=2.0,
)  # fmt: skip
_IMAGE_MARGIN_S = 8.0
#: how a run's pause for that reason begins
OFTEN_LOST = "the link to the instrument was lost"


@dataclass(frozen=True, slots=True)
class Stop:
    """The service asked for a person; `at` is the length of the instrument's log then."""

    reason: str
    at: int
    failed_steps: int


@dataclass(slots=True)
class Supervised:
    """One house whose bridge is started again and again."""

    served: ServedHouse
    starts: int = 0
    stops: list[Stop] = field(default_factory=list)
    killed_by_keeper: list[str] = field(default_factory=list)
    codes: Counter[int] = field(default_factory=Counter)
    _person: Actor | None = None

    def live_to_the_end(self) -> str:
        """The run's last state; "stuck" when it did not come to an end."""
        while self.starts < ENOUGH_STARTS:
            self.starts += 1
            with override_settings(SMARTSCOPE_STORAGE_URL=self.served.house.store.root_url):
                ended = live(self.served.house, self._look)
            self.codes[ended.code] += 1
            self.killed_by_keeper += ended.ended_by_keeper
            if self._run().state in _ENDED and ended.code == 0:
                return str(self._run().state)
            self._clear_up()
        return "stuck"

    def unexplained(self, evidence: Evidence) -> list[str]:
        """Stops that no struck fault and no escalation accounts for."""
        before, failed_before, found = 0, 0, []
        for stop in self.stops:
            until = [sent for sent in evidence.sent if sent.number <= stop.at]
            since = [sent for sent in until if before < sent.number]
            struck = {kind for sent in since for kind in sent.faults}
            # links are counted over ten minutes, whatever was asked in between
            often = _links_lost(until if OFTEN_LOST in stop.reason else since) >= 3
            escalated = stop.failed_steps - failed_before >= 3
            if not (struck & ASKS or escalated or often):
                found.append(f"{stop.reason} (struck: {', '.join(sorted(struck)) or 'nothing'})")
            before, failed_before = stop.at, stop.failed_steps
        return found

    def _look(self, microscope: Microscope) -> bool:
        run = self._run()
        if run.state in _ENDED:
            return microscope.state == "released"
        if run.state in _WAITS and run.wish == "pause":
            self.stops.append(
                Stop(
                    run.state_reason,
                    log_length(self.served.world),
                    Step.objects.filter(state="failed").count(),
                )
            )
            self._set_right()
            wish_command(
                self._somebody(), microscope.pk, "resume", {"session": self.served.house.session.pk}
            )
        return False

    def _clear_up(self) -> None:
        """The process is gone: so is its lease, in time; a person looks where one is asked for."""
        microscope = self.served.house.microscope.pk
        with ControlClient(self.served.server.control_port) as control:
            if control.ask("state")["hanging"]:
                control.release()
        if Lease.objects.filter(state="quarantined").exists():
            self._set_right()
            clear_lease(microscope, self._somebody(), reason="looked at the instrument")
        past = timezone.now() - timedelta(seconds=1)
        Lease.objects.filter(holder__isnull=False).update(holder=None, expires_at=past)

    def _set_right(self) -> None:
        with ControlClient(self.served.server.control_port) as control:
            for action in _SET_RIGHT:
                control.press(action)

    def _somebody(self) -> Actor:
        """A lead of the session's group with a grant."""
        if self._person is None:
            user, _ = User.objects.get_or_create(username="night owl")
            house = self.served.house
            Membership.objects.get_or_create(
                user=user, group=house.session.group, defaults={"role": Role.LEAD}
            )
            MicroscopeGrant.objects.get_or_create(user=user, microscope=house.microscope)
            self._person = Actor("user", user.username, user.pk)
        return self._person

    def _run(self) -> Run:
        return Run.objects.get()


def _links_lost(commands: list[Sent]) -> int:
    return sum("connection" in sent.answer for sent in commands)


@contextmanager
def hasty_clients() -> Iterator[None]:
    """What never answers is given up after seconds; the rules are those of a real night."""
    client = partial(SerialEmClient, deadlines=HASTY)
    with ExitStack() as stack:
        for owner, name, value in (
            (driver, "SerialEmClient", client),
            (camera, "IMAGE_MARGIN_S", _IMAGE_MARGIN_S),
            (recording, "RECORD_MARGIN_S", _IMAGE_MARGIN_S),
            (parting, "LATE_REPLY_S", 1.0),
            (parting, "LISTEN_S", 0.2),
        ):
            stack.enter_context(mock.patch.object(owner, name, value))
        yield

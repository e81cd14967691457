"""How soon the column is closed when nobody guards it any more: real `manage.py bridge` processes,
the production's lease and the production's silence of the safety agent, over SerialEM's socket.

What closes is asked of the instrument itself, not of those who say that they closed it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.fault_processes import PRODUCTION_TTL_S, ended_processes, until
from benchmarks.lived import Lived

if TYPE_CHECKING:
    from tests.safety_agent.rig import Rig
    from tests.workers.bridge.served_house import ServedHouse

#: nobody listens there: to the agent the database is cut off
NOWHERE = "postgresql://nobody@127.0.0.1:1/none"


@dataclass(slots=True)
class Guarded:
    """A bridge that waits for an analysis that nobody does, with the valves open."""

    served: ServedHouse
    processes: list[subprocess.Popen[bytes]]
    rig: Rig | None = None

    def start(self) -> subprocess.Popen[bytes]:
        """A bridge process, which beats to the agent where there is one."""
        from tests.safety_agent.rig import KEY
        from tests.system.test_kill_bridge import start

        house, more = self.served.house, {}
        if self.rig is not None:
            more = {
                "SMARTSCOPE_AGENTS": f"{house.microscope.pk}=127.0.0.1:{self.rig.port}",
                "SMARTSCOPE_AGENT_KEY": KEY,
            }
        process = start(house, "", ttl_s=PRODUCTION_TTL_S, **more)
        self.processes.append(process)
        return process

    def open_and_waiting(self) -> subprocess.Popen[bytes]:
        """The process, once its column is open and it waits."""
        from smartscope.models import Wait

        process = self.start()
        until(_nothing, Wait.objects.filter(cause="analysis").exists)
        assert self.valves_open(), "the bridge waits with the column open"
        return process

    def valves_open(self) -> bool:
        """As the instrument knows it."""
        from smartscope.microscope.simulator.control_client import ControlClient

        with ControlClient(self.served.server.control_port) as control:
            return bool(control.truth("state")["column"]["valves_open"])

    def press(self, action: str) -> None:
        """A button of the console."""
        from smartscope.microscope.simulator.control_client import ControlClient

        with ControlClient(self.served.server.control_port) as control:
            control.press(action)

    def seconds_until_closed(self) -> float:
        """From now on."""
        return _seconds(lambda: not self.valves_open())


def valves_closed(case: str, directory: Path) -> Lived:
    """That case of `CASES`; `took_s` of what is returned is its time."""
    from tests.workers.bridge.served_house import served_house

    lived = Lived(kind="valves", name=case, state="done")
    with served_house(directory, version="4.3") as served, ended_processes() as processes:
        lived.took_s = CASES[case](Guarded(served, processes))
    return lived


def _high_tension_trips(guarded: Guarded) -> float:
    """In the middle of a group of exposures: the present command ends first."""
    from smartscope.models import Step

    guarded.start()
    work_off = guarded.served.house.work_off
    until(work_off, Step.objects.filter(kind="expose", state="issued").exists)
    guarded.press("trip_high_tension")
    return guarded.seconds_until_closed()


def _emergency(guarded: Guarded) -> float:
    from smartscope.domain.actor import SETUP
    from smartscope.operations.emergency_stop import emergency_stop

    guarded.open_and_waiting()
    began_s = time.monotonic()
    emergency_stop(SETUP, guarded.served.house.microscope.pk)
    guarded.seconds_until_closed()
    return time.monotonic() - began_s


def _killed_before_a_stop(guarded: Guarded) -> float:
    """The successor finds a stop that its predecessor had no time to obey."""
    from tests.workers.bridge.whole_process import a_person_wishes

    first = guarded.open_and_waiting()
    a_person_wishes("stop")
    began_s = time.monotonic()
    first.kill()
    first.wait()
    guarded.start()
    guarded.seconds_until_closed()
    return time.monotonic() - began_s


def _cut_off(guarded: Guarded) -> float:
    """Bridge and database are gone together, and nobody starts another bridge."""
    with _agent(guarded) as rig:
        process = guarded.open_and_waiting()
        assert rig.agent.memory.watch == "armed"
        os.kill(process.pid, signal.SIGSTOP)
        return guarded.seconds_until_closed()


def _instrument_hangs(guarded: Guarded) -> float:
    """The same, and SerialEM answers nobody: the time until people are paged."""
    with _agent(guarded) as rig:
        process = guarded.open_and_waiting()
        assert rig.agent.memory.watch == "armed"
        os.kill(process.pid, signal.SIGSTOP)
        hangs = {"kind": "no_reply", "phase": "before", "command": "SetColumnOrGunValve"}
        guarded.served.plan(*({**hangs, "nth": nth} for nth in range(1, 20)))
        took_s = _seconds(lambda: "THE VALVES MAY BE OPEN" in rig.pages.titles)
        assert guarded.valves_open(), "the instrument was to hang"
        return took_s


@contextmanager
def _agent(guarded: Guarded) -> Iterator[Rig]:
    """A safety agent with the times of production, to which the database is cut off."""
    from safety_agent.settings import Settings, Times
    from tests.safety_agent.rig import KEY, running

    served = guarded.served
    settings = Settings(
        microscope=str(served.house.microscope.pk),
        listen=("127.0.0.1", 0),
        key=KEY.encode(),
        database_url=NOWHERE,
        instrument=("127.0.0.1", served.server.port),
        state_file=served.house.directory / "agent.json",
        times=Times(),
    )
    with running(settings) as rig:
        guarded.rig = rig
        yield rig


#: the case's name to what lives through it; limits are `reliability`'s T5
CASES: dict[str, Callable[[Guarded], float]] = {
    "valves closed: high tension trips in an exposure": _high_tension_trips,
    "valves closed: emergency stop": _emergency,
    "valves closed: SIGKILL before a stop was obeyed": _killed_before_a_stop,
    "valves closed: bridge frozen, database cut off": _cut_off,
    "people paged: the same, and the instrument hangs": _instrument_hangs,
}
LIMITS_S = dict(zip(CASES, (10.0, 10.0, 60.0, 120.0, 120.0), strict=True))


def _seconds(met: Callable[[], bool]) -> float:
    began_s = time.monotonic()
    until(_nothing, met)
    return time.monotonic() - began_s


def _nothing() -> None:
    """Nobody works meanwhile."""

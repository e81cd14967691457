"""A night of twelve hours and eight grids in about a minute, with faults that a service must get
over without a person and without an image: what is lost is counted.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from smartscope.models import Exposure, Hole, Run
from smartscope.operations import leave_unknown
from tests.workers.bridge.rig import START_S
from tests.workers.bridge.served_house import ServedHouse, served_house
from tests.workers.bridge.supervised import Supervised, hasty_clients
from tests.workers.bridge.truth_findings import finds_by_truth
from workers.bridge import loop, suspend

GRIDS = 8
SQUARES_PER_GRID = 4
#: the grids of a quiet night, and the squares of each
QUALITIES = ("good", "thick", "contaminated", "damaged")
QUIET_SQUARES_PER_GRID = 8
#: ten minutes of a night of twelve hours that takes about a minute
LINKS_LOST_IN = timedelta(seconds=0.9)
#: while something is waited for the column is looked at this often, instead of every five seconds
LOOK_EVERY_S = 120.0
_READ = "ReportStageXYZ"
#: each recoverable, in the kinds and numbers that a bad night brings
_SHORT: tuple[Mapping[str, Any], ...] = (
    {"kind": "connection_lost", "phase": "after", "command": "MoveStageTo"},
    {"kind": "connection_lost", "phase": "after", "command": "Record"},
    {"kind": "connection_lost", "command": _READ, "parameters": {"how": "reset"}},
    {"kind": "truncated_reply", "phase": "after", "command": _READ},
    {"kind": "no_reply", "phase": "after", "command": _READ},
    {"kind": "late_reply", "phase": "after", "command": "View", "parameters": {"delay_s": 0.3}},
    {"kind": "trickle", "phase": "after", "command": "ReportTiltAngle"},
    {"kind": "restart", "command": _READ, "parameters": {"for_s": 0.05}},
    {"kind": "dialog", "command": _READ},
    {"kind": "chunks", "command": "bufferImage"},
    {"kind": "joined", "command": "bufferImage"},
    {"kind": "padded_rows", "command": "bufferImage"},
    {"kind": "autofocus_no_lock", "command": "AutoFocus"},
    {"kind": "stage_short", "command": "MoveStageTo"},
    {"kind": "low_dose_off", "command": "MoveStageTo"},
    {"kind": "file_late", "command": "Record", "parameters": {"for_s": 20.0}},
    {"kind": "file_grows", "command": "Record", "parameters": {"for_s": 20.0}},
    {"kind": "runaway_height", "command": "Eucentricity"},
)
_LONG: tuple[Mapping[str, Any], ...] = (
    *({"kind": "refill", "command": "MoveStageTo", "parameters": {"for_s": 2_400.0}},) * 7,
    *({"kind": "pump", "command": "MoveStageTo", "parameters": {"for_s": 900.0}},) * 4,
    *({"kind": "slow_camera", "command": "Record", "parameters": {"for_s": 1_500.0}},) * 12,
)
#: how often each command is sent at least in such a night; a fault strikes one of so many
_SENT = {
    "MoveStageTo": 64,
    "Record": 60,
    "View": 30,
    "AutoFocus": 30,
    "Eucentricity": 30,
    "bufferImage": 60,
    "ReportStageXYZ": 300,
    "ReportTiltAngle": 300,
}


@dataclass(slots=True, kw_only=True)
class Night:
    """What came of one night; times on the microscope's clock, in hours."""

    seed: int
    state: str
    hours: float
    plannable: int
    imaged: int
    struck: int
    starts: int
    stops: list[str]
    unexplained: list[str]
    violations: list[str] = field(default_factory=list)

    @property
    def part(self) -> float:
        """Images for each target that could be planned."""
        return self.imaged / max(self.plannable, 1)


def night_faults(seed: int) -> list[dict[str, Any]]:
    """All of them, each at a passing of its command drawn from that seed, never two at one."""
    chance = random.Random(seed)
    free = {name: chance.sample(range(1, most + 1), most) for name, most in _SENT.items()}
    return [{**fault, "nth": free[fault["command"]].pop()} for fault in (*_SHORT, *_LONG)]


def live_through_a_night(directory: Path, seed: int) -> Night:
    """One night from the first load to the last exposure, however often a bridge ends."""
    presets = ("good",) * GRIDS
    with _night_of(directory, seed, presets, squares=SQUARES_PER_GRID) as served:
        served.plan(*night_faults(seed))
        supervised = Supervised(served)
        state = supervised.live_to_the_end()
        return _told(served, supervised, seed, state)


def live_through_a_quiet_night(directory: Path, seed: int) -> Night:
    """One in which nothing fails, on grids of every quality and squares of every kind.

    More squares of each grid than by the hurried rule of a bad night: images are only odd where
    there are enough to compare with.
    """
    with _night_of(
        directory, seed, QUALITIES, squares=QUIET_SQUARES_PER_GRID, whatever_they_are=True
    ) as served:
        supervised = Supervised(served)
        state = supervised.live_to_the_end()
        return _told(served, supervised, seed, state)


@contextmanager
def _night_of(
    directory: Path, seed: int, presets: Sequence[str], *, squares: int, **finding: bool
) -> Iterator[ServedHouse]:
    """A house with a grid of each preset; `finding` as in `finds_by_truth`."""
    grids = {
        str(slot): {"preset": preset, "grid_id": f"night-{seed}-{slot}"}
        for slot, preset in enumerate(presets, start=1)
    }
    with ExitStack() as stack:
        stack.enter_context(hasty_clients())
        stack.enter_context(mock.patch.object(leave_unknown, "LINKS_LOST_IN", LINKS_LOST_IN))
        for module in (suspend, loop):
            stack.enter_context(mock.patch.object(module, "LOOK_EVERY_S", LOOK_EVERY_S))
        served = stack.enter_context(
            served_house(directory, "night", version="4.3", seats=len(presets), grids=grids)
        )
        port = served.server.control_port
        served.house.analyse = finds_by_truth(port, squares=squares, **finding)
        yield served


def _told(served: ServedHouse, supervised: Supervised, seed: int, state: str) -> Night:
    evidence = served.evidence()
    ended_at_s = Run.objects.get().ended_at_s
    return Night(
        seed=seed,
        state=state,
        hours=((ended_at_s or START_S) - START_S) / 3600.0,
        plannable=Hole.objects.exclude(status__in=("found", "rejected")).count(),
        imaged=Exposure.objects.exclude(status__in=("invalid", "lost")).count(),
        struck=sum(len(sent.faults) for sent in evidence.sent),
        starts=supervised.starts,
        stops=[stop.reason for stop in supervised.stops],
        unexplained=supervised.unexplained(evidence),
        violations=[str(each) for each in served.violations(people_speak_in_commands=True)],
    )

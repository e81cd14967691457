"""What must hold while a microscope works unattended: signals, when they trip, what follows.

A signal is looked at by its level, never by its edge. While it is bad, and for a while after, its
suspender is tripped; the longer it stays so, the further down its stages it goes.

    good --bad--> tripped --good--> clearing --clears_after_s--> good
                     ^                 |
                     └──────bad────────┘
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from smartscope.domain.alarms import Level
from smartscope.domain.steps import Cause

MINUTE_S = 60.0


class Signal(StrEnum):
    """What is looked at."""

    OPERATOR = "operator"
    HIGH_TENSION = "high_tension"
    VACUUM = "vacuum"
    VALVES = "valves"
    AUTOLOADER = "autoloader"
    REFILL = "refill"
    PUMP = "pump"
    TEMPERATURE = "temperature"
    STALE = "stale"
    BEAM = "beam"
    FRAME = "frame"
    STORAGE = "storage"
    DISK_LOW = "disk_low"
    DISK_SCARCE = "disk_scarce"
    DISK_FULL = "disk_full"


class Then(StrEnum):
    """What follows, from the mildest to the strongest."""

    GO_ON = "go_on"  # people are told
    NO_NEW_GRID = "no_new_grid"
    WAIT = "wait"  # nothing moves and nothing is exposed
    CLOSE_VALVES = "close_valves"  # and wait
    ASK_PERSON = "ask_person"  # safe state; a person resumes


@dataclass(frozen=True, slots=True)
class Stage:
    """From `after_s` of being tripped on; `level` is that of the alarm, None for none."""

    after_s: float
    then: Then
    level: Level | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspender:
    """One signal: the cause its waits are counted under, its words, and its stages in order."""

    signal: Signal
    cause: Cause
    text: str
    advice: str
    stages: tuple[Stage, ...]
    clears_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Trip:
    """A tripped suspender; `clears_at_s` is set while the signal is good again."""

    signal: Signal
    since_s: float
    clears_at_s: float | None = None
    detail: str = ""

    @property
    def words(self) -> str:
        """What is wrong, in one sentence without its stop."""
        return self.detail or SUSPENDERS[self.signal].text

    def stage(self, now_s: float) -> Stage:
        """The stage it has come to; what is good again is only waited for."""
        stages = SUSPENDERS[self.signal].stages
        if self.clears_at_s is not None:
            return stages[0]
        age_s = now_s - self.since_s
        return [stages[0], *(each for each in stages if each.after_s <= age_s)][-1]


_MAJOR, _MINOR = Level.MAJOR, Level.MINOR
_ASK_NOW = (Stage(0.0, Then.ASK_PERSON, _MAJOR),)
#: waited for; the valves are closed and somebody is told when it takes half an hour
_HALF_AN_HOUR = (Stage(0.0, Then.WAIT), Stage(30 * MINUTE_S, Then.CLOSE_VALVES, _MAJOR))

_TABLE = (
    Suspender(
        signal=Signal.OPERATOR,
        cause=Cause.PERSON,
        text="an operator pressed STOP at the console",
        advice="Ask at the console; resume the run when the microscope is free again.",
        stages=(Stage(0.0, Then.ASK_PERSON, _MINOR),),
    ),
    Suspender(
        signal=Signal.HIGH_TENSION,
        cause=Cause.PERSON,
        text="the high tension is off or the gun has tripped",
        advice="Look at the gun; resume the run when the beam is back.",
        stages=_ASK_NOW,
    ),
    Suspender(
        signal=Signal.VALVES,
        cause=Cause.PERSON,
        text="the valves were closed from outside; resume when the column may be opened again",
        advice="Find out who or what closed them; resume when the column may be opened again.",
        stages=_ASK_NOW,
    ),
    Suspender(
        signal=Signal.TEMPERATURE,
        cause=Cause.PERSON,
        text="the stage or the autoloader is too warm",
        advice="Look at the cooling at once. Nothing is unloaded by itself: that would warm more.",
        stages=_ASK_NOW,
    ),
    Suspender(
        signal=Signal.VACUUM,
        cause=Cause.VACUUM,
        text="the vacuum is not ready",
        advice="Look at the vacuum page of the console.",
        stages=(
            Stage(0.0, Then.WAIT),
            Stage(10 * MINUTE_S, Then.CLOSE_VALVES, _MAJOR),
            Stage(30 * MINUTE_S, Then.ASK_PERSON, _MAJOR),
        ),
        clears_after_s=60.0,
    ),
    Suspender(
        signal=Signal.REFILL,
        cause=Cause.REFILL,
        text="the dewars are being filled",
        advice="Look at the nitrogen supply: filling takes far too long.",
        stages=_HALF_AN_HOUR,
        clears_after_s=60.0,
    ),
    Suspender(
        signal=Signal.PUMP,
        cause=Cause.VACUUM,
        text="the buffer pump is running",
        advice="Look at the vacuum page of the console: the pump does not stop.",
        stages=_HALF_AN_HOUR,
        clears_after_s=10.0,
    ),
    Suspender(
        signal=Signal.AUTOLOADER,
        cause=Cause.INSTRUMENT,
        text="the autoloader is exchanging grids",
        advice="Look at the autoloader: an exchange that nobody asked for does not end.",
        stages=_HALF_AN_HOUR,
    ),
    Suspender(
        signal=Signal.STALE,
        cause=Cause.INSTRUMENT,
        text="the column's state is older than half a minute",
        advice="The instrument answers with old values; look at its console.",
        stages=(Stage(0.0, Then.WAIT), Stage(10 * MINUTE_S, Then.CLOSE_VALVES, Level.INVALID)),
    ),
    Suspender(
        signal=Signal.BEAM,
        cause=Cause.INSTRUMENT,
        text="the beam is far weaker or stronger than in the images before",
        advice="Look at the beam; resume the run when it is as it was.",
        stages=_ASK_NOW,
    ),
    Suspender(
        signal=Signal.FRAME,
        cause=Cause.INSTRUMENT,
        text="the camera returns images that are black, saturated or old",
        advice="Look at the camera; resume the run when it takes good images.",
        stages=_ASK_NOW,
    ),
    Suspender(
        signal=Signal.STORAGE,
        cause=Cause.STORAGE,
        text="the storage is too slow to write to",
        advice="Look at the storage and its network; the run goes on when it answers again.",
        stages=(Stage(0.0, Then.WAIT, _MINOR), Stage(10 * MINUTE_S, Then.ASK_PERSON, _MAJOR)),
    ),
    Suspender(
        signal=Signal.DISK_FULL,
        cause=Cause.STORAGE,
        text="the disk is nearly full; free some space to go on",
        advice="Free some space; the run goes on by itself when there is room.",
        stages=(Stage(0.0, Then.CLOSE_VALVES, _MAJOR),),
    ),
    Suspender(
        signal=Signal.DISK_SCARCE,
        cause=Cause.STORAGE,
        text="the disk has too little room for another grid",
        advice="Free some space; the next grid is loaded when there is room.",
        stages=(Stage(0.0, Then.NO_NEW_GRID, _MAJOR),),
    ),
    Suspender(
        signal=Signal.DISK_LOW,
        cause=Cause.STORAGE,
        text="the disk is filling up",
        advice="Free some space before the night.",
        stages=(Stage(0.0, Then.GO_ON, _MINOR),),
    ),
)
SUSPENDERS: Mapping[Signal, Suspender] = {each.signal: each for each in _TABLE}


def followed(trips: Iterable[Trip], bad: Mapping[Signal, str], now_s: float) -> tuple[Trip, ...]:
    """The trips after one look: `bad` are the signals that are bad now, with their words or ""."""
    before = {trip.signal: trip for trip in trips}
    after = []
    for signal in Signal:
        trip = before.get(signal)
        if signal in bad:
            since_s = now_s if trip is None else trip.since_s
            after.append(Trip(signal, since_s, detail=bad[signal]))
        elif trip is not None and (clearing := _clearing(trip, now_s)) is not None:
            after.append(clearing)
    return tuple(after)


def strongest(trips: Iterable[Trip], now_s: float) -> Trip | None:
    """The trip whose stage says the most; among equals the first of `Signal`."""
    order = {signal: place for place, signal in enumerate(Signal)}
    ranked = sorted(trips, key=lambda trip: order[trip.signal])
    return max(ranked, key=lambda trip: _rank(trip.stage(now_s).then), default=None)


def forbids_dose(trips: Iterable[Trip], now_s: float) -> Trip | None:
    """The strongest trip under which nothing may be exposed now; None when exposing is safe."""
    trip = strongest(trips, now_s)
    if trip is None or _rank(trip.stage(now_s).then) < _rank(Then.WAIT):
        return None
    return trip


def _clearing(trip: Trip, now_s: float) -> Trip | None:
    """A trip whose signal is good again; None when it has been so for long enough."""
    wait_s = SUSPENDERS[trip.signal].clears_after_s
    clears_at_s = now_s + wait_s if trip.clears_at_s is None else trip.clears_at_s
    return None if now_s >= clears_at_s else replace(trip, clears_at_s=clears_at_s)


def _rank(then: Then) -> int:
    return list(Then).index(then)

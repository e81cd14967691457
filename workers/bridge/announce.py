"""People are told of every suspender that trips, worsens and clears: an event each, or an alarm."""

from __future__ import annotations

import logging

from smartscope.domain.suspenders import SUSPENDERS, Signal
from smartscope.operations.clear_alarm import clear_alarm
from smartscope.operations.raise_alarm import raise_alarm
from smartscope.operations.record_trip import record_clearing, record_trip
from smartscope.queries.trips_told import trips_told
from smartscope.queries.worklist import run_to_drive
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)


def alarm_key(signal: Signal) -> str:
    """The alarm that a suspender of this signal raises."""
    return f"suspender.{signal}"


def announce(helm: Helm) -> None:
    """Tell what changed since the last time; nothing when nothing did."""
    now_s = helm.clock.now()
    stages = {trip.signal: trip.stage(now_s) for trip in helm.watch.trips}
    told = helm.watch.told
    if told == stages:
        return
    run = run_to_drive(helm.held.microscope)
    session = None if run is None else run.session
    for trip in helm.watch.trips:
        stage = stages[trip.signal]
        if told is not None and told.get(trip.signal) == stage:
            continue
        log.warning("suspender %s: %s (%s)", trip.signal, trip.words, stage.then)
        record_trip(helm.held, session, trip.signal, stage, reason=trip.words)
        if stage.level is not None:
            raise_alarm(
                key=alarm_key(trip.signal),
                level=stage.level,
                microscope=helm.held.microscope,
                session=session,
                text=f"{trip.words[:1].upper()}{trip.words[1:]}.",
                advice=SUSPENDERS[trip.signal].advice,
            )
    # the first look of a process says what became of what its predecessors told
    before = trips_told(helm.held.microscope) if told is None else told
    for signal in (signal for signal in before if signal not in stages):
        record_clearing(helm.held, session, signal)
    for signal in (each for each in (Signal if told is None else told) if each not in stages):
        clear_alarm(key=alarm_key(signal), microscope=helm.held.microscope)
    helm.watch.told = stages

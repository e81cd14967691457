"""Level-triggered suspenders before dose: what passes by itself is waited for and recorded."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.safekeeping import IDLE_S
from smartscope.domain.snapshot import Wish
from smartscope.domain.steps import Wait
from smartscope.domain.suspenders import SUSPENDERS, Signal, Then, Trip, forbids_dose
from smartscope.operations.record_wait import begin_wait, end_waits
from smartscope.queries.worklist import wish_of
from workers.bridge.announce import announce
from workers.bridge.helm import Helm
from workers.bridge.progress import progress_made
from workers.bridge.room import disk_levels

LOOK_EVERY_S = 5.0


def wait_while_suspended(helm: Helm, run: UUID) -> str:
    """ "" when exposing is safe, or a person wants to stop; else why the step must end here.

    What does not pass by waiting, or not soon, is the planner's to decide, with the valves and the
    run in view: it closes a column over which nothing is done.
    """
    waited, ends = False, ""
    idle_at_s = helm.clock.now() + IDLE_S
    while (trip := _forbidding(helm)) is not None:
        if helm.ending() or wish_of(run) is Wish.STOP:
            break
        if helm.watch.closed_for_a_known_cause:
            ends = f"{trip.words}, which closed the valves"
            break
        announce(helm)
        if trip.stage(helm.clock.now()).then is not Then.WAIT or helm.clock.now() >= idle_at_s:
            ends = trip.words
            break
        wait = Wait(SUSPENDERS[trip.signal].cause, trip.words)
        begin_wait(helm.held, run, wait, now_s=helm.clock.now())
        waited = True
        helm.pass_time(_look_again_s(helm, trip))
    if waited:
        end_waits(helm.held, run, now_s=helm.clock.now())
        announce(helm)
        progress_made(helm)
    return ends


def _forbidding(helm: Helm) -> Trip | None:
    now_s = helm.clock.now()
    column = helm.microscope.column.status()
    helm.watch.follow_valves(column)
    known = column.valves_open or helm.watch.closed_for_a_known_cause
    closed = {} if known else {Signal.VALVES: ""}
    trips = helm.watch.look(column, now_s, {**disk_levels(helm), **closed})
    return forbids_dose(trips, now_s)


def _look_again_s(helm: Helm, trip: Trip) -> float:
    soon_s = helm.clock.now() + LOOK_EVERY_S
    return soon_s if trip.clears_at_s is None else min(soon_s, trip.clears_at_s)

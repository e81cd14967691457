"""When an open column is closed though nobody said so, and when control is given back.

The planner says what the run needs; this says what the column needs meanwhile. Valves never stay
open over a microscope that only waits.
"""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.snapshot import Snapshot, Wish
from smartscope.domain.steps import AskPerson, Cause, Decision, MakeSafe, Wait
from smartscope.domain.suspenders import Signal, Then, strongest

#: nothing was exposed or moved for so long: the microscope is idle
IDLE_S = 600.0
#: pauses after a safe state that left the valves open; the last one is repeated
CLOSE_AGAIN_AFTER_S = (15.0, 60.0, 180.0, 600.0)
#: what ends without anybody looking at the instrument
_NEEDS_NO_INSTRUMENT = frozenset({Cause.PAUSE, Cause.PERSON, Cause.ANALYSIS, Cause.SCHEDULE})


def made_safe(snapshot: Snapshot, reason: str) -> MakeSafe | Wait:
    """Close the valves, but not again and again without a pause: what does not close, hangs."""
    tried = snapshot.stillness.failed_closings
    if tried == 0:
        return MakeSafe(reason)
    pause_s = CLOSE_AGAIN_AFTER_S[min(tried, len(CLOSE_AGAIN_AFTER_S)) - 1]
    again_at_s = snapshot.stillness.failed_at_s + pause_s
    if snapshot.now_s >= again_at_s:
        return MakeSafe(reason)
    return Wait(
        Cause.INSTRUMENT,
        f"the valves did not close (tried {tried} times); close them at the console now",
        again_at_s,
    )


def kept_safe(snapshot: Snapshot, decision: Decision) -> Decision:
    """The decision, or closing the valves first where it would leave them open too long.

    Valves that others closed are closed again, so that the journal says so.
    """
    closed = snapshot.instrument.valves_closed and not _by_others(snapshot)
    if not isinstance(decision, Wait) or closed:
        return decision
    reason = _why_close(snapshot)
    if reason:
        return made_safe(snapshot, reason)
    idle_at_s = _idle_at_s(snapshot)
    if decision.until_s is None or idle_at_s is None:
        return decision
    return replace(decision, until_s=min(decision.until_s, idle_at_s))


def may_release(snapshot: Snapshot, decision: Decision) -> bool:
    """Whether nothing is to be done that needs the instrument, and has not been for a while."""
    if not isinstance(decision, Wait) or decision.cause not in _NEEDS_NO_INSTRUMENT:
        return False
    if not snapshot.instrument.valves_closed or decision.until_s is not None:
        return False
    idle_at_s = _idle_at_s(snapshot)
    return idle_at_s is not None and snapshot.now_s >= idle_at_s


def _by_others(snapshot: Snapshot) -> bool:
    return any(trip.signal is Signal.VALVES for trip in snapshot.instrument.trips)


def _why_close(snapshot: Snapshot) -> str:
    if snapshot.wish is Wish.PAUSE and snapshot.paused_because:
        return snapshot.paused_because
    trip = strongest(snapshot.instrument.trips, snapshot.now_s)
    if trip is not None and trip.stage(snapshot.now_s).then in (
        Then.CLOSE_VALVES,
        Then.ASK_PERSON,
    ):
        return trip.words
    idle_at_s = _idle_at_s(snapshot)
    if idle_at_s is not None and snapshot.now_s >= idle_at_s:
        return f"nothing was exposed for {IDLE_S / 60:.0f} minutes"
    return ""


def _idle_at_s(snapshot: Snapshot) -> float | None:
    since_s = snapshot.stillness.quiet_since_s
    return None if since_s is None else since_s + IDLE_S


def asks_person(snapshot: Snapshot) -> AskPerson | None:
    """The suspender that only a person can clear."""
    trip = strongest(snapshot.instrument.trips, snapshot.now_s)
    if trip is None or trip.stage(snapshot.now_s).then is not Then.ASK_PERSON:
        return None
    return AskPerson(trip.words)

"""Deaths over the socket: at every place that a clean session of a protocol passes, once each.

The places are found by driving such a session, so none can be forgotten. They are dealt out to
campaigns so that no target dies more often than a night would forgive.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from tests.workers.bridge.rig import Bridge, ProcessDeath, dies_at, let_lease_run_out
from tests.workers.bridge.served_house import ServedHouse
from workers.bridge.fault_points import Plan, arm

CAMPAIGNS = 8
#: as it leaves, a bridge in order says goodbye; a death there is a death of nobody
_LEAVING = frozenset({"command:close"})


def drive_cleanly(served: ServedHouse) -> list[str]:
    """One undisturbed bridge from the first step to the last; the places it passed, in order."""
    plan = Plan()
    arm(plan)
    bridge = served.bridge()
    try:
        bridge.run_until_idle()
    finally:
        arm(None)
        served.die(bridge)
    return [place for place in plan.passed if place not in _LEAVING]


def dealt(places: Sequence[str]) -> list[list[str]]:
    """The campaigns: of each kind of step every eighth place, in the order of passing."""
    kinds: dict[str, list[str]] = defaultdict(list)
    for place in places:
        # Blanking the beam is part of the safe state, which is not sought twice.
        kind = "safe_state" if place == "command:blank_beam" else place.partition(":")[0]
        kinds[kind].append(place)
    hands: list[set[str]] = [set() for _ in range(CAMPAIGNS)]
    for of_kind in kinds.values():
        for number, place in enumerate(of_kind):
            hands[number % CAMPAIGNS].add(place)
    return [[place for place in places if place in hand] for hand in hands]


def die_at_each(served: ServedHouse, places: Sequence[str]) -> list[str]:
    """Bridges die at one place after the other; then one lives to the end. Where they died."""
    died = []
    for place in [*places, ""]:
        dies_at(place, 1)
        bridge: Bridge | None = None
        try:
            bridge = served.bridge()
            bridge.run_until_idle()
        except ProcessDeath:
            died.append(place)
        finally:
            arm(None)
            if bridge is None:
                let_lease_run_out(served.house.microscope.pk)
            else:
                served.die(bridge)
    return died

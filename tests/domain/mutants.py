"""Planners and bridges that are wrong in one way each, which the promises must notice."""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.planner import next_step
from smartscope.domain.snapshot import GroupPicture, HolePicture, Snapshot, Stillness, Wish
from smartscope.domain.steps import Decision, ExposeGroup, Finished, MakeSafe, Shot, Wait
from tests.domain.night import Rules
from tests.domain.rows import T


def _ignore_pause(snapshot: Snapshot) -> Decision:
    return next_step(replace(snapshot, wish=Wish.RUN))


def _expose_every_member(snapshot: Snapshot) -> Decision:
    """Forget which members of a group have had their dose."""
    decision = next_step(snapshot)
    if not isinstance(decision, ExposeGroup):
        return decision
    group = _group(snapshot, decision)
    return replace(
        decision, shots=tuple(Shot(hole.id, hole.number, hole.target) for hole in _spent(group))
    )


def _spent(group: GroupPicture) -> list[HolePicture]:
    return [hole for hole in group.holes if hole.status not in (T.SKIPPED, T.REJECTED, T.FOUND)]


def _group(snapshot: Snapshot, decision: ExposeGroup) -> GroupPicture:
    return next(
        group
        for grid in snapshot.grids
        for square in grid.squares
        for group in square.groups
        if group.id == decision.group
    )


def _leave_valves_open(snapshot: Snapshot) -> Decision:
    decision = next_step(snapshot)
    return Finished(decision.reason) if isinstance(decision, MakeSafe) else decision


def _never_idle(snapshot: Snapshot) -> Decision:
    """Forget how long nothing was done."""
    return next_step(replace(snapshot, stillness=Stillness()))


def _ignore_trips(snapshot: Snapshot) -> Decision:
    return next_step(replace(snapshot, instrument=replace(snapshot.instrument, trips=())))


def _keep_control(snapshot: Snapshot, decision: Decision) -> bool:
    return False


def _wait_for_ever(snapshot: Snapshot) -> Decision:
    decision = next_step(snapshot)
    return next_step(replace(snapshot, wish=Wish.PAUSE)) if _ends(decision) else decision


def _ends(decision: Decision) -> bool:
    return isinstance(decision, Finished) or (
        isinstance(decision, MakeSafe) and not isinstance(decision, Wait)
    )


MUTANTS = {
    "recovery-queues-what-was-issued": Rules(adopt_or_lose=False),
    "recovery-loses-what-was-not-issued": Rules(lose_unissued=True),
    "planner-ignores-pause": Rules(decide=_ignore_pause),
    "planner-forgets-what-was-exposed": Rules(decide=_expose_every_member),
    "planner-leaves-valves-open": Rules(decide=_leave_valves_open),
    "planner-never-ends": Rules(decide=_wait_for_ever),
    "planner-leaves-an-idle-column-open": Rules(decide=_never_idle),
    "planner-ignores-suspenders": Rules(decide=_ignore_trips),
    "bridge-keeps-control-for-nothing": Rules(release=_keep_control),
}

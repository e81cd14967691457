"""What a run would begin with, step after step, as far as it can be known beforehand."""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.narration import Told, told
from smartscope.domain.planner import next_step
from smartscope.domain.snapshot import GridPicture, Snapshot
from smartscope.domain.status import GridStatus
from smartscope.domain.steps import (
    Decision,
    FinishGrid,
    FlashGun,
    ImageAtlas,
    LoadGrid,
    MakeSafe,
    OpenValves,
    RefineZeroLoss,
    TuneBeam,
    UpdateDarkReference,
    kind_of,
)

_UPKEEP = (FlashGun, TuneBeam, UpdateDarkReference)


def first_steps(snapshot: Snapshot, most: int = 3) -> list[Told]:
    """At most `most` decisions; ends earlier where the next one depends on what will be found."""
    found: list[Told] = []
    for _ in range(most):
        decision = next_step(snapshot)
        found.append(told(decision, snapshot))
        after = _after(decision, snapshot)
        if after is None:
            break
        snapshot = after
    return found


def _after(decision: Decision, snapshot: Snapshot) -> Snapshot | None:
    """How things stand once it is done as planned; None where that is not known."""
    instrument = snapshot.instrument
    match decision:
        case LoadGrid():
            on_stage = replace(
                instrument, loaded_position=decision.position, valves_open=False, stage_doubt=""
            )
            return _with_grid(
                replace(snapshot, instrument=on_stage), decision.grid, GridStatus.LOADED
            )
        case OpenValves():
            return replace(snapshot, instrument=replace(instrument, valves_open=True))
        case MakeSafe():
            closed = replace(instrument, valves_open=False, valves_unclear=False)
            return replace(snapshot, instrument=closed)
        case FinishGrid():
            return _with_grid(snapshot, decision.grid, GridStatus.DONE)
        case RefineZeroLoss():
            return replace(snapshot, instrument=replace(instrument, zero_loss_at_s=snapshot.now_s))
        case ImageAtlas():
            return None
        case _ if isinstance(decision, _UPKEEP):
            tried = {**snapshot.upkeep, kind_of(decision): snapshot.now_s}
            gun = replace(instrument, gun_flashed_at_s=snapshot.now_s)
            return replace(snapshot, upkeep=tried, instrument=gun)
        case _:
            return None


def _with_grid(snapshot: Snapshot, grid: object, status: GridStatus) -> Snapshot:
    def moved(picture: GridPicture) -> GridPicture:
        return replace(picture, status=status) if picture.id == grid else picture

    return replace(snapshot, grids=tuple(moved(picture) for picture in snapshot.grids))

"""The workflow, as one pure function: what to do next, given how things stand.

The order of `next_step` is the order of its questions: may we go on at all, which grid, what does
that grid need. Squares are imaged one ahead of the groups being exposed, so that the microscope
works while holes are being found; it waits only when nothing else can be done.
"""

from __future__ import annotations

from dataclasses import replace

from smartscope.domain.map_dose import may_map_again
from smartscope.domain.next_target import (
    NextGroup,
    NextSquare,
    can_expose,
    group_to_expose,
    square_to_image,
)
from smartscope.domain.safekeeping import asks_person, kept_safe, made_safe
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    Seen,
    Snapshot,
    Wish,
)
from smartscope.domain.status import GRID_ENDS, GridStatus
from smartscope.domain.steps import (
    Cause,
    CheckBeam,
    ConfirmStage,
    Decision,
    ExposeGroup,
    Finished,
    FinishGrid,
    ImageAtlas,
    ImageSquare,
    LoadGrid,
    OpenValves,
    Shot,
    Wait,
)
from smartscope.domain.suspenders import SUSPENDERS, Then, forbids_dose, strongest
from smartscope.domain.upkeep import closed_upkeep, open_upkeep

#: a lost atlas is planned once more, as a new step; a second loss fails the grid
ATLAS_LOSSES_ALLOWED = 1
_NOT_LOADED = frozenset({GridStatus.WAITING, GridStatus.LOADING})
#: squares imaged ahead of the one whose groups are being exposed
SQUARES_AHEAD = 1


def next_step(snapshot: Snapshot) -> Decision:
    """The one thing to do now; the same snapshot always gives the same answer."""
    return kept_safe(snapshot, _wanted(snapshot))


def _wanted(snapshot: Snapshot) -> Decision:
    """What the run needs, whatever the column needs meanwhile."""
    if snapshot.wish is Wish.STOP:
        return _end(snapshot, f"stopped by {snapshot.wished_by}", aborted=True)
    if snapshot.wish is Wish.PAUSE:
        return Wait(Cause.PAUSE, f"paused by {snapshot.wished_by}")
    if snapshot.stop_at_s is not None and snapshot.now_s >= snapshot.stop_at_s:
        return _end(snapshot, "its time is up: the session was to end by now", aborted=False)
    grid = _current_grid(snapshot)
    if grid is None:
        return _end(snapshot, "every grid has ended", aborted=False)
    return asks_person(snapshot) or _hold(snapshot) or _for_grid(snapshot, grid)


def _end(snapshot: Snapshot, reason: str, *, aborted: bool) -> Decision:
    if not snapshot.instrument.valves_closed:
        return made_safe(snapshot, reason)
    return Finished(reason, aborted=aborted)


def _hold(snapshot: Snapshot) -> Wait | None:
    """Conditions of the instrument under which nothing may move or be exposed."""
    trip = forbids_dose(snapshot.instrument.trips, snapshot.now_s)
    if trip is None:
        return None
    return Wait(SUSPENDERS[trip.signal].cause, trip.words, trip.clears_at_s)


def _current_grid(snapshot: Snapshot) -> GridPicture | None:
    """The unfinished grid on the stage, else the first unfinished one."""
    unfinished = [grid for grid in snapshot.grids if grid.status not in GRID_ENDS]
    on_stage = [grid for grid in unfinished if _on_stage(snapshot, grid)]
    return next(iter(on_stage or unfinished), None)


def _on_stage(snapshot: Snapshot, grid: GridPicture) -> bool:
    if not snapshot.instrument.has_autoloader and (
        snapshot.hand_loaded != grid.id or grid.status in _NOT_LOADED
    ):
        return False
    return snapshot.instrument.loaded_position == grid.position


def _for_grid(snapshot: Snapshot, grid: GridPicture) -> Decision:
    work = _work_on(snapshot, grid)
    if isinstance(work, FinishGrid | Wait):
        return work
    if not _on_stage(snapshot, grid):
        return _no_new_grid(snapshot) or _bring(snapshot, grid)
    if (upkeep := closed_upkeep(snapshot, grid)) is not None:
        return upkeep
    if snapshot.instrument.valves_unclear:
        return made_safe(snapshot, "the valves read neither open nor closed")
    if not snapshot.instrument.valves_open:
        return OpenValves(grid.id)
    place = snapshot.instrument.beam_check
    if place is not None and isinstance(work, ImageSquare | ExposeGroup):
        return CheckBeam(grid.id, place)
    return open_upkeep(snapshot, grid, work) or work


def _no_new_grid(snapshot: Snapshot) -> Wait | None:
    """What lets a begun grid go on but no other begin."""
    trip = strongest(snapshot.instrument.trips, snapshot.now_s)
    if trip is None or trip.stage(snapshot.now_s).then is not Then.NO_NEW_GRID:
        return None
    return Wait(SUSPENDERS[trip.signal].cause, trip.words)


def _bring(snapshot: Snapshot, grid: GridPicture) -> Decision:
    if snapshot.instrument.has_autoloader:
        return _in_doubt(snapshot, grid) or LoadGrid(grid.id, grid.position)
    if not snapshot.instrument.valves_closed:
        return made_safe(snapshot, f"grid {grid.name} is to be inserted by hand")
    if snapshot.hand_loaded == grid.id:
        return LoadGrid(grid.id, grid.position)
    return Wait(Cause.PERSON, f"insert grid {grid.name} by hand, then confirm that it is loaded")


def _in_doubt(snapshot: Snapshot, grid: GridPicture) -> Decision | None:
    """Nothing is loaded on top of a grid that may be there: a person looks and says so."""
    doubt = snapshot.instrument.stage_doubt
    if not doubt:
        return None
    if not snapshot.instrument.valves_closed:
        return made_safe(snapshot, doubt)
    if snapshot.stage_answer is not None:
        return ConfirmStage(grid.id, snapshot.stage_answer or None)
    return Wait(Cause.PERSON, f"{doubt}; look, then say which grid is on the stage, or none")


def _work_on(snapshot: Snapshot, grid: GridPicture) -> Decision:
    """What this grid needs next, as if it were on the stage with the valves open."""
    if not grid.atlas_taken:
        if grid.atlas_lost > ATLAS_LOSSES_ALLOWED:
            return FinishGrid(grid.id, "its atlas was lost twice")
        record = grid.protocol.record_dose_e_per_angstrom2
        if not may_map_again(grid.atlas_doses_e_per_a2, record_e_per_a2=record):
            return FinishGrid(grid.id, "another atlas would give its holes too much dose")
        return ImageAtlas(grid.id, grid.protocol.atlas_tiles_x, grid.protocol.atlas_tiles_y)
    if grid.protocol.atlas_only or budget_used(snapshot, grid):
        grid = _only_ordered(grid)
    stage = snapshot.instrument.stage
    square = square_to_image(grid, stage)
    if square is not None and _may_run_ahead(grid):
        return _image_square(grid, square)
    group = group_to_expose(grid, stage)
    if group is not None:
        return _expose(grid, group)
    if square is not None:
        return _image_square(grid, square)
    pending = _pending(grid)
    if pending:
        return _await_analysis(grid, pending)
    if budget_used(snapshot, grid) and not grid.protocol.atlas_only:
        return FinishGrid(grid.id, f"its {grid.protocol.budget_minutes:g} minutes are used up")
    return FinishGrid(grid.id, _why_finished(grid))


def budget_used(snapshot: Snapshot, grid: GridPicture) -> bool:
    """Whether the grid has had the minutes its protocol gives it."""
    budget_minutes, begun_at_s = grid.protocol.budget_minutes, grid.begun_at_s
    if budget_minutes is None or begun_at_s is None:
        return False
    return snapshot.now_s - begun_at_s >= 60.0 * budget_minutes


def _only_ordered(grid: GridPicture) -> GridPicture:
    """In an atlas-only pass, or once a grid's minutes are used up, nothing is imaged but the
    squares and holes a person queued.
    """
    squares = [
        replace(square, groups=tuple(group for group in square.groups if group.by_person))
        for square in grid.squares
    ]
    ordered = tuple(square for square in squares if square.by_person or square.groups)
    return replace(grid, squares=ordered, atlas_finding=Finding())


def _image_square(grid: GridPicture, chosen: NextSquare) -> ImageSquare:
    protocol, square = grid.protocol, chosen.square
    return ImageSquare(
        grid.id,
        square.id,
        square.stage,
        protocol.square_tiles_x,
        protocol.square_tiles_y,
        protocol.tilt_deg,
        chosen.why,
    )


def _may_run_ahead(grid: GridPicture) -> bool:
    """Whether few enough imaged squares still wait to have their groups exposed."""
    open_squares = [
        square
        for square in grid.squares
        if square.finding.seen is Seen.PENDING
        or any(can_expose(square, group) for group in square.groups)
    ]
    return len(open_squares) <= SQUARES_AHEAD


def _expose(grid: GridPicture, chosen: NextGroup) -> ExposeGroup:
    protocol, square, group = grid.protocol, chosen.square, chosen.group
    return ExposeGroup(
        grid=grid.id,
        square=square.id,
        group=group.id,
        centre=group.centre,
        stage_z_um=square.stage_z_um,
        shots=tuple(Shot(hole.id, hole.number, hole.target) for hole in group.waiting),
        defocus_um=protocol.defocus_um(group.order),
        dose_e_per_angstrom2=protocol.record_dose_e_per_angstrom2,
        drift_limit_angstrom_per_s=protocol.drift_limit_angstrom_per_s,
        tilt_deg=protocol.tilt_deg,
        save_frames=protocol.save_frames,
        why=chosen.why,
    )


def _pending(grid: GridPicture) -> list[Finding]:
    """Analyses whose result may still bring something to image on this grid."""
    findings = [grid.atlas_finding, *(square.finding for square in grid.squares)]
    return [finding for finding in findings if finding.seen is Seen.PENDING]


def _await_analysis(grid: GridPicture, pending: list[Finding]) -> Wait:
    times = [finding.until_s for finding in pending]
    known = [time for time in times if time is not None]
    what = "squares" if grid.atlas_finding.seen is Seen.PENDING else "holes"
    return Wait(
        Cause.ANALYSIS, f"{what} of grid {grid.name} are being found", min(known, default=None)
    )


def _why_finished(grid: GridPicture) -> str:
    if grid.protocol.atlas_only:
        return "atlas-only pass"
    if grid.atlas_finding.seen is Seen.FAILED:
        return "its atlas could not be analysed"
    if not grid.squares:
        return "no square was found"
    return "nothing is queued any more"

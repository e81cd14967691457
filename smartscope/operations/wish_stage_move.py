"""A person at the helm wants the stage at a square or a hole, with the valves closed.

Places are those of a grid, so it must be the grid on the stage, of the session that was driven
last; and no run may act: what it does next stands on where it left the stage.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.status import LIVE_RUNS, RunState
from smartscope.models import Grid, Microscope, Run, Session
from smartscope.queries.rights import place_of, require_control
from smartscope.queries.visible import Reader, visible_holes, visible_squares

#: while it stands so, a bridge does nothing by itself
STANDS = RunState.PAUSED
ACTS = tuple(state for state in (RunState.QUEUED, *sorted(LIVE_RUNS)) if state is not STANDS)


def wish_stage_move(
    actor: Actor, reader: Reader, microscope: Microscope, arguments: Mapping[str, Any]
) -> Session:
    """The session of the place. Raises InvalidInput, NotFound, NotAllowed and Conflict."""
    grid = _grid_of(reader, microscope, arguments)
    require_control(actor, place_of(grid.session))
    if (run := acting_run(microscope.pk)) is not None:
        raise Conflict(
            f"A run is {run.state} on {microscope.name}: pause it and wait until it is paused, "
            "then move the stage.",
            code="busy",
        )
    newest = Run.objects.filter(microscope=microscope).order_by("-created_at").first()
    if microscope.stage_doubt:
        raise Conflict(
            f"It is not known which grid is on the stage of {microscope.name}; say so first.",
            code="illegal_transition",
        )
    if newest is None or newest.session_id != grid.session_id or not _is_loaded(microscope, grid):
        raise Conflict(
            f"{grid.name} is not the grid on the stage of {microscope.name}; load it first.",
            code="illegal_transition",
        )
    return grid.session


def acting_run(microscope: UUID) -> Run | None:
    """The run that moves the stage itself, now or soon."""
    return Run.objects.filter(microscope_id=microscope, state__in=ACTS).first()


def _is_loaded(microscope: Microscope, grid: Grid) -> bool:
    if microscope.loader_slots == 0:
        return microscope.hand_loaded_id == grid.pk
    return microscope.loaded_position == grid.position


def _grid_of(reader: Reader, microscope: Microscope, arguments: Mapping[str, Any]) -> Grid:
    named = [(kind, arguments[kind]) for kind in ("square", "hole") if kind in arguments]
    if len(named) != 1:
        raise InvalidInput({"arguments": "name one square or hole."})
    kind, key = named[0]
    rows, path = (
        (visible_squares(reader), "grid")
        if kind == "square"
        else (visible_holes(reader), "square__grid")
    )
    here = rows.filter(pk=key, **{f"{path}__session__microscope": microscope})
    grid = here.values_list(path, flat=True).first()
    if grid is None:
        raise NotFound(f"There is no such {kind} on this microscope that you may see.")
    return Grid.objects.select_related("session").get(pk=grid)

"""The stage goes where a person at the helm wants it, with the valves closed: no dose is spent."""

from __future__ import annotations

import logging

from smartscope.domain.errors import InstrumentError
from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    CommandTimeout,
    ConnectionLost,
    OperatorStop,
    ProtocolError,
    SlotEmpty,
)
from smartscope.operations.move_stage import StageMove, begin_stage_move, end_stage_move
from workers.bridge.fault_points import fault_point
from workers.bridge.helm import Helm

log = logging.getLogger(__name__)


def move_when_wished(helm: Helm) -> None:
    """At most one move; what it could not do is told. Raises what ends this epoch."""
    move = begin_stage_move(helm.held)
    if move is None:
        return
    fault_point("stage_move_accepted")
    try:
        _go(helm, move)
    except (ConnectionLost, CommandTimeout, ProtocolError, OperatorStop):
        raise
    except InstrumentError as error:
        log.warning("the stage was not moved to %s: %s", move.slug, error)
        end_stage_move(helm.held, move.command, trouble=str(error))
        return
    log.info("the stage stands at %s", move.slug)
    end_stage_move(helm.held, move.command, trouble="")


def _go(helm: Helm, move: StageMove) -> None:
    microscope = helm.microscope
    loaded = microscope.autoloader.loaded()
    if loaded != move.slot:
        found = "no grid is" if loaded is None else f"the grid of slot {loaded} is"
        raise SlotEmpty(
            f"{move.slug} is a place on the grid of slot {move.slot}, but {found} on the stage."
        )
    if microscope.column.status().valves_open:
        microscope.column.close_valves()
        helm.watch.note_closed_by_us()
    helm.tick()
    microscope.stage.move_to(Point(move.x_um, move.y_um))

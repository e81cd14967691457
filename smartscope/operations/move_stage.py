"""The journal of a stage that a person sends somewhere: written before it moves, and after.

    wished -> accepted (committed before anything is sent) -> done | failed

One that was accepted by a bridge that ended is failed, never sent again by itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils import timezone

from smartscope.domain.actor import BRIDGE
from smartscope.models import Command, CommandState, Hole, Square
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.wish_stage_move import acting_run

MOVE_STAGE = "move_stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class StageMove:
    """A wish that was accepted: the place in the stage's own axes, and the grid's slot."""

    command: UUID
    slug: str
    slot: int
    x_um: float
    y_um: float


def stage_move_waits(microscope: UUID) -> bool:
    """Whether somebody waits for the stage. One indexed look."""
    return (
        Command.objects.filter(
            microscope_id=microscope,
            type=MOVE_STAGE,
            state=CommandState.WISHED,
            expires_at__gt=timezone.now(),
        ).exists()
        and acting_run(microscope) is None
    )


@fenced
def begin_stage_move(held: Held) -> StageMove | None:
    """Accept the wish that waits; None without one, or while a run acts."""
    waiting = Command.objects.select_for_update(no_key=True).filter(
        microscope_id=held.microscope,
        type=MOVE_STAGE,
        state=CommandState.WISHED,
        expires_at__gt=timezone.now(),
    )
    command = waiting.order_by("created_at").first()
    if command is None or acting_run(held.microscope) is not None:
        return None
    _tell(held, command, CommandState.ACCEPTED, "")
    return _move_of(command)


@fenced
def end_stage_move(held: Held, command_id: UUID, *, trouble: str) -> None:
    """It stands there, or `trouble` says why not."""
    command = Command.objects.select_for_update(no_key=True).get(pk=command_id)
    state = CommandState.FAILED if trouble else CommandState.DONE
    _tell(held, command, state, trouble)


def _move_of(command: Command) -> StageMove:
    target: Any
    if (square := command.arguments.get("square")) is not None:
        target = Square.objects.select_related("grid").get(pk=square)
        grid = target.grid
    else:
        target = Hole.objects.select_related("square__grid").get(pk=command.arguments["hole"])
        grid = target.square.grid
    return StageMove(
        command=command.pk,
        slug=target.slug,
        slot=grid.position,
        x_um=target.stage_x_um,
        y_um=target.stage_y_um,
    )


def _tell(held: Held, command: Command, state: CommandState, reason: str) -> None:
    before, command.state, command.reason = command.state, state, reason[:300]
    if state != CommandState.ACCEPTED:
        command.ended_at = timezone.now()
    command.version += 1
    command.save()
    told = Told(
        subjects=[command.pk],
        before={"state": before},
        after={"state": str(state), "type": command.type},
        reason=command.reason,
        epoch=held.epoch,
    )
    scope = Scope(held.microscope, UUID(command.arguments["session"]))
    record_event(f"command.{state}", BRIDGE, scope, told)

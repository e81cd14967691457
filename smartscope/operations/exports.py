"""Files of a grid's particles, asked for by a person and written by a worker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.models import Export, ExportFormat
from smartscope.operations.asked_work import OPEN, hint_work
from smartscope.queries.picked_micrographs import how_many_picked
from smartscope.queries.rights import place_of, require_share
from smartscope.queries.visible import reader_of, visible_grids

#: files of one person that may be under way at once
MOST_AT_ONCE = 2
SMALLEST_BOX_PX, LARGEST_BOX_PX = 16, 1024
MOST_BINNING = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportAsked:
    """`exposures` None: all of the grid. `box_px` is of the exposure's own pixels, None: 1.5
    diameters; `binning` joins so many pixels. Both are for stacks.
    """

    format: ExportFormat
    exposures: Sequence[UUID] | None = None
    box_px: int | None = None
    binning: int = 1


@transaction.atomic
def want_export(actor: Actor, grid_id: UUID, asked: ExportAsked) -> Export:
    """Raises NotFound, NotAllowed, InvalidInput, and Conflict where nothing was picked, or `busy`
    with two files of the same person under way.
    """
    grid = visible_grids(reader_of(actor)).select_related("session").filter(pk=grid_id).first()
    if grid is None:
        raise NotFound("There is no such grid that you may see.")
    require_share(actor, place_of(grid.session))
    _check(asked)
    if not how_many_picked(grid, asked.exposures):
        raise Conflict(
            f"No particle of grid {grid.name} was picked yet, so there is nothing to write.",
            code="not_capable",
        )
    mine = Export.objects.filter(author_id=actor.user_id, state__in=OPEN)
    if mine.count() >= MOST_AT_ONCE:
        raise Conflict(
            f"{MOST_AT_ONCE} of your files are being written; ask again when one is done.",
            code="busy",
        )
    chosen = None if asked.exposures is None else [str(pk) for pk in asked.exposures]
    export = Export.objects.create(
        grid=grid,
        author_id=actor.user_id,
        format=asked.format,
        options={"exposures": chosen, "box_px": asked.box_px, "binning": asked.binning},
    )
    hint_work(export, actor)
    return export


def _check(asked: ExportAsked) -> None:
    problems = {}
    box = asked.box_px
    if box is not None and not SMALLEST_BOX_PX <= box <= LARGEST_BOX_PX:
        problems["box_px"] = f"choose {SMALLEST_BOX_PX} to {LARGEST_BOX_PX} pixels."
    if not 1 <= asked.binning <= MOST_BINNING:
        problems["binning"] = f"choose 1 to {MOST_BINNING}."
    if problems:
        raise InvalidInput(problems)

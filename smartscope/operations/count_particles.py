"""How many particles an exposure holds, written where lists and the ranking read it."""

from __future__ import annotations

from smartscope.models import Exposure, Picking
from smartscope.operations.rerank_grid import rerank_grid
from smartscope.queries.picks import edits_of, seen


def count_particles(exposure: Exposure, picking: Picking) -> int | None:
    """Of a locked exposure; None where nothing was looked for yet. The grid is judged anew."""
    number = None if picking.threshold is None else seen(picking, edits_of(exposure)).count
    exposure.particles = number
    exposure.save(update_fields=["particles", "updated_at"])
    rerank_grid(exposure.hole.square.grid)
    return number

"""A montage tile by tile: what forbids exposing, or a person's stop, is heeded between any two."""

from __future__ import annotations

from collections.abc import Generator

from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.happenings import Checkpoint, Happening
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.values import AcquiredMontage, Area, MontagePlan


def take_tiles(
    microscope: Microscope, area: Area, plan: MontagePlan, *, doing: str
) -> Generator[Happening, None, AcquiredMontage]:
    """Every tile of a montage that was announced; the column was ready for the first one.

    What is exposed already is taken home whatever the column does meanwhile.
    """
    began_s = microscope.column.status().read_at_s
    pieces = []
    for piece in microscope.camera.tiles(area, plan):
        pieces.append(piece)
        if len(pieces) < plan.columns * plan.rows and not piece.with_the_rest:
            yield Checkpoint(doing=doing, before_dose=True)
            require_ready(microscope)
    return AcquiredMontage(area=area, plan=plan, pieces=tuple(pieces), taken_at_s=began_s)

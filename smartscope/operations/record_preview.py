"""Note that an image can be looked at now."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import ANALYSIS
from smartscope.operations.derived_image import show
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import result_of


def record_preview(analysis_id: UUID, preview_key: str, tiles_key: str = "") -> None:
    """Write the keys of preview and tiles, once."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        show(analysis.image, preview_key=preview_key, tiles_key=tiles_key)
        grid = analysis.image.grid
        record_event(
            "image.shown",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(subjects=[analysis.image_id]),
        )

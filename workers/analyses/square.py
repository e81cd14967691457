"""A square just imaged: find its holes and their ice, and keep what people look at."""

from __future__ import annotations

from smartscope.analysis import pipeline
from smartscope.analysis.base import Image as AnalysisImage
from smartscope.analysis.base import Level
from smartscope.analysis.io.image import read_image
from smartscope.models import Analysis
from smartscope.operations.derived_image import show
from smartscope.operations.record_holes import record_holes
from smartscope.storage.current import current_store
from workers.analyses.context import context_of, place_of, vacuum_of
from workers.analyses.pictures import write_preview, write_pyramid


def find_holes(analysis: Analysis) -> None:
    """Raises BadFile for an image that cannot be read; recording is idempotent."""
    image = analysis.image
    with current_store().local_copy(image.key) as path:
        pixels = read_image(path).pixels
    square = AnalysisImage.from_array(
        pixels,
        level=Level.SQUARE,
        to_stage=place_of(image),
        tilt_deg=image.tilt_deg,
    )
    vacuum = None if image.display_only else vacuum_of(image)
    findings = pipeline.find_holes(square, context_of(image.grid, vacuum=vacuum))
    show(
        image,
        preview_key=write_preview(image.key, pixels),
        tiles_key=write_pyramid(image.key, pixels),
    )
    record_holes(analysis.pk, findings)

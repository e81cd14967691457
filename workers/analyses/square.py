"""A square just imaged: find its holes and their ice, and keep what people look at."""

from __future__ import annotations

from pathlib import Path

from smartscope.analysis import pipeline
from smartscope.analysis.base import Image as AnalysisImage
from smartscope.analysis.base import Level
from smartscope.analysis.chains import hole_finders_for
from smartscope.analysis.io.image import read_image
from smartscope.models import Analysis, Image, ImageKind
from smartscope.operations.derived_image import Derived, show
from smartscope.operations.record_holes import record_holes
from smartscope.storage.current import current_store
from workers.analyses.context import context_of, place_of, vacuum_of
from workers.analyses.finders import finders_of
from workers.analyses.montage import stitch
from workers.analyses.pictures import write_derived, write_preview, write_pyramid


def find_holes(analysis: Analysis) -> None:
    """Raises BadFile for an image that cannot be read; recording is idempotent."""
    image = analysis.image
    with current_store().local_copy(image.key) as path:
        square = _single(image, path) if image.sections == 1 else stitch(image, path, Level.SQUARE)
    vacuum = None if image.display_only else vacuum_of(image)
    findings = pipeline.find_holes(
        square,
        context_of(image.grid, vacuum=vacuum),
        chain=finders_of(hole_finders_for(image.grid.hole_type)),
    )
    if image.sections > 1:
        record_holes(analysis.pk, findings, _write_stitched(image, square))
        return
    show(
        image,
        preview_key=write_preview(image.key, square.pixels),
        tiles_key=write_pyramid(image.key, square.pixels),
    )
    record_holes(analysis.pk, findings)


def _single(image: Image, path: Path) -> AnalysisImage:
    return AnalysisImage.from_array(
        read_image(path).pixels,
        level=Level.SQUARE,
        to_stage=place_of(image),
        tilt_deg=image.tilt_deg,
    )


def _write_stitched(image: Image, square: AnalysisImage) -> Derived:
    return write_derived(
        image,
        ImageKind.STITCHED,
        square.pixels,
        pixel_size_angstrom=square.pixel_size_angstrom,
        to_stage=square.to_stage,
        tiles=True,
    )

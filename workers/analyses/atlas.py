"""An atlas just taken: stitch its tiles, find and class its squares, keep what people look at."""

from __future__ import annotations

from pathlib import Path

from smartscope.analysis import pipeline
from smartscope.analysis.base import Image as AnalysisImage
from smartscope.analysis.base import Level
from smartscope.analysis.chains import SQUARE_FINDERS
from smartscope.analysis.io.image import read_image
from smartscope.models import Analysis, Image, ImageKind
from smartscope.operations.record_squares import record_squares
from smartscope.storage.current import current_store
from workers.analyses.context import context_of, place_of
from workers.analyses.finders import finders_of
from workers.analyses.montage import stitch
from workers.analyses.pictures import write_derived


def find_squares(analysis: Analysis) -> None:
    """Raises BadFile for tiles that cannot be read; recording is idempotent."""
    image = analysis.image
    with current_store().local_copy(image.key) as path:
        atlas = _displayed(image, path) if image.display_only else stitch(image, path, Level.ATLAS)
    findings = pipeline.find_squares(
        atlas, context_of(image.grid), chain=finders_of(SQUARE_FINDERS)
    )
    stitched = write_derived(
        image,
        ImageKind.ATLAS,
        findings.pixels,
        pixel_size_angstrom=1e4 * findings.to_stage.pixel_size_um(),
        to_stage=findings.to_stage,
        tiles=True,
    )
    record_squares(analysis.pk, findings, stitched)


def _displayed(image: Image, path: Path) -> AnalysisImage:
    """An imported atlas: one picture with stretched contrast, already stitched."""
    pixels = read_image(path).pixels
    return AnalysisImage.from_array(pixels, level=Level.ATLAS, to_stage=place_of(image))

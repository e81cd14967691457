"""Tiles of a montage from their file to one stitched image."""

from __future__ import annotations

from pathlib import Path

from smartscope.analysis import pipeline
from smartscope.analysis.base import Image as AnalysisImage
from smartscope.analysis.base import Level, Tile
from smartscope.analysis.io.movie import open_movie
from smartscope.domain.errors import BadFile
from smartscope.domain.geometry import Affine
from smartscope.models import Image
from workers.analyses.context import place_of


def stitch(image: Image, path: Path, level: Level) -> AnalysisImage:
    """Join the sections of `path`, each in its place. Raises BadFile when some are missing."""
    maps = [Affine(*values) for values in image.sections_to_stage or ()]
    layout = place_of(image)
    with open_movie(path) as sections:
        if len(maps) != sections.frames:
            raise BadFile(
                f"{path.name} holds {sections.frames} tiles but {len(maps)} were recorded; "
                "it must be taken again."
            )
        tiles = [
            Tile(sections.read(index), *layout.to_pixel(to_stage.apply(0.0, 0.0)), to_stage)
            for index, to_stage in enumerate(maps)
        ]
    return pipeline.stitch_atlas(tiles, layout, level=level)

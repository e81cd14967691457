"""What is found out from each kind of image, by which plug-in, and how long it declares to take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from smartscope.analysis import pipeline, registry
from smartscope.models import ImageKind
from smartscope.operations.journal_values import WantedAnalysis

FIND_SQUARES = "find_squares"
FIND_HOLES = "find_holes"
MEASURE_EXPOSURE = "measure_exposure"
PREVIEW = "preview"

_WORK: Mapping[str, tuple[str, str]] = {
    ImageKind.ATLAS_TILES: (FIND_SQUARES, pipeline.SQUARE_FINDERS[0]),
    ImageKind.SQUARE: (FIND_HOLES, pipeline.HOLE_FINDERS[0]),
    ImageKind.MOVIE: (MEASURE_EXPOSURE, "whole-frame-aligner"),
    ImageKind.HOLE: (PREVIEW, ""),
}
#: a preview is no plug-in's finding; nothing waits for it
_PREVIEW_VERSION, _PREVIEW_S = "1", 0.0


@cache
def wanted_for(kind: str) -> tuple[WantedAnalysis, ...]:
    """The analyses an image of that kind calls for; none for derived images."""
    if kind not in _WORK:
        return ()
    work, plugin = _WORK[kind]
    if not plugin:
        return (
            WantedAnalysis(
                kind=work,
                plugin=PREVIEW,
                plugin_version=_PREVIEW_VERSION,
                declared_duration_s=_PREVIEW_S,
            ),
        )
    card = registry.plugin(plugin).manifest
    return (
        WantedAnalysis(
            kind=work,
            plugin=card.name,
            plugin_version=card.version,
            declared_duration_s=card.declared_duration_s,
        ),
    )

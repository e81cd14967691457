"""What is found out from each kind of image, by which plug-in, and how long it declares to take."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from smartscope.analysis import chains, registry
from smartscope.models import ImageKind
from smartscope.operations.journal_values import WantedAnalysis

FIND_SQUARES = "find_squares"
FIND_HOLES = "find_holes"
MEASURE_EXPOSURE = "measure_exposure"
PREVIEW = "preview"

#: kind of image -> what is found out, and the plug-in whose card says version and duration
_WORK: Mapping[str, tuple[str, str]] = {
    ImageKind.ATLAS_TILES: (FIND_SQUARES, chains.SHIPPED_SQUARE_FINDER),
    ImageKind.SQUARE: (FIND_HOLES, chains.HOLE_FINDERS[0]),
    ImageKind.MOVIE: (MEASURE_EXPOSURE, chains.MOVIE_ALIGNER),
}
#: nothing is found out from these; they are only made visible (an imported sum has no movie)
_SHOWN = frozenset({ImageKind.HOLE, ImageKind.SUM})
_SHOW = WantedAnalysis(kind=PREVIEW, plugin="preview", plugin_version="1", declared_duration_s=1.0)


@cache
def wanted_for(kind: str) -> tuple[WantedAnalysis, ...]:
    """The analyses an image from the instrument calls for; holes are found as their film asks."""
    if kind in _SHOWN:
        return (_SHOW,)
    if kind not in _WORK:
        return ()
    work, plugin = _WORK[kind]
    if work != FIND_HOLES:
        return (_by(work, plugin),)
    own = (_by(work, chain[0], film) for film, chain in chains.BY_FILM.items())
    return (_by(work, plugin), *own)


def _by(work: str, plugin: str, film: str = "") -> WantedAnalysis:
    card = registry.card(plugin)
    return WantedAnalysis(
        kind=work,
        plugin=card.name,
        plugin_version=card.version,
        declared_duration_s=card.declared_duration_s,
        film=film,
    )

"""What an exposure shows: judged by the network, by limits where there is none, or not at all.

The network has learnt from simulated exposures and is not proved on real ones: it judges simulated
sessions only. Limits judge the others, and never take an exposure away.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from smartscope.analysis import registry
from smartscope.analysis.base import FloatImage, UnusableImage
from smartscope.analysis.movies.measure import ExposureMeasures
from smartscope.analysis.quality.assessor import Quality, QualityAssessor
from smartscope.analysis.quality.context import Context
from smartscope.analysis.quality.whole_field import with_whole_fields
from smartscope.models import Image
from smartscope.operations.record_exposure import Judged
from smartscope.queries.seen_ice import seen_ice_nm

log = logging.getLogger(__name__)

#: tried in turn: the next where one cannot be loaded
OF_SIMULATED = ("quality-network", "quality-rules")
OF_REAL = ("quality-rules",)
DIRT_FINDER = "dirt-levels"


def judged(movie: Image, measures: ExposureMeasures) -> Judged:
    """The class of an exposure and how much of it is dirt; a refusal where neither can be said."""
    total = measures.aligned.aligned_sum
    context = Context.of(
        fit=measures.ctf.fit,
        ice=measures.ice,
        shifts_angstrom=measures.aligned.shifts_angstrom,
        seen_ice_nm=seen_ice_nm(movie),
    )
    assessor = _assessor(OF_SIMULATED if movie.grid.session.simulated else OF_REAL)
    card = assessor.manifest
    try:
        seen = assessor.assess(total, context, pixel_size_angstrom=movie.pixel_size_angstrom)
    except UnusableImage as refusal:
        return Judged(refusal=str(refusal), plugin=f"{card.name} {card.version}")
    return Judged(
        quality_class=seen.label.value,
        probability=seen.probability,
        reasons=seen.reasons,
        plugin=f"{card.name} {card.version}",
        contaminated_fraction=_dirty(total, movie.pixel_size_angstrom, seen),
    )


def _assessor(names: Sequence[str]) -> QualityAssessor:
    *others, last = names
    for name in others:
        try:
            return registry.quality_assessor(name)
        except registry.PluginUnavailable as absent:
            log.warning("%s", absent)
    return registry.quality_assessor(last)


def _dirty(total: FloatImage, pixel_size_angstrom: float, seen: Quality) -> float | None:
    finder = registry.dirt_finder(DIRT_FINDER)
    try:
        found = finder.mask(total, pixel_size_angstrom=pixel_size_angstrom)
    except UnusableImage:
        return None
    return with_whole_fields(found, seen).fraction

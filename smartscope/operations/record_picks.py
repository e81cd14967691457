"""Record the particles a picker found in an exposure, or why it found none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from smartscope.analysis.base import FloatArray
from smartscope.domain.actor import ANALYSIS
from smartscope.models import Exposure, Picking
from smartscope.operations.count_particles import count_particles
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import result_of
from smartscope.queries.picks import packed


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picked:
    """`centres_px` (n, 2) and `scores` (n,), best first; see `Picks` for the rest.

    `masked_fraction` is the share of the field left out as dirt, None where nothing was left out,
    and then `mask_refusal` may say why. `size_evidence` is what the exposure tells of the size.
    """

    centres_px: FloatArray
    scores: FloatArray
    threshold: float
    diameter_angstrom: float | None = None
    diameter_spread_angstrom: float | None = None
    other_diameter_angstrom: float | None = None
    reason: str = ""
    masked_fraction: float | None = None
    mask_refusal: str = ""
    size_evidence: dict[str, Any] | None = None


def record_picks(analysis_id: UUID, picked: Picked) -> None:
    """Write them once; an answer nobody waits for (another picker was asked since) is dropped."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        rows = Exposure.objects.select_for_update(of=("self",), no_key=True)
        exposure = (
            rows.select_related("hole__square__grid").filter(picking__analysis=analysis).first()
        )
        if exposure is None:
            return
        picking = Picking.objects.get(exposure=exposure)
        picking.packed = packed(picked.centres_px, picked.scores)
        picking.threshold, picking.own_threshold = picked.threshold, None
        picking.diameter_angstrom = picked.diameter_angstrom
        picking.diameter_spread_angstrom = picked.diameter_spread_angstrom
        picking.other_diameter_angstrom = picked.other_diameter_angstrom
        picking.size_evidence = picked.size_evidence
        picking.reason = picked.reason[:400]
        picking.masked_fraction = picked.masked_fraction
        picking.mask_refusal = picked.mask_refusal[:300]
        picking.version += 1
        picking.save()
        number = count_particles(exposure, picking)
        grid = analysis.image.grid
        record_event(
            "exposure.picked",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(subjects=[exposure.pk], reason=picked.reason, after={"particles": number}),
        )

"""Record a sum on finer pixels, or why a movie holds none."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.actor import ANALYSIS
from smartscope.models import FineSum
from smartscope.operations.derived_image import Derived, derived_image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import result_of


@dataclass(frozen=True, slots=True, kw_only=True)
class FineResult:
    """`made` is None when the movie was refused, with the reason."""

    made: Derived | None
    refusal: str = ""
    expected_to_angstrom: float | None = None
    beyond_nyquist_z: float | None = None


def record_fine_sum(analysis_id: UUID, result: FineResult) -> None:
    """Write it once."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        fine = FineSum.objects.select_for_update(of=("self",), no_key=True).get(analysis=analysis)
        fine.image = None if result.made is None else derived_image(analysis.image, result.made)
        fine.refusal = result.refusal[:300]
        fine.expected_to_angstrom = result.expected_to_angstrom
        fine.beyond_nyquist_z = result.beyond_nyquist_z
        fine.save()
        grid = analysis.image.grid
        record_event(
            "exposure.fine_sum_made" if result.made is not None else "exposure.fine_sum_refused",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(subjects=[fine.exposure_id], reason=result.refusal),
        )

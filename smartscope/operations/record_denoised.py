"""Record an exposure's denoised picture, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from smartscope.domain.actor import ANALYSIS
from smartscope.models import Denoised
from smartscope.operations.derived_image import Derived, derived_image
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.finish_analysis import result_of


@dataclass(frozen=True, slots=True, kw_only=True)
class DenoisedResult:
    """`made` is None when no picture could be made, with the reason; `halves` are for later."""

    made: Derived | None
    refusal: str = ""
    method: str = ""
    method_version: str = ""
    tuned: bool = False
    halves: tuple[Derived, ...] = ()


def record_denoised(analysis_id: UUID, result: DenoisedResult) -> None:
    """Write it once; an answer to a question since asked otherwise is dropped."""
    with result_of(analysis_id) as analysis:
        if analysis is None:
            return
        for half in result.halves:
            derived_image(analysis.image, half)
        rows = Denoised.objects.select_for_update(of=("self",), no_key=True)
        denoised = rows.filter(analysis=analysis).first()
        if denoised is None:
            return
        denoised.image = None if result.made is None else derived_image(analysis.image, result.made)
        denoised.refusal = result.refusal[:300]
        denoised.method, denoised.method_version = result.method, result.method_version
        denoised.tuned = result.tuned
        denoised.version += 1
        denoised.save()
        grid = analysis.image.grid
        record_event(
            "exposure.denoised" if result.made is not None else "exposure.denoising_refused",
            ANALYSIS,
            Scope(grid.session.microscope_id, grid.session_id, grid.pk),
            Told(subjects=[denoised.exposure_id], reason=result.refusal),
        )

"""An analysis that somebody asks for after the fact: made once, taken up anew when asked again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from smartscope.analysis.manifest import Manifest
from smartscope.domain.errors import InvalidInput
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis, Image
from smartscope.operations.hint_analysis import hint_analysis

#: asked for in one request; more would hold its locks too long
MOST_AT_ONCE = 2_000
BUSY = "is being worked on at this moment; ask again in a minute"


def asked_analysis(image: Image, kind: str, card: Manifest, *, at_s: float) -> Analysis:
    """The analysis of `image` by that plug-in, wanted, and hinted at.

    `at_s` is the moment of the exposure on the microscope's clock. The row may exist already: done
    or dead it is wanted anew. Call `is_busy` before: one that runs is left as it is.
    """
    analysis, new = Analysis.objects.get_or_create(
        image=image,
        kind=kind,
        plugin=card.name,
        plugin_version=card.version,
        defaults={"visible_at_s": at_s + card.declared_duration_s},
    )
    if not new and analysis.state in (AnalysisState.DONE, AnalysisState.DEAD):
        analysis.state = moved(
            ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.WANTED, "analysis"
        )
        analysis.attempts, analysis.error, analysis.finished_at = 0, "", None
        analysis.nudged_at = None
        analysis.save(
            update_fields=["state", "attempts", "error", "finished_at", "nudged_at", "updated_at"]
        )
    hint_analysis(analysis)
    return analysis


def check_number(exposures: Sequence[UUID]) -> None:
    """Raises InvalidInput for more than one request may ask for."""
    if len(exposures) > MOST_AT_ONCE:
        raise InvalidInput(
            {
                "exposures": f"{len(exposures)} are more than the {MOST_AT_ONCE} that may be asked "
                "for at once; ask square by square."
            }
        )


def is_busy(analysis: Analysis) -> bool:
    """Whether a worker has it now, or is about to say how it went.

    A row that somebody else holds is not waited for: workers lock an analysis before its exposure,
    people the other way round.
    """
    free = Analysis.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
    mine = free.filter(pk=analysis.pk).first()
    return mine is None or mine.state == AnalysisState.RUNNING

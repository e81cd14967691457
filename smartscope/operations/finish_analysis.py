"""Lock an analysis for its result, and close it; a second result changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from smartscope.analysis.findings import PluginUse
from smartscope.domain.status import ANALYSIS_MOVES, AnalysisState, moved
from smartscope.models import Analysis
from smartscope.operations.fail_analysis import hint_next_square


@contextmanager
def result_of(analysis_id: UUID) -> Iterator[Analysis | None]:
    """One transaction around recording a result; yields None when it was recorded before.

    The analysis is closed when the block ends; an exception leaves everything as it was.
    """
    with transaction.atomic():
        analysis = (
            Analysis.objects.select_for_update(of=("self",), no_key=True)
            .select_related("image__grid__session")
            .get(pk=analysis_id)
        )
        if analysis.state in (AnalysisState.DONE, AnalysisState.DEAD):
            yield None
            return
        analysis.state = moved(
            ANALYSIS_MOVES, AnalysisState(analysis.state), AnalysisState.DONE, "analysis"
        )
        analysis.error = ""
        analysis.finished_at = timezone.now()
        analysis.save(update_fields=["state", "error", "finished_at", "updated_at"])
        hint_next_square(analysis)
        yield analysis


def note_finder(analysis: Analysis, finder: PluginUse) -> None:
    """Keep who found it: what was asked first may have passed the work on, or been replaced."""
    used = (finder.name, finder.version)
    others = Analysis.objects.filter(image=analysis.image_id, kind=analysis.kind)
    taken = others.filter(plugin=finder.name, plugin_version=finder.version)
    if used == (analysis.plugin, analysis.plugin_version) or taken.exists():
        return
    analysis.plugin, analysis.plugin_version = used
    analysis.save(update_fields=["plugin", "plugin_version", "updated_at"])

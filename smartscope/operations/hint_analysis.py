"""Tell the workers, after the commit, that an analysis waits; the sweeper repeats a lost hint."""

from __future__ import annotations

from django.db import transaction

from smartscope.models import Analysis
from smartscope.operations.signals import analysis_wanted


def hint_analysis(analysis: Analysis) -> None:
    """Queue the message for this transaction's commit."""
    wanted = str(analysis.pk)
    transaction.on_commit(
        lambda: analysis_wanted.send_robust(sender=Analysis, analysis_id=wanted), robust=True
    )

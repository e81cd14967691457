"""The queue's side of the workers: ids in, nothing out; the rows say what became of them."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from workers import warm_up  # noqa: F401 (a worker that loads its tasks warms up)


@shared_task(name="smartscope.run_analysis", ignore_result=True)
def run_analysis(analysis_id: str) -> None:
    """Do one analysis; imported late, so that a parent never forks with array libraries loaded."""
    from workers.analyses.run import run_analysis as run

    run(UUID(analysis_id))

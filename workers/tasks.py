"""The queue's side of the workers: ids in, nothing out; the rows say what became of them."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task

from workers import warm_up  # noqa: F401 (a worker that loads its tasks warms up)

#: below the broker's visibility timeout, or a second worker would begin the same file
EXPORT_LIMIT_S = 3_000
STUDY_LIMIT_S = 1_800


@shared_task(name="smartscope.run_analysis", ignore_result=True)
def run_analysis(analysis_id: str) -> None:
    """Do one analysis; imported late, so that a parent never forks with array libraries loaded."""
    from workers.analyses.run import run_analysis as run

    run(UUID(analysis_id))


@shared_task(name="smartscope.deliver_webhook", ignore_result=True)
def deliver_webhook(delivery_id: str) -> None:
    """Send one event to whoever asked for it."""
    from workers.webhooks.deliver import deliver

    deliver(UUID(delivery_id))


@shared_task(
    name="smartscope.write_export",
    ignore_result=True,
    soft_time_limit=EXPORT_LIMIT_S,
    time_limit=EXPORT_LIMIT_S + 60,
)
def write_export(export_id: str) -> None:
    """Write one file that somebody asked for; stacks of a large grid take a while."""
    from workers.exports.run import run_export

    run_export(UUID(export_id))


@shared_task(
    name="smartscope.work_out_study",
    ignore_result=True,
    soft_time_limit=STUDY_LIMIT_S,
    time_limit=STUDY_LIMIT_S + 60,
)
def work_out_study(study_id: str) -> None:
    """Learn from clicks, or average classes, of one grid's particles."""
    from workers.studies.run import run_study

    run_study(UUID(study_id))


@shared_task(name="smartscope.clear_files", ignore_result=True)
def clear_files(clearing_id: str) -> None:
    """Remove some of the files that retention chose; the sweeper has it gone on with."""
    from workers.clearing import clear_files as clear

    clear(UUID(clearing_id))

"""Connects what operations announce to the queue."""

from __future__ import annotations

from uuid import UUID

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        from smartscope.operations.signals import analysis_wanted, work_wanted

        analysis_wanted.connect(_on_analysis_wanted, dispatch_uid="workers.nudge")
        work_wanted.connect(_on_work_wanted, dispatch_uid="workers.nudge_work")


def _on_analysis_wanted(sender: object, *, analysis_id: str, **_: object) -> None:
    from workers.nudge import nudge

    nudge(UUID(analysis_id))


def _on_work_wanted(sender: object, *, told_as: str, pk: str, **_: object) -> None:
    from workers.nudge import nudge_work

    nudge_work(told_as, UUID(pk))

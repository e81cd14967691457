"""Connects what operations announce to the queue."""

from __future__ import annotations

from uuid import UUID

from django.apps import AppConfig


class WorkersConfig(AppConfig):
    name = "workers"

    def ready(self) -> None:
        from smartscope.operations.signals import analysis_wanted, export_wanted

        analysis_wanted.connect(_on_analysis_wanted, dispatch_uid="workers.nudge")
        export_wanted.connect(_on_export_wanted, dispatch_uid="workers.nudge_export")


def _on_analysis_wanted(sender: object, *, analysis_id: str, **_: object) -> None:
    from workers.nudge import nudge

    nudge(UUID(analysis_id))


def _on_export_wanted(sender: object, *, export_id: str, **_: object) -> None:
    from workers.nudge import nudge_export

    nudge_export(UUID(export_id))

"""The Django app of the page: it passes committed events on to open browsers as thin hints."""

from __future__ import annotations

from django.apps import AppConfig


class FrontendConfig(AppConfig):
    name = "frontend"
    verbose_name = "dashboard"

    def ready(self) -> None:
        from frontend.hints import pass_on
        from smartscope.operations.signals import event_committed

        event_committed.connect(pass_on, dispatch_uid="frontend.hints")

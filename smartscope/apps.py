"""The Django app of the service: checks that refuse an unsafe configuration, and the queue."""

from __future__ import annotations

from django.apps import AppConfig


class SmartscopeConfig(AppConfig):
    """Models live in `smartscope.models`; nothing is decided here."""

    name = "smartscope"
    verbose_name = "smartscope"

    def ready(self) -> None:
        from smartscope import configuration_checks  # noqa: F401 (registers on import)
        from smartscope.celery import app

        # whatever process sends a hint, it goes to our broker
        app.set_default()

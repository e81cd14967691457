"""The Django app of the service: it registers the checks that refuse an unsafe configuration."""

from __future__ import annotations

from django.apps import AppConfig


class SmartscopeConfig(AppConfig):
    """Models live in `smartscope.models`; nothing is done here but registering checks."""

    name = "smartscope"
    verbose_name = "smartscope"

    def ready(self) -> None:
        from smartscope import configuration_checks  # noqa: F401 (registers on import)

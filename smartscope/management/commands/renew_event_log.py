"""`manage.py renew_event_log --reason`: after a restore no page trusts what it has read."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from smartscope.domain.actor import SETUP
from smartscope.operations.renew_event_log import renew_event_log


class Command(BaseCommand):
    help = "Give the event log a new id, after the database was restored."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--reason", required=True, help="what was restored, for the log")

    def handle(self, *args: Any, **options: Any) -> None:
        log_id = renew_event_log(SETUP, reason=options["reason"])
        self.stdout.write(f"The event log is {log_id} now; open pages read everything again.")

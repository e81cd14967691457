"""Print what a run achieved and what it cost, as JSON; the same figures as the API's."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q

from smartscope.models import Run
from smartscope.queries.grid_verdicts import grid_verdicts
from smartscope.queries.run_summary import run_summary


class Command(BaseCommand):
    help = "Print the figures of the newest run, of all sessions or of one."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", nargs="?", help="name of a session")

    def handle(self, *args: Any, **options: Any) -> None:
        named = Q() if options["session"] is None else Q(session__name=options["session"])
        runs = Run.objects.select_related("session", "microscope").filter(named)
        run = runs.order_by("-created_at").first()
        if run is None:
            raise CommandError("There is no such run; start a session first.")
        head = {"session": run.session.name, "run": str(run.pk), "state": run.state}
        tail = {"ranking": grid_verdicts(run.session_id)}
        self.stdout.write(json.dumps(head | run_summary(run) | tail, indent=2))

"""`manage.py retry_analyses SESSION`: try a session's dead analyses again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from smartscope.domain.actor import SETUP
from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis
from smartscope.operations.retry_analysis import retry_analysis


class Command(BaseCommand):
    help = "Try the dead analyses of a session again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("session", help="the session's name")

    def handle(self, *args: Any, **options: Any) -> None:
        dead = Analysis.objects.filter(
            image__grid__session__name=options["session"], state=AnalysisState.DEAD
        ).order_by("image__taken_at_s")
        for analysis in dead:
            retry_analysis(SETUP, analysis.pk)
            self.stdout.write(f"{analysis.kind} of {analysis.image.key}: wanted again")
        self.stdout.write(f"{len(dead)} analyses are tried again.")

"""`manage.py doctor --microscope NAME`: what would end a night, and what to fix."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.check_up import Finding, Verdict
from smartscope.models import Microscope

_SUBJECT_WIDTH = 18


class Command(BaseCommand):
    help = (
        "Check a microscope before a night, one line for each check. Nothing moves and nothing is "
        "exposed; while a bridge drives the microscope it is not asked anything. Exit code 1 when "
        "something must be put right."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--microscope", required=True, metavar="NAME")

    def handle(self, *args: Any, **options: Any) -> None:
        from workers.doctor.examination import examine_microscope

        microscope = Microscope.objects.filter(name=options["microscope"]).first()
        if microscope is None:
            known = ", ".join(Microscope.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no such microscope; there are {known}.")
        counts = dict.fromkeys(Verdict, 0)
        for finding in examine_microscope(microscope):
            counts[finding.verdict] += 1
            self._print(finding)
        self.stdout.write(
            f"\n{counts[Verdict.FAIL]} to put right, {counts[Verdict.WARN]} to weigh, "
            f"{counts[Verdict.OK]} sound."
        )
        if counts[Verdict.FAIL]:
            sys.exit(1)

    def _print(self, finding: Finding) -> None:
        style = {
            Verdict.OK: self.style.SUCCESS,
            Verdict.WARN: self.style.WARNING,
            Verdict.FAIL: self.style.ERROR,
        }[finding.verdict]
        word = style(f"{finding.verdict:<4}")
        self.stdout.write(f"{word}  {finding.subject:<{_SUBJECT_WIDTH}}  {finding.told}")
        if finding.advice:
            self.stdout.write(f"{'':<{_SUBJECT_WIDTH + 8}}-> {finding.advice}")
        self.stdout.flush()

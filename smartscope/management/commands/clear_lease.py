"""`manage.py clear_lease MICROSCOPE --reason`: a person looked; it may be driven again."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from smartscope.domain.actor import SETUP
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Microscope
from smartscope.operations.lease.clear_lease import clear_lease


class Command(BaseCommand):
    help = "Clear a quarantined lease, after looking at the instrument."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("microscope", help="the microscope's name")
        parser.add_argument("--reason", required=True, help="what was seen and done, for the log")

    def handle(self, *args: Any, **options: Any) -> None:
        microscope = Microscope.objects.filter(name=options["microscope"]).first()
        if microscope is None:
            known = ", ".join(Microscope.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no such microscope; there are {known}.")
        try:
            clear_lease(microscope.pk, SETUP, reason=options["reason"])
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The lease is free; the bridge takes it up and recovers.")

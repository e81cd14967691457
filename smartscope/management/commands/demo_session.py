"""`manage.py demo_session`: a simulated microscope with a cassette, its session started."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartscope.domain.errors import SmartscopeError
from workers.demo_night import demo_night


class Command(BaseCommand):
    help = "Make the demonstration's session and start it; goes on with one that is there."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--grids", type=int, default=4)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--speed", default="60", help='a factor, or "instant"')

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            session = demo_night(
                grids=options["grids"],
                seed=options["seed"],
                speed=options["speed"],
                today=timezone.now(),
            )
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(session.name)

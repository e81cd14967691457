"""`manage.py demo_session`: a simulated microscope with a cassette, its session started."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from smartscope.demo.cassette import Cassette
from smartscope.domain.errors import SmartscopeError
from workers.demo_night import demo_night


class Command(BaseCommand):
    help = (
        "Make the demonstration's session and start it; goes on with one that is there. Its "
        "microscope is a running serialem_simulator with the same number of grids."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--grids", type=int, default=4)
        parser.add_argument("--seed", type=int, default=7)
        parser.add_argument("--host", default="127.0.0.1", help="where the simulator listens")
        parser.add_argument(
            "--link",
            choices=("tunnel", "closed_network"),
            default="tunnel",
            help="closed_network: the host is another computer, reached by this service alone",
        )
        parser.add_argument("--port", type=int, default=48888)
        parser.add_argument("--control-port", type=int, default=48889)
        parser.add_argument(
            "--frames",
            type=Path,
            required=True,
            help="a folder that the simulator and the bridge both see",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        cassette = Cassette(grids=options["grids"], seed=options["seed"])
        options["frames"].mkdir(parents=True, exist_ok=True)
        frames = str(options["frames"].resolve())
        try:
            session = demo_night(
                qualities=cassette.qualities(),
                seed=cassette.seed,
                driver_settings={
                    "host": options["host"],
                    "link": options["link"],
                    "port": options["port"],
                    "control_port": options["control_port"],
                    "frames_folder": frames,
                    "frames_mount": frames,
                    "areas": "mini",
                },
                today=timezone.now(),
            )
        except SmartscopeError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(session.name)

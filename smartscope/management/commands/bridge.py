"""`manage.py bridge`: drive one microscope until told to end."""

from __future__ import annotations

import signal
import sys
import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import QuerySet

if TYPE_CHECKING:
    from smartscope.models import Microscope

LOOK_EVERY_S = 1.0


class Command(BaseCommand):
    help = (
        "Drive a microscope: one process per microscope. Without a name it drives the only one, "
        "and waits until there is one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--microscope", metavar="NAME", help="the microscope's name")

    def handle(self, *args: Any, **options: Any) -> None:
        from smartscope.image_memory import keep_image_memory
        from workers.bridge.fault_points import arm_from_environment
        from workers.bridge.process import BridgeProcess

        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        keep_image_memory()
        arm_from_environment()
        microscope = _await_microscope(options["microscope"], stop)
        if microscope is not None:
            sys.exit(BridgeProcess(microscope, stop=stop).run())


def _await_microscope(name: str | None, stop: threading.Event) -> UUID | None:
    """The microscope of that name, or the only one; None when told to end before."""

    while not stop.is_set():
        known = dict(_driven().values_list("name", "pk"))
        if name is not None and known and name not in known:
            raise CommandError(f"There is no microscope {name!r}; there are {', '.join(known)}.")
        if name is None and len(known) > 1:
            raise CommandError(f"Say which: --microscope with one of {', '.join(known)}.")
        if known:
            return known[name] if name is not None else next(iter(known.values()))
        stop.wait(LOOK_EVERY_S)
    return None


def _driven() -> QuerySet[Microscope]:
    """Microscopes with a driver; those known from imported files have none."""
    from smartscope.models import Microscope

    return Microscope.objects.exclude(driver_kind="none")

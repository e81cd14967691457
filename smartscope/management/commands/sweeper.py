"""`manage.py sweeper`: nudge stranded work until told to end."""

from __future__ import annotations

import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Nudge stranded analyses and publish late events, until SIGTERM."

    def handle(self, *args: Any, **options: Any) -> None:
        from workers.sweeper import sweep_for_ever

        ended = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: ended.set())
        sweep_for_ever(ended.wait)

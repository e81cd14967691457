"""What a person's first edit would wait for, inside a transaction that others wait for."""

from __future__ import annotations

import threading

from django.conf import settings

#: by then the first pages have been answered, with which this would compete
AFTER_S = 30.0


def warm_up_later() -> None:
    """In a process that answers edits: behind its back, once it has been up for a while."""
    if settings.PROCESS != "web":
        return
    timer = threading.Timer(AFTER_S, _make_ready)
    timer.daemon = True
    timer.start()


def _make_ready() -> None:
    from smartscope.analysis.warm_up import make_grouping_ready

    make_grouping_ready()

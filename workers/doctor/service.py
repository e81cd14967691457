"""What a night needs of the service itself: database, Redis, clocks, storage, known cameras."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.db import connection

from smartscope.domain.check_up import Finding, broken, doubtful, room_left, sound
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Detector, Microscope
from smartscope.queries.health import readiness
from smartscope.storage.current import current_store

LARGEST_CLOCK_OFFSET_S = 2.0


def look_at_service(
    microscope: Microscope, *, wall_clock: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Everything but the instrument; `wall_clock` is Unix time of this computer."""
    for check in readiness():
        yield _dependency(check["name"], good=check["good"], told=check["told"])
    yield _database_clock(wall_clock)
    yield _storage()
    yield from _cameras(microscope)


def _dependency(name: str, *, good: bool, told: str) -> Finding:
    if not good:
        return broken(name, told, "Put that right first: nothing is remembered without it.")
    if told:
        return doubtful(name, told, "Start it, or correct REDIS_URL; the night itself goes on.")
    return sound(name, "answers" if name != "migrations" else "none is waiting")


def _database_clock(wall_clock: Callable[[], float]) -> Finding:
    begun_s = wall_clock()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        there_s = float(cursor.fetchone()[0])
    offset_s = there_s - (begun_s + wall_clock()) / 2
    told = f"the database's computer is {offset_s:+.1f} s from this one"
    if abs(offset_s) > LARGEST_CLOCK_OFFSET_S:
        return broken("clock", told, "Set both clocks by NTP.")
    return sound("clock", told)


def _storage() -> Finding:
    try:
        store = current_store()
    except (SmartscopeError, OSError) as error:
        return broken("storage", str(error), "Correct SMARTSCOPE_STORAGE_URL.")
    parts = urlsplit(store.root_url)
    if parts.scheme != "file":
        return sound("storage", f"{store.root_url}, whose room cannot be measured")
    usage = shutil.disk_usage(Path(unquote(parts.path)))
    return room_left("storage", parts.path, free_bytes=usage.free, total_bytes=usage.total)


def _cameras(microscope: Microscope) -> Iterator[Finding]:
    detectors = Detector.objects.filter(microscope=microscope).order_by("number")
    if not detectors:
        yield doubtful(
            "cameras",
            "no camera is known, so counts cannot be turned into electrons",
            "Add the microscope's cameras with their calibration.",
        )
    for detector in detectors:
        subject = f"camera {detector.name}"
        if detector.counts_per_electron is None:
            yield doubtful(
                subject,
                "nobody calibrated its counts per electron: doses and ice are guesses",
                "Take an image through vacuum at a known dose and set counts_per_electron.",
            )
        else:
            yield sound(subject, f"{detector.counts_per_electron:g} counts per electron")

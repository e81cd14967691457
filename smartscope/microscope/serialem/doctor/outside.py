"""What can be checked of a SerialEM microscope without a byte to it: settings, link, movies' disk.

SerialEM serves its newest client only, so even a connection that says nothing would throw a bridge
out; nothing here opens one.
"""

from __future__ import annotations

import secrets
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime
from pathlib import Path

from smartscope.domain.check_up import Finding, broken, doubtful, room_left, sound
from smartscope.microscope.serialem.closed_way import is_loopback
from smartscope.microscope.serialem.settings import SerialEmSettings

OLDEST_CALIBRATION_DAYS = 90
LARGEST_CLOCK_OFFSET_S = 2.0


def look_from_outside(
    settings: SerialEmSettings, *, wall_clock: Callable[[], float] = time.time
) -> Iterator[Finding]:
    """Every check that needs no connection; `wall_clock` is Unix time."""
    yield _link(settings)
    yield _calibration(settings, datetime.fromtimestamp(wall_clock(), UTC).date())
    yield from _movies(settings.frames.mount, wall_clock)


def _link(settings: SerialEmSettings) -> Finding:
    if is_loopback(settings.host):
        return sound("link", f"{settings.host}:{settings.port} does not leave this computer")
    return doubtful(
        "link",
        f"{settings.host}:{settings.port} is another computer on a network that this site calls "
        "closed; nothing here can prove it, and whoever reaches that port drives the column",
        "See that the firewall of the SerialEM computer admits this computer only, or block the "
        "port and forward it by SSH (docs/operator.md, The link to SerialEM).",
    )


def _calibration(settings: SerialEmSettings, today: date) -> Finding:
    calibrated = settings.calibrated_on
    if calibrated is None:
        return doubtful(
            "calibration",
            "nobody wrote down when the areas were calibrated",
            "Compare pixel sizes and doses with SerialEM, then set calibrated_on.",
        )
    days = (today - calibrated).days
    if days > OLDEST_CALIBRATION_DAYS or days < 0:
        return doubtful(
            "calibration",
            f"the areas were calibrated on {calibrated}, {days} days ago",
            "Measure pixel sizes and doses again, then correct areas and calibrated_on.",
        )
    return sound("calibration", f"the areas were calibrated on {calibrated}")


def _movies(mount: Path, wall_clock: Callable[[], float]) -> Iterator[Finding]:
    if not mount.is_dir():
        yield broken(
            "movies",
            f"there is no folder {mount} on this computer",
            "Mount the camera's folder there, or correct frames_mount.",
        )
        return
    usage = shutil.disk_usage(mount)
    yield room_left("movies' disk", str(mount), free_bytes=usage.free, total_bytes=usage.total)
    probe = probe_file(mount)
    try:
        probe.write_bytes(b"smartscope")
        written_s = wall_clock()
        offset_s = probe.stat().st_mtime - written_s
    except OSError as error:
        yield doubtful(
            "movies",
            f"nothing can be written to {mount} ({error.strerror}), so its clock is not known",
            "Movies can be read all the same; let this user write there if the clock matters.",
        )
        return
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)
    yield sound("movies", f"{mount} can be read and written")
    yield _clock(offset_s)


def probe_file(mount: Path) -> Path:
    """A name in the movies' folder that nobody else uses; it never outlives the check."""
    return mount / f"smartscope-doctor-{secrets.token_hex(6)}.txt"


def _clock(offset_s: float) -> Finding:
    told = f"the computer that keeps the movies is {offset_s:+.1f} s from this one"
    if abs(offset_s) > LARGEST_CLOCK_OFFSET_S:
        return broken("movies' clock", told, "Set both clocks by NTP; files are matched by time.")
    return sound("movies' clock", told)

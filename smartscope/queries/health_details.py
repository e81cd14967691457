"""How every part of the service is now, for the health page: a check that cannot run is bad.

Tells no group's data and no addresses: whoever is signed in may know whether the house stands.
"""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import django
from django.conf import settings
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.models import Count, Min, Q
from django.utils import timezone
from redis.exceptions import RedisError

from smartscope.domain.check_up import Finding, broken, doubtful, room_left, sound
from smartscope.domain.counted import counted
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.status import AnalysisState
from smartscope.models import Analysis, Detector, Event, Lease, LeaseState, Microscope
from smartscope.queries.agents import GUARDING
from smartscope.queries.calibrations import calibrations
from smartscope.queries.health import readiness
from smartscope.queries.networks import active_networks
from smartscope.queries.upkeep_times import upkeep_times
from smartscope.storage.current import current_store

#: an event that no sweeper has passed on for so long
UNPUBLISHED_FOR = timedelta(seconds=60)
#: a worker says every few seconds that it lives
BEAT = timedelta(seconds=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """Analyses of one kind: how many stand where, and since when the oldest waits."""

    kind: str
    wanted: int
    running: int
    dead: int
    oldest_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PluginInUse:
    """A plug-in as analyses name it, with its version and the site's own weights if any."""

    kind: str
    name: str
    version: str
    done: int
    dead: int
    network: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MicroscopeHealth:
    name: str
    simulated: bool
    state: str
    checks: list[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    services: list[Finding]
    queues: list[Queue]
    plugins: list[PluginInUse]
    microscopes: list[MicroscopeHealth]
    versions: dict[str, str]


def health_details() -> Health:
    """A constant number of queries per microscope."""
    services = list(_services())
    try:
        return Health(
            services=services,
            queues=_queues(),
            plugins=_plugins(),
            microscopes=[_microscope(one) for one in Microscope.objects.order_by("name")],
            versions=_versions(),
        )
    except DatabaseError:
        return Health(services=services, queues=[], plugins=[], microscopes=[], versions={})


def _services() -> Iterator[Finding]:
    for check in readiness():
        name, told = check["name"], check["told"]
        if not check["good"]:
            yield broken(name, told, "Put that right first: nothing is remembered without it.")
        elif told:
            yield doubtful(name, told, "Start it, or correct REDIS_URL.")
        else:
            yield sound(name, "answers" if name != "migrations" else "none is waiting")
    for name, look in (("sweeper", _sweeper), ("workers", _workers), ("storage", _storage)):
        yield from _looked(name, look)


def _looked(name: str, look: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    try:
        yield from look()
    except (DatabaseError, SmartscopeError, OSError) as problem:
        yield broken(name, f"could not be looked at: {type(problem).__name__}", "See the log.")


def _sweeper() -> Iterator[Finding]:
    """What it has not passed on shows that it does not run."""
    oldest = Event.objects.filter(published_at=None).aggregate(at=Min("time"))["at"]
    age = timedelta(0) if oldest is None else timezone.now() - oldest
    if age > UNPUBLISHED_FOR:
        minutes = age.total_seconds() / 60
        yield broken(
            "sweeper",
            f"events wait for {counted(minutes, 'minute')} to be passed on",
            "Start it: manage.py sweeper. Alarms are told by it.",
        )
    else:
        yield sound("sweeper", "passes events on")


def _workers() -> Iterator[Finding]:
    now = timezone.now()
    waiting = Analysis.objects.filter(state__in=(AnalysisState.WANTED, AnalysisState.RUNNING))
    found = waiting.aggregate(
        busy=Count("pk", filter=Q(state=AnalysisState.RUNNING, beat_at__gt=now - BEAT)),
        oldest=Min("created_at"),
    )
    age_s = 0.0 if found["oldest"] is None else (now - found["oldest"]).total_seconds()
    if age_s > settings.OLD_ANALYSIS_S:
        yield broken(
            "workers",
            f"an image waits for {counted(age_s / 60, 'minute')} for its analysis",
            "Start workers: celery -A smartscope worker.",
        )
    else:
        yield sound("workers", f"{counted(found['busy'], 'analysis', 'analyses')} under way")


def _storage() -> Iterator[Finding]:
    store = current_store()
    parts = urlsplit(store.root_url)
    if parts.scheme == "file":
        usage = shutil.disk_usage(Path(unquote(parts.path)))
        yield room_left(
            "storage", "the image store", free_bytes=usage.free, total_bytes=usage.total
        )
    else:
        yield sound("storage", "its room cannot be measured")


def _queues() -> list[Queue]:
    now = timezone.now()
    rows = (
        Analysis.objects.values("kind")
        .annotate(
            wanted=Count("pk", filter=Q(state=AnalysisState.WANTED)),
            running=Count("pk", filter=Q(state=AnalysisState.RUNNING)),
            dead=Count("pk", filter=Q(state=AnalysisState.DEAD)),
            oldest=Min("created_at", filter=Q(state=AnalysisState.WANTED)),
        )
        .order_by("kind")
    )
    return [
        Queue(
            kind=row["kind"],
            wanted=row["wanted"],
            running=row["running"],
            dead=row["dead"],
            oldest_s=None if row["oldest"] is None else (now - row["oldest"]).total_seconds(),
        )
        for row in rows
    ]


def _plugins() -> list[PluginInUse]:
    networks = active_networks()
    rows = (
        Analysis.objects.values("kind", "plugin", "plugin_version")
        .annotate(
            done=Count("pk", filter=Q(state=AnalysisState.DONE)),
            dead=Count("pk", filter=Q(state=AnalysisState.DEAD)),
        )
        .order_by("kind", "plugin", "plugin_version")
    )
    return [
        PluginInUse(
            kind=row["kind"],
            name=row["plugin"],
            version=row["plugin_version"],
            done=row["done"],
            dead=row["dead"],
            network=networks[row["plugin"]].sha256[:12] if row["plugin"] in networks else "",
        )
        for row in rows
    ]


def _microscope(microscope: Microscope) -> MicroscopeHealth:
    checks = [_bridge(microscope), _agent(microscope)]
    detector = Detector.objects.filter(microscope=microscope).order_by("number").first()
    if detector is not None:
        checks += calibrations(microscope, detector, upkeep_times(microscope.pk))
    return MicroscopeHealth(
        name=microscope.name,
        simulated=microscope.simulated,
        state=microscope.state,
        checks=checks,
    )


def _bridge(microscope: Microscope) -> Finding:
    lease = Lease.objects.filter(pk=microscope.pk).first()
    if lease is None or lease.state == LeaseState.FREE:
        return sound("bridge", "drives nothing now")
    if lease.state == LeaseState.HELD:
        alive = lease.expires_at is not None and lease.expires_at > timezone.now()
        if alive:
            return sound("bridge", f"drives it under epoch {lease.epoch}")
        return broken("bridge", "went silent", "Its supervisor starts it again; look at it.")
    return broken("bridge", f"held back: {lease.state}", "Look at the instrument, then clear it.")


def _agent(microscope: Microscope) -> Finding:
    if not microscope.agent_state:
        told = "none is set up"
        return (
            sound("safety agent", told)
            if microscope.simulated
            else doubtful("safety agent", told, "Set one up (docs/operator.md).")
        )
    if microscope.agent_state in GUARDING:
        return sound("safety agent", microscope.agent_state)
    return broken("safety agent", f"it is {microscope.agent_state}", "Look at its log.")


def _versions() -> dict[str, str]:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = str(cursor.fetchone()[0])
    return {
        "smartscope": settings.VERSION,
        "python": platform.python_version(),
        "django": django.get_version(),
        "postgresql": postgresql,
        "redis": _redis_version(),
    }


def _redis_version() -> str:
    client: Any = getattr(cache, "_cache", None)
    try:
        return str(client.get_client().info("server")["redis_version"])
    except (RedisError, AttributeError, KeyError):
        return "does not answer"

"""What a start of this session would meet: disk, calibrations, exchanges, minutes, first steps.

Reads rows and the disk only; what the instrument itself says is known to the bridge alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import UUID

from django.db.models import Exists, OuterRef, Subquery

from smartscope.domain.check_up import Finding, Verdict, broken, doubtful, room_left, sound
from smartscope.domain.errors import SmartscopeError
from smartscope.domain.first_steps import first_steps
from smartscope.domain.geometry import Point
from smartscope.domain.narration import Told
from smartscope.domain.presets import differences
from smartscope.domain.snapshot import GridPicture, Instrument
from smartscope.domain.status import GRID_ENDS, RunState
from smartscope.models import LeaseState, Microscope, Run, Session
from smartscope.queries.agents import unguarded
from smartscope.queries.calibrations import calibrations, microscope_now_s
from smartscope.queries.estimate import GridEstimate, Pace, estimate, pace_of
from smartscope.queries.presets import facility_default
from smartscope.queries.sessions import LIVE
from smartscope.queries.snapshot import snapshot_before
from smartscope.storage.current import current_store


@dataclass(frozen=True, slots=True, kw_only=True)
class GridPlan:
    """One grid that is still to be taken; `differs` is against the facility's default."""

    id: UUID
    slug: str
    name: str
    position: int
    estimate: GridEstimate
    differs: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Preflight:
    """`blocked` are the reasons why a start would be refused or do nothing."""

    blocked: tuple[str, ...]
    checks: tuple[Finding, ...]
    grids: tuple[GridPlan, ...]
    minutes: float
    gigabytes: float
    exchanges: int
    first_steps: tuple[Told, ...]


def preflight(session: Session) -> Preflight:
    """For the grids that have not ended, in the order they will be taken.

    Seven queries for a session that was never begun, twelve for any other.
    """
    session = _with_place(session)
    microscope = session.microscope
    pace = pace_of(microscope.pk, session.detector)
    usual = facility_default()
    snapshot = snapshot_before(session, _instrument(session), now_s=microscope_now_s(microscope))
    going = [grid for grid in snapshot.grids if grid.status not in GRID_ENDS]
    plans = tuple(_plan(grid, pace, usual) for grid in going)
    gigabytes = sum(plan.estimate.gigabytes for plan in plans)
    exchanges = sum(plan.position != microscope.loaded_position for plan in plans)
    checks = (
        *_room(gigabytes),
        *calibrations(microscope, session.detector, snapshot.upkeep),
        _driver(microscope),
        *_cassette(microscope, going),
    )
    return Preflight(
        blocked=tuple(_blocked(session, going, checks)),
        checks=checks,
        grids=plans,
        minutes=sum(plan.estimate.minutes for plan in plans),
        gigabytes=gigabytes,
        exchanges=exchanges if microscope.loader_slots else 0,
        first_steps=tuple(first_steps(snapshot)) if going else (),
    )


def _with_place(session: Session) -> Any:
    """The session with its microscope, camera and lease; `interrupted` says that a run of it was,
    `live` and `live_state` which session's run is live on that microscope, and how.
    """
    live = Run.objects.filter(microscope=OuterRef("microscope"), state__in=LIVE)
    interrupted = Run.objects.filter(session=OuterRef("pk"), state=RunState.INTERRUPTED)
    return (
        Session.objects.select_related("microscope__lease", "detector")
        .annotate(
            interrupted=Exists(interrupted),
            live=Subquery(live.values("session")[:1]),
            live_state=Subquery(live.values("state")[:1]),
        )
        .get(pk=session.pk)
    )


def _plan(grid: GridPicture, pace: Pace, usual: Any) -> GridPlan:
    return GridPlan(
        id=grid.id,
        slug=grid.slug,
        name=grid.name,
        position=grid.position,
        estimate=estimate(grid.protocol, pace),
        differs=differences(grid.protocol, usual),
    )


def _instrument(session: Session) -> Instrument:
    """As the bridge noted it last, with nothing in the way."""
    microscope = session.microscope
    return Instrument(
        has_autoloader=microscope.loader_slots > 0,
        loaded_position=microscope.loaded_position,
        valves_open=bool(microscope.valves_open),
        stage=Point(microscope.stage_x_um or 0.0, microscope.stage_y_um or 0.0),
        stage_doubt=microscope.stage_doubt,
        energy_filter=session.detector.energy_filter,
        zero_loss_at_s=microscope.zero_loss_at_s,
    )


def _blocked(
    session: Any, going: Sequence[GridPicture], checks: tuple[Finding, ...]
) -> Iterator[str]:
    microscope = session.microscope
    if session.imported:
        yield f"{session.name} was imported from files: it is looked at, never driven."
    if not going:
        yield "Every grid has ended; add one, or queue one again."
    if session.stop_at is not None and session.stop_at.timestamp() <= microscope_now_s(microscope):
        yield "The session was to end by now; move its end, or take it away."
    if why := unguarded(microscope):
        yield why
    if session.live == session.pk:
        yield f"A run of this session is {session.live_state} already."
    elif session.live is not None:
        on = f"{session.live_state} on {microscope.name}"
        yield f"Another session's run is {on}; it must end first."
    if session.interrupted:
        yield "The session's run was interrupted; resume takes it up again, stop ends it."
    lease = getattr(microscope, "lease", None)
    if lease is not None and lease.state in (LeaseState.QUARANTINED, LeaseState.MAINTENANCE):
        yield f"{microscope.name} is in {lease.state}: a person must look and clear it."
    for check in checks:
        if check.verdict is Verdict.FAIL:
            yield f"{check.subject}: {check.told}. {check.advice}"


def _room(gigabytes: float) -> Iterator[Finding]:
    try:
        store = current_store()
        parts = urlsplit(store.root_url)
        if parts.scheme != "file":
            yield sound("disk", f"{store.root_url}, whose room cannot be measured")
            return
        usage = shutil.disk_usage(Path(unquote(parts.path)))
    except (SmartscopeError, OSError) as problem:
        yield broken("disk", str(problem), "Correct SMARTSCOPE_STORAGE_URL.")
        return
    yield room_left("disk", "the image store", free_bytes=usage.free, total_bytes=usage.total)
    told = f"about {gigabytes:.1f} GB are to be written, {usage.free / 1e9:.1f} GB are free"
    if gigabytes * 1e9 > usage.free:
        yield broken("disk for this session", told, "Free space, or plan fewer grids.")
    else:
        yield sound("disk for this session", told)


def _driver(microscope: Microscope) -> Finding:
    if microscope.state != "offline":
        return sound("bridge", f"{microscope.name} is {microscope.state}")
    return doubtful(
        "bridge",
        "no bridge drives this microscope now",
        f'Start one: manage.py bridge --microscope "{microscope.name}".',
    )


def _cassette(microscope: Microscope, going: Sequence[GridPicture]) -> Iterator[Finding]:
    """Slots that were seen empty; nothing is said of a cassette that nobody read."""
    known = {one["slot"]: one["occupied"] for one in microscope.inventory or []}
    empty = [str(grid.position) for grid in going if known.get(grid.position) is False]
    if empty:
        yield doubtful(
            "cassette",
            f"slots {', '.join(empty)} were empty when last read",
            "Look at the cassette; it is read again when the run is armed.",
        )
    elif known:
        yield sound("cassette", "a grid is in every planned slot, as last read")

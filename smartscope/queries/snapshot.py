"""The frozen picture a decision is taken from: one consistent read, few queries whatever the size.

In simulated time what was found out is shown only from its hour on, even if the rows are there
already; so a run is the same however fast the workers are.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q, QuerySet

from smartscope.domain.aim import aim
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import PARAMETER_NAMES, CollectionProtocol
from smartscope.domain.snapshot import (
    Finding,
    GridPicture,
    GroupPicture,
    HolePicture,
    Instrument,
    Seen,
    Snapshot,
    SquarePicture,
    Stillness,
    Wish,
)
from smartscope.domain.status import AnalysisState, GridStatus, ItemState, TargetStatus
from smartscope.models import Analysis, Grid, Group, Hole, Run, Session, Square, StepItem
from smartscope.queries.stillness import stillness
from smartscope.queries.upkeep_times import upkeep_times

#: an atlas that was given up so often between two tiles counts as lost from then on
PARTIAL_ALLOWED = 4
#: where something without a place in the queue stands: behind everything that has one
LAST = 2**31 - 1
AnyTarget = TypeVar("AnyTarget", Square, Group, Hole)
_FOUND_OUT = frozenset({TargetStatus.ANALYSED, TargetStatus.DONE})


@dataclass(slots=True)
class _AtlasesLost:
    """Atlases of this visit without a whole file, and the dose (e/Å²) of each."""

    lost: int = 0
    given_up: int = 0
    doses_e_per_a2: list[float] = field(default_factory=list)

    @property
    def losses(self) -> int:
        """How many count as lost."""
        return self.lost + max(0, self.given_up - PARTIAL_ALLOWED)


@dataclass(frozen=True, slots=True)
class _Rows:
    """Everything read, by parent."""

    run: Run
    grids: tuple[Grid, ...]
    squares: Mapping[UUID, list[Square]]
    groups: Mapping[UUID, list[Group]]
    holes: Mapping[UUID, list[Hole]]
    findings: Mapping[UUID, Finding]
    atlases_lost: Mapping[UUID, _AtlasesLost]
    stillness: Stillness
    upkeep: Mapping[str, float]


def take_snapshot(run: UUID, instrument: Instrument, *, now_s: float, simulated: bool) -> Snapshot:
    """The run as it stands at `now_s`; `simulated` hides what may not be known yet."""
    found = Run.objects.select_related("microscope", "session", "wished_by")
    with _one_moment():
        rows = _read(found.get(pk=run), now_s, simulated=simulated)
    return _taken(rows, instrument, now_s)


def snapshot_before(session: Session, instrument: Instrument, *, now_s: float) -> Snapshot:
    """As `take_snapshot`, for a session that no run was begun of: what a start would meet."""
    run = Run(session=session, microscope=session.microscope, wish=Wish.RUN)
    with _one_moment():
        rows = _read(run, now_s, simulated=session.simulated, begun=False)
    return _taken(rows, instrument, now_s)


def _taken(rows: _Rows, instrument: Instrument, now_s: float) -> Snapshot:
    person = rows.run.wished_by
    return Snapshot(
        now_s=now_s,
        wish=Wish(rows.run.wish),
        wished_by=person.get_username() if person else "the service",
        instrument=instrument,
        grids=tuple(_grid(rows, grid) for grid in rows.grids),
        hand_loaded=rows.run.microscope.hand_loaded_id,
        stage_answer=rows.run.microscope.stage_answer,
        paused_because=_service_paused(rows.run),
        stillness=rows.stillness,
        upkeep=rows.upkeep,
        stop_at_s=_stop_at_s(rows.run),
    )


def _stop_at_s(run: Run) -> float | None:
    return None if run.session.stop_at is None else run.session.stop_at.timestamp()


def _service_paused(run: Run) -> str:
    """Why the service itself paused the run, so that nobody need be at the microscope."""
    if run.wish != Wish.PAUSE or run.wished_by_id is not None:
        return ""
    return run.state_reason or "paused by the service"


@contextmanager
def _one_moment() -> Iterator[None]:
    """All queries see the same commit; inside a caller's transaction, whatever that one sees."""
    nested = connection.in_atomic_block
    with transaction.atomic(savepoint=False):
        if not nested:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _read(run: Run, now_s: float, *, simulated: bool, begun: bool = True) -> _Rows:
    """A run that is not `begun` has no journal to be read."""
    grids = tuple(
        Grid.objects.filter(session_id=run.session_id)
        .select_related("atlas")
        .order_by(F("turn").asc(nulls_last=True), "position")
    )
    known = Q(visible_from_s=None) | Q(visible_from_s__lte=now_s) if simulated else Q()
    # nothing hangs on a grid without an atlas, and on one that was never begun nothing was lost
    mapped = tuple(grid for grid in grids if getattr(grid, "atlas", None) is not None)
    visited = tuple(grid for grid in grids if grid.started_at_s is not None)
    squares = _by("grid_id", Square.objects.filter(known, grid__in=mapped))
    groups = _by("square_id", Group.objects.filter(known, square__grid__in=mapped))
    holes = Hole.objects.filter(known, square__grid__in=mapped, group__isnull=False)
    return _Rows(
        run=run,
        grids=grids,
        squares=squares,
        groups=groups,
        holes=_by("group_id", holes),
        findings=_findings(mapped, now_s, simulated=simulated),
        atlases_lost=_atlases_lost(visited),
        stillness=stillness(run.pk) if begun else Stillness(),
        upkeep=upkeep_times(run.microscope_id),
    )


def _by(parent: str, rows: QuerySet[AnyTarget]) -> dict[UUID, list[AnyTarget]]:
    found: dict[UUID, list[AnyTarget]] = defaultdict(list)
    for row in rows.order_by("number"):
        found[getattr(row, parent)].append(row)
    return found


def _findings(grids: tuple[Grid, ...], now_s: float, *, simulated: bool) -> dict[UUID, Finding]:
    """By image: what is known of the squares or holes in it."""
    rows = Analysis.objects.filter(
        image__grid__in=grids, kind__in=("find_squares", "find_holes")
    ).values_list("image_id", "state", "visible_at_s")
    return {
        image: _finding(AnalysisState(state), visible_at_s, now_s, simulated=simulated)
        for image, state, visible_at_s in rows
    }


def _finding(
    state: AnalysisState, visible_at_s: float, now_s: float, *, simulated: bool
) -> Finding:
    if simulated and visible_at_s > now_s:
        return Finding(Seen.PENDING, visible_at_s)
    if state is AnalysisState.DONE:
        return Finding(Seen.READY)
    if state is AnalysisState.DEAD:
        return Finding(Seen.FAILED)
    return Finding(Seen.PENDING)


def _atlases_lost(grids: tuple[Grid, ...]) -> dict[UUID, _AtlasesLost]:
    """Of this visit: a person who takes a failed grid up again begins a new one."""
    found: dict[UUID, _AtlasesLost] = defaultdict(_AtlasesLost)
    rows = StepItem.objects.filter(
        step__grid__in=grids,
        step__kind="atlas",
        step__began_at_s__gte=F("step__grid__started_at_s"),
        state__in=(ItemState.LOST, ItemState.PARTIAL),
    ).values_list("step__grid_id", "state", "dose_e_per_angstrom2")
    for grid, state, dose_e_per_a2 in rows:
        atlases = found[grid]
        atlases.doses_e_per_a2.append(dose_e_per_a2)
        if state == ItemState.LOST:
            atlases.lost += 1
        else:
            atlases.given_up += 1
    return found


def _grid(rows: _Rows, grid: Grid) -> GridPicture:
    atlas, atlases = getattr(grid, "atlas", None), rows.atlases_lost[grid.pk]
    finding = Finding() if atlas is None else rows.findings.get(atlas.tiles_image_id, Finding())
    squares: tuple[SquarePicture, ...] = ()
    status = GridStatus(grid.status)
    protocol = CollectionProtocol(**{name: getattr(grid, name) for name in PARAMETER_NAMES})
    if finding.seen is Seen.PENDING:
        status = GridStatus.ATLAS if status is GridStatus.WORKING else status
    else:
        squares = _squares(rows, grid, protocol)
    return GridPicture(
        id=grid.pk,
        position=grid.position,
        name=grid.name,
        status=status,
        protocol=protocol,
        atlas_taken=atlas is not None,
        atlas_lost=atlases.losses,
        atlas_doses_e_per_a2=tuple(atlases.doses_e_per_a2),
        atlas_finding=finding,
        squares=squares,
        begun_at_s=grid.started_at_s,
        slug=grid.slug,
    )


def _squares(rows: _Rows, grid: Grid, protocol: CollectionProtocol) -> tuple[SquarePicture, ...]:
    counts = _cycle_counts(rows, grid)
    return tuple(_square(rows, grid, square, protocol, counts) for square in rows.squares[grid.pk])


def _cycle_counts(rows: _Rows, grid: Grid) -> dict[UUID, int]:
    """By group: how many groups of its ice cluster were planned before it on this grid.

    Counted within a cluster, the defocus cycle mixes neither with the ice nor with the path.
    """
    planned = [group for square in rows.squares[grid.pk] for group in rows.groups[square.pk]]
    planned.sort(key=lambda group: (_place(group.queue_position), group.slug))
    seen: dict[int | None, int] = defaultdict(int)
    counts = {}
    for group in planned:
        cluster = _cluster(rows.holes[group.pk])
        counts[group.pk] = seen[cluster]
        seen[cluster] += 1
    return counts


def _cluster(holes: list[Hole]) -> int | None:
    """The ice cluster of a group: its centre's."""
    return next((hole.cluster for hole in holes if hole.group_role == "centre"), None)


def _square(
    rows: _Rows,
    grid: Grid,
    square: Square,
    protocol: CollectionProtocol,
    counts: Mapping[UUID, int],
) -> SquarePicture:
    finding = Finding()
    if square.image_id is not None:
        finding = rows.findings.get(square.image_id, Finding())
    status = TargetStatus(square.status)
    groups: tuple[GroupPicture, ...] = ()
    if finding.seen is Seen.PENDING:
        status = TargetStatus.IMAGED if status in _FOUND_OUT else status
    else:
        groups = tuple(
            _group(rows, grid, square, group, protocol, counts[group.pk])
            for group in rows.groups[square.pk]
        )
    return SquarePicture(
        id=square.pk,
        number=square.number,
        status=status,
        stage=Point(square.stage_x_um, square.stage_y_um),
        stage_z_um=square.stage_z_um,
        queue_position=_place(square.queue_position),
        by_person=square.queued_by_person,
        views_lost=square.views_lost,
        finding=finding,
        groups=groups,
    )


def _group(
    rows: _Rows,
    grid: Grid,
    square: Square,
    group: Group,
    protocol: CollectionProtocol,
    count: int,
) -> GroupPicture:
    return GroupPicture(
        id=group.pk,
        number=group.number,
        status=_known(TargetStatus(group.status)),
        centre=Point(group.stage_x_um, group.stage_y_um),
        order=count,
        queue_position=_place(group.queue_position),
        by_person=group.queued_by_person,
        holes=tuple(
            HolePicture(
                id=hole.pk,
                number=hole.number,
                status=_known(TargetStatus(hole.status)),
                target=aim(
                    Point(hole.stage_x_um, hole.stage_y_um),
                    hole.radius_um,
                    protocol,
                    key=(grid.position, square.number, hole.number),
                ),
            )
            for hole in rows.holes[group.pk]
        ),
    )


def _known(status: TargetStatus) -> TargetStatus:
    """Measurements of exposures may arrive at any time; for what to do next they change nothing."""
    return TargetStatus.IMAGED if status in _FOUND_OUT else status


def _place(position: int | None) -> int:
    return LAST if position is None else position

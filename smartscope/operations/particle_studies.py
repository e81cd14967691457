"""A picker that learns from clicks, or class averages: asked for by a person, for one grid.

A picker that was learnt is used for the next exposures once a person chooses it, which can be taken
back like any edit.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Sum

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.domain.particles import FEWEST_CLICKS, FEWEST_TO_AVERAGE
from smartscope.domain.protocol import LIMITS
from smartscope.domain.status import AnalysisState
from smartscope.models import Exposure, Grid, ParticleStudy, StudyKind
from smartscope.operations.asked_work import OPEN, hint_work
from smartscope.operations.edit_grid import require_version
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.clicked_exposures import clicks_of
from smartscope.queries.visible import reader_of, visible_grids


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyAsked:
    """`diameter_angstrom` None: the protocol's, or else as clicks or picks tell."""

    kind: StudyKind
    diameter_angstrom: float | None = None


@transaction.atomic
def want_study(actor: Actor, grid_id: UUID, asked: StudyAsked) -> ParticleStudy:
    """Raises NotFound, NotAllowed, InvalidInput, and Conflict `not_capable` with too few clicks or
    particles, `busy` while one of its kind is under way for the grid.
    """
    grid = _grid(actor, grid_id)
    _check(asked)
    if asked.kind is StudyKind.PICKER:
        _require_clicks(grid)
    else:
        _require_particles(grid)
    before = ParticleStudy.objects.filter(grid=grid, kind=asked.kind)
    if before.filter(state__in=OPEN).exists():
        raise Conflict(
            f"Grid {grid.name} is being studied so already; ask again when that is done.",
            code="busy",
        )
    study = ParticleStudy.objects.create(
        grid=grid,
        author_id=actor.user_id,
        kind=asked.kind,
        number=(before.aggregate(last=Max("number"))["last"] or 0) + 1,
        diameter_angstrom=asked.diameter_angstrom or grid.particle_diameter_angstrom,
    )
    hint_work(study, actor)
    return study


@transaction.atomic
def use_picker(
    actor: Actor, grid_id: UUID, study_id: UUID | None, *, version: int | None
) -> Outcome:
    """Have the grid's next exposures searched by a picker that was learnt; None: the protocol's.

    Raises NotFound, NotAllowed, and Conflict `stale`, or `not_capable` for what is no picker yet.
    """
    grid = _grid(actor, grid_id)
    require_version(grid.version, version)
    words = "the protocol's picker"
    if study_id is not None:
        study = ParticleStudy.objects.filter(pk=study_id, grid=grid).first()
        if study is None:
            raise NotFound("There is no such study of this grid.")
        if study.kind != StudyKind.PICKER or study.state != AnalysisState.DONE:
            raise Conflict("This is no picker that has learnt already.", code="not_capable")
        words = f"learnt picker {study.number}"
    edit = PendingEdit(actor)
    edit.put("grid", grid, picker_id=study_id)
    manner = Manner(summary=f"{words} for grid {grid.name}")
    return edit.commit(grid.session, "grid.changed", matched=1, manner=manner, grid=grid.pk)


def _grid(actor: Actor, grid_id: UUID) -> Grid:
    """Locked, so that numbers are given once."""
    if not visible_grids(reader_of(actor)).filter(pk=grid_id).exists():
        raise NotFound("There is no such grid that you may see.")
    grid = locked(Grid.objects.select_related("session__microscope"), [grid_id])[grid_id]
    allow(actor, grid.session)
    return grid


def _require_clicks(grid: Grid) -> None:
    added, removed = clicks_of(grid)
    if added + removed < FEWEST_CLICKS or not added:
        raise Conflict(
            f"{added} particles were added and {removed} taken away on grid {grid.name}; a picker "
            f"learns from {FEWEST_CLICKS} clicks and more, some of them added.",
            code="not_capable",
        )


def _require_particles(grid: Grid) -> None:
    rows = Exposure.objects.filter(hole__square__grid=grid)
    many = rows.aggregate(sum=Sum("particles"))["sum"] or 0
    if many < FEWEST_TO_AVERAGE:
        raise Conflict(
            f"{many} particles are counted on grid {grid.name}; averages need {FEWEST_TO_AVERAGE}.",
            code="not_capable",
        )


def _check(asked: StudyAsked) -> None:
    low, high = LIMITS["particle_diameter_angstrom"]
    size = asked.diameter_angstrom
    if size is not None and not low <= size <= high:
        raise InvalidInput(
            {"diameter_angstrom": f"{size:g} is outside {low:g} to {high:g}; choose one within."}
        )

"""A person plans a session: its grids in their slots, each with its own collection parameters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

from django.contrib.auth.models import Group as PeopleGroup
from django.db import IntegrityError, transaction
from django.utils import timezone

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.domain.protocol import (
    PARAMETER_NAMES,
    CollectionProtocol,
    GridDescription,
    check,
    check_grid,
)
from smartscope.models import Detector, Grid, Microscope, Session
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.rights import Place, require_edit
from smartscope.queries.visible import reader_of, visible_people_groups


@dataclass(frozen=True, slots=True, kw_only=True)
class NewGrid:
    """A grid as described by a person; `parameters` differ from the session's."""

    described: GridDescription
    sample: str = ""
    notes: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSession:
    """A session to be; `group` is the name of the people's group."""

    name: str
    date: date
    group: str
    microscope: UUID
    detector: UUID
    grids: Sequence[NewGrid]
    notes: str = ""
    stop_at: datetime | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)


@transaction.atomic
def create_session(actor: Actor, new: NewSession) -> Session:
    """Write the session and its grids; nothing moves until somebody starts it.

    Raises InvalidInput naming each field (`grids.2.tilt_deg`), also for a group that is not the
    actor's; NotAllowed for those who may only look; Conflict when the name is taken.
    """
    group, microscope, detector = _places(actor, new)
    require_edit(actor, Place(group.pk, microscope.pk))
    _check_grids(new, microscope)
    check_end(microscope, new.stop_at)
    try:
        with transaction.atomic():
            session = Session.objects.create(
                name=new.name,
                date=new.date,
                group=group,
                microscope=microscope,
                detector=detector,
                simulated=microscope.simulated,
                notes=new.notes,
                stop_at=new.stop_at,
                **_parameters(new.parameters),
            )
    except IntegrityError:
        raise Conflict(f"There is a session {new.name!r} already; choose another name.") from None
    Grid.objects.bulk_create([_grid(session, grid, new.parameters) for grid in new.grids])
    record_event(
        "session.created",
        actor,
        Scope(microscope.pk, session.pk),
        Told(subjects=[session.pk], after={"name": session.name, "grids": len(new.grids)}),
    )
    return session


def check_end(microscope: Microscope, stop_at: datetime | None) -> None:
    """Raise InvalidInput for an end that is past by the microscope's clock."""
    now_s = microscope.clock_s if microscope.simulated else timezone.now().timestamp()
    if stop_at is not None and now_s is not None and stop_at.timestamp() <= now_s:
        shown = datetime.fromtimestamp(now_s, UTC)
        raise InvalidInput(
            {"stop_at": f"is past: the microscope's clock says {shown:%Y-%m-%d %H:%M} UTC."}
        )


def _places(actor: Actor, new: NewSession) -> tuple[PeopleGroup, Microscope, Detector]:
    group = visible_people_groups(reader_of(actor)).filter(name=new.group).first()
    microscope = Microscope.objects.filter(pk=new.microscope).first()
    detector = Detector.objects.filter(pk=new.detector, microscope=microscope).first()
    problems = {}
    if microscope is None:
        problems["microscope"] = "there is no such microscope; take an id from /microscopes."
    if detector is None:
        problems["detector"] = "there is no such detector on that microscope."
    if group is None:
        problems["group"] = "there is no such group that you belong to."
    if group is None or microscope is None or detector is None:
        raise InvalidInput(problems)
    return group, microscope, detector


def _check_grids(new: NewSession, microscope: Microscope) -> None:
    problems = _problems("", lambda: check(_protocol(new.parameters)))
    for i, grid in enumerate(new.grids):
        described, parameters = grid.described, {**new.parameters, **grid.parameters}
        at = f"grids.{i}."
        problems |= _problems(at, lambda d=described: check_grid(d, slots=microscope.loader_slots))
        problems |= _problems(at, lambda p=parameters: check(_protocol(p)))
    slots = Counter(grid.described.position for grid in new.grids)
    for i, grid in enumerate(new.grids):
        if slots[grid.described.position] > 1:
            problems[f"grids.{i}.position"] = "two grids cannot be in one slot."
    if not new.grids:
        problems["grids"] = "a session needs at least one grid."
    if problems:
        raise InvalidInput(problems)


def _problems(prefix: str, checked: Any) -> dict[str, str]:
    try:
        checked()
    except InvalidInput as problem:
        return {prefix + path: text for path, text in problem.problems.items()}
    return {}


def _grid(session: Session, new: NewGrid, parameters: Mapping[str, Any]) -> Grid:
    return Grid(
        session=session,
        slug=f"g{new.described.position:02d}",
        position=new.described.position,
        name=new.described.name,
        sample=new.sample,
        notes=new.notes,
        hole_type=new.described.hole_type,
        mesh=new.described.mesh,
        mesh_material=new.described.mesh_material,
        **_parameters({**parameters, **new.parameters}),
    )


def _protocol(parameters: Mapping[str, Any]) -> CollectionProtocol:
    return CollectionProtocol(**_parameters(parameters))


def _parameters(given: Mapping[str, Any]) -> dict[str, Any]:
    """Every collection parameter, the default where none was given."""
    usual = CollectionProtocol()
    return {name: given.get(name, getattr(usual, name)) for name in PARAMETER_NAMES}

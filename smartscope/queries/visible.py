"""What a person may see: every read begins with one of these querysets, whatever it shows.

Data belongs to a session, a session to a group. A member of that group sees it, so does an
operator of its microscope; staff and admins see everything. Nothing else decides visibility.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group as PeopleGroup
from django.db.models import Q, QuerySet, UUIDField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast

from smartscope.domain.actor import Actor
from smartscope.models import (
    Analysis,
    Atlas,
    Changeset,
    Command,
    Detector,
    Event,
    Exposure,
    Grid,
    Group,
    Hole,
    Image,
    Membership,
    Microscope,
    MicroscopeGrant,
    Run,
    Session,
    Square,
    Step,
    Wait,
)
from smartscope.queries.prepared import SOMEBODY, SOMETHING, rows_of


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose eyes: a person, or the service itself (no `user_id`, sees everything)."""

    user_id: int | None
    sees_everything: bool


THE_SERVICE = Reader(None, sees_everything=True)
NOBODY = Reader(None, sees_everything=False)


def reader_of(actor: Actor) -> Reader:
    """The rights of a person are read again each time; a disabled account sees nothing."""
    if actor.kind in ("bridge", "service"):
        return THE_SERVICE
    found = rows_of("active person", _active, {SOMEBODY: actor.user_id or 0})
    if not found:
        return NOBODY
    return Reader(found[0].pk, sees_everything=found[0].is_staff or found[0].is_superuser)


def rows_for(
    reader: Reader,
    name: Hashable,
    make: Callable[[Reader], QuerySet[Any]],
    *,
    key: UUID | None = None,
) -> list[Any]:
    """The rows of `make(reader)`, evaluated now.

    `name` says all that the statement depends on but the reader and `key`; `make` is called with a
    reader whose id is a stand-in, and uses SOMETHING where it means `key`.
    """
    person = None if reader.user_id is None else SOMEBODY
    eyes = Reader(person, sees_everything=reader.sees_everything)
    values = {SOMEBODY: reader.user_id, SOMETHING: key}
    return rows_of((name, eyes), lambda: make(eyes), values)


def visible_sessions(reader: Reader) -> QuerySet[Session]:
    """Sessions of the reader's groups, and those on microscopes the reader operates."""
    if reader.sees_everything:
        return Session.objects.all()
    if reader.user_id is None:
        return Session.objects.none()
    return Session.objects.filter(
        Q(group__in=_groups(reader)) | Q(microscope__in=_operated(reader))
    )


def visible_grids(reader: Reader) -> QuerySet[Grid]:
    return Grid.objects.filter(_within(reader, "session"))


def visible_atlases(reader: Reader) -> QuerySet[Atlas]:
    return Atlas.objects.filter(_within(reader, "grid__session"))


def visible_squares(reader: Reader) -> QuerySet[Square]:
    return Square.objects.filter(_within(reader, "grid__session"))


def visible_groups(reader: Reader) -> QuerySet[Group]:
    return Group.objects.filter(_within(reader, "square__grid__session"))


def visible_holes(reader: Reader) -> QuerySet[Hole]:
    return Hole.objects.filter(_within(reader, "square__grid__session"))


def visible_exposures(reader: Reader) -> QuerySet[Exposure]:
    return Exposure.objects.filter(_within(reader, "hole__square__grid__session"))


def visible_images(reader: Reader) -> QuerySet[Image]:
    return Image.objects.filter(_within(reader, "grid__session"))


def visible_analyses(reader: Reader) -> QuerySet[Analysis]:
    return Analysis.objects.filter(_within(reader, "image__grid__session"))


def visible_runs(reader: Reader) -> QuerySet[Run]:
    return Run.objects.filter(_within(reader, "session"))


def visible_steps(reader: Reader) -> QuerySet[Step]:
    return Step.objects.filter(_within(reader, "run__session"))


def visible_waits(reader: Reader) -> QuerySet[Wait]:
    return Wait.objects.filter(_within(reader, "run__session"))


def visible_changesets(reader: Reader) -> QuerySet[Changeset]:
    return Changeset.objects.filter(_within(reader, "session"))


def visible_commands(reader: Reader) -> QuerySet[Command]:
    """Commands for sessions the reader sees; every command names its session."""
    named = Command.objects.annotate(
        for_session=Cast(KeyTextTransform("session", "arguments"), UUIDField())
    )
    if reader.sees_everything:
        return named
    if reader.user_id is None:
        return named.none()
    return named.filter(
        Q(for_session__in=visible_sessions(reader).values("pk")) | Q(wished_by=reader.user_id)
    )


def visible_events(reader: Reader) -> QuerySet[Event]:
    """Events of visible sessions, of microscopes near the reader, and the reader's own."""
    if reader.sees_everything:
        return Event.objects.all()
    if reader.user_id is None:
        return Event.objects.none()
    sessions = visible_sessions(reader)
    near = Microscope.objects.filter(
        Q(pk__in=sessions.values("microscope")) | Q(grants__user=reader.user_id)
    )
    return Event.objects.filter(
        Q(session__in=sessions.values("pk"))
        | Q(session=None, microscope__in=near.values("pk"))
        | Q(session=None, microscope=None, actor_user=reader.user_id)
    )


def visible_microscopes(reader: Reader) -> QuerySet[Microscope]:
    """Microscopes are the facility's: whoever is signed in knows which there are."""
    if reader.user_id is None and not reader.sees_everything:
        return Microscope.objects.none()
    return Microscope.objects.all()


def visible_detectors(reader: Reader) -> QuerySet[Detector]:
    return Detector.objects.filter(microscope__in=visible_microscopes(reader))


def visible_people_groups(reader: Reader) -> QuerySet[PeopleGroup]:
    """The reader's own groups; an operator plans for any."""
    if reader.sees_everything or _operated(reader).exists():
        return PeopleGroup.objects.all()
    return PeopleGroup.objects.filter(pk__in=_groups(reader))


def _active() -> QuerySet[Any]:
    return get_user_model().objects.filter(pk=SOMEBODY, is_active=True)


def _within(reader: Reader, session_path: str) -> Q:
    if reader.sees_everything:
        return Q()
    return Q(**{f"{session_path}__in": visible_sessions(reader).values("pk")})


def _groups(reader: Reader) -> QuerySet[Membership, Any]:
    return Membership.objects.filter(user=reader.user_id).values("group")


def _operated(reader: Reader) -> QuerySet[MicroscopeGrant, Any]:
    return MicroscopeGrant.objects.filter(user=reader.user_id, operator=True).values("microscope")

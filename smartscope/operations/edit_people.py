"""The facility's staff keep accounts: who may come in, in which groups, and drive what.

Only an admin makes staff or admins, and nobody shuts themselves out or takes the last admin away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group as PeopleGroup
from django.contrib.auth.models import User
from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotAllowed, NotFound
from smartscope.models import Membership, Microscope, MicroscopeGrant, Role
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.people import account
from smartscope.queries.rights import is_admin, require_staff


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """What an account is to be; None leaves a thing as it is.

    `groups` are roles by the group's name, made when needed; `microscopes` say of each microscope
    whether the person operates it for any group. Both are the whole list.
    """

    active: bool | None = None
    staff: bool | None = None
    admin: bool | None = None
    groups: Mapping[str, Role] | None = None
    microscopes: Mapping[UUID, bool] | None = None


@transaction.atomic
def add_person(actor: Actor, username: str, name: str, wanted: Account) -> User:
    """An account without a password; a login link signs in. Raises Conflict where there is one."""
    require_staff(actor)
    users = get_user_model().objects
    if users.filter(username__iexact=username).exists():
        raise Conflict(f"There is a {username} already; change that account.", code="conflict")
    user = users.create_user(username, first_name=name)
    _set(actor, user, wanted)
    _tell(actor, "person.created", user, None)
    return user


@transaction.atomic
def change_person(actor: Actor, user_id: int, wanted: Account) -> User:
    """Raises NotFound, NotAllowed, InvalidInput and Conflict."""
    require_staff(actor)
    rows = get_user_model().objects.select_for_update(of=("self",), no_key=True)
    user = rows.filter(pk=user_id).first()
    if user is None:
        raise NotFound("There is no such person.")
    if user.is_superuser and not _is_admin(actor):
        raise NotAllowed("Only an admin changes an admin's account.")
    before = account(user)
    _set(actor, user, wanted)
    _tell(actor, "person.changed", user, before)
    return user


def _set(actor: Actor, user: User, wanted: Account) -> None:
    raises = wanted.staff not in (None, user.is_staff)
    crowns = wanted.admin not in (None, user.is_superuser)
    if (raises or crowns) and not _is_admin(actor):
        raise NotAllowed("Only an admin makes, or unmakes, staff and admins.")
    if user.pk == actor.user_id and (wanted.active is False or wanted.admin is False):
        raise Conflict("Nobody shuts themselves out; another admin can.", code="conflict")
    user.is_active = user.is_active if wanted.active is None else wanted.active
    user.is_staff = user.is_staff if wanted.staff is None else wanted.staff
    user.is_superuser = user.is_superuser if wanted.admin is None else wanted.admin
    user.save(update_fields=["is_active", "is_staff", "is_superuser"])
    if wanted.groups is not None:
        _set_groups(user, wanted.groups)
    if wanted.microscopes is not None:
        _set_grants(user, wanted.microscopes)


def _set_groups(user: User, groups: Mapping[str, Role]) -> None:
    Membership.objects.filter(user=user).exclude(group__name__in=list(groups)).delete()
    for name, role in groups.items():
        group, _ = PeopleGroup.objects.get_or_create(name=name)
        Membership.objects.update_or_create(user=user, group=group, defaults={"role": role})


def _set_grants(user: User, microscopes: Mapping[UUID, bool]) -> None:
    known = Microscope.objects.in_bulk(list(microscopes))
    if missing := [str(key) for key in microscopes if key not in known]:
        raise InvalidInput({"microscopes": f"there is no microscope {missing[0]}."})
    MicroscopeGrant.objects.filter(user=user).exclude(microscope__in=list(known)).delete()
    for key, operator in microscopes.items():
        MicroscopeGrant.objects.update_or_create(
            user=user, microscope=known[key], defaults={"operator": operator}
        )


def _is_admin(actor: Actor) -> bool:
    if actor.user_id is None:
        return actor.kind in ("bridge", "service")
    return is_admin(actor)


def _tell(actor: Actor, kind: str, user: User, before: Any) -> None:
    record_event(kind, actor, Scope(), Told(before=before, after=account(user)))

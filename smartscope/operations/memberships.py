"""Who has an account and may drive which microscope: decided by the facility's staff."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group as PeopleGroup
from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotFound
from smartscope.models import Membership, Microscope, MicroscopeGrant, Role
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.rights import require_staff


@transaction.atomic
def create_person(
    actor: Actor, username: str, *, group: str | None, role: Role, staff: bool, admin: bool
) -> None:
    """An account without a password (a login link signs in), in a group made when needed.

    Raises NotAllowed unless the actor is of the staff.
    """
    require_staff(actor)
    users = get_user_model().objects
    user, new = users.get_or_create(username=username)
    if new:
        user.set_unusable_password()
    user.is_staff, user.is_superuser = staff or user.is_staff, admin or user.is_superuser
    user.save()
    if group is not None:
        people, _ = PeopleGroup.objects.get_or_create(name=group)
        Membership.objects.update_or_create(user=user, group=people, defaults={"role": role})
    record_event(
        "person.created" if new else "person.changed",
        actor,
        Scope(),
        Told(after={"name": username, "group": group, "role": str(role), "staff": user.is_staff}),
    )


@transaction.atomic
def grant_microscope(actor: Actor, microscope: str, username: str, *, operator: bool) -> None:
    """Let a person drive a microscope, an operator for any group. Raises NotFound, NotAllowed."""
    require_staff(actor)
    row = Microscope.objects.filter(name=microscope).first()
    user = get_user_model().objects.filter(username=username).first()
    if row is None or user is None:
        raise NotFound(f"There is no microscope {microscope!r}, or nobody called {username!r}.")
    MicroscopeGrant.objects.update_or_create(
        user=user, microscope=row, defaults={"operator": operator}
    )
    record_event(
        "grant.changed",
        actor,
        Scope(microscope=row.pk),
        Told(after={"person": username, "operator": operator}),
    )

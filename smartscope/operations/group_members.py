"""A group's lead decides who belongs to it and in which role; the facility's staff do for all."""

from __future__ import annotations

from django.contrib.auth.models import Group as PeopleGroup
from django.db import transaction

from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, NotFound
from smartscope.models import Membership, Role
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.people import person_called
from smartscope.queries.rights import require_lead
from smartscope.queries.visible import reader_of, visible_people_groups


@transaction.atomic
def set_member(actor: Actor, group_name: str, username: str, role: Role | None) -> PeopleGroup:
    """Give somebody who has an account a role in the group, or None to take them out.

    Raises NotFound, NotAllowed, and Conflict for a lead who would give up the lead: who has it
    cannot be asked back for it. Nothing is told when nothing changes.
    """
    group = visible_people_groups(reader_of(actor)).filter(name=group_name).first()
    if group is None:
        raise NotFound(f"There is no group {group_name!r} that you may see.")
    require_lead(actor, group.pk)
    user = person_called(username)
    if user is None or not user.is_active:
        raise NotFound(f"There is nobody called {username!r}; the facility's staff make accounts.")
    rows = Membership.objects.select_for_update(of=("self",), no_key=True)
    row = rows.filter(user=user, group=group).first()
    before = None if row is None else row.role
    if user.pk == actor.user_id and before == Role.LEAD and role != Role.LEAD:
        raise Conflict(
            "Nobody gives up their own lead; another lead or the facility's staff can take it."
        )
    if before == role:
        return group
    if role is None:
        Membership.objects.filter(user=user, group=group).delete()
    else:
        Membership.objects.update_or_create(user=user, group=group, defaults={"role": role})
    told = Told(before={"role": before}, after=_after(group, username, role))
    record_event("membership.changed", actor, Scope(), told)
    return group


def _after(group: PeopleGroup, username: str, role: Role | None) -> dict[str, str | None]:
    named = None if role is None else str(role)
    return {"group": group.name, "person": username, "role": named}

"""How far a person may go: role in the group, grant for the microscope, staff and admin.

    see own group's data             viewer and up; operators of the microscope; staff
    edit targets, labels, plan       member and up; operators; staff
    start, pause, resume, stop       member and up with a grant; operators; staff
    emergency stop                   anyone whose group has a session on that microscope; staff
    members of a group               its lead; staff
    tokens, to see and to end        their owner; the lead of the owner's group; staff
    share a report, have particles
    written to files                 its lead; operators; staff
    answer an alarm                  who may edit its session, else a grant for the microscope
    test the alarms                  operators; staff
    ask for files to be removed      the group's lead; staff approve

The service's own parts (bridge, analysis, setup) are trusted here: the bridge is held by its lease.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User

from smartscope.domain.actor import Actor
from smartscope.domain.errors import NotAllowed
from smartscope.models import Alarm, Membership, Microscope, MicroscopeGrant, Role, Session
from smartscope.queries.visible import reader_of, visible_sessions

EDITORS = (Role.MEMBER, Role.LEAD)


@dataclass(frozen=True, slots=True)
class Place:
    """Where somebody wants to act: a group's data on a microscope."""

    group_id: int
    microscope_id: UUID


def place_of(session: Session) -> Place:
    return Place(session.group_id, session.microscope_id)


def require_edit(actor: Actor, place: Place) -> None:
    """Raise NotAllowed unless the actor may edit targets, labels and plans there."""
    if _trusted(actor) or _edits(actor, place):
        return
    raise NotAllowed(
        f"{actor.name} may look at this group's data but not change it; "
        "ask the group's lead for the role of a member."
    )


def require_control(actor: Actor, place: Place) -> None:
    """Raise NotAllowed unless the actor may start, pause, resume and stop runs there."""
    if _trusted(actor) or _operates(actor, place.microscope_id):
        return
    granted = MicroscopeGrant.objects.filter(
        user_id=_person(actor), microscope_id=place.microscope_id
    )
    if _edits(actor, place) and granted.exists():
        return
    raise NotAllowed(
        f"{actor.name} may not drive this microscope for this group; ask the facility's staff for "
        "a grant. The emergency stop is open to you."
    )


def require_emergency_stop(actor: Actor, microscope: Microscope) -> None:
    """Raise NotAllowed unless the actor has any session on the microscope."""
    if _trusted(actor) or _operates(actor, microscope.pk):
        return
    if visible_sessions(reader_of(actor)).filter(microscope=microscope).exists():
        return
    raise NotAllowed(
        f"{actor.name} has no session on {microscope.name}. Call the operator, "
        "who can stop it at once."
    )


def require_answer(actor: Actor, alarm: Alarm) -> None:
    """Raise NotAllowed unless the actor may acknowledge this alarm or put it aside."""
    if _trusted(actor) or (alarm.raised_by_id == _person(actor) and _active(actor)):
        return
    if alarm.session is not None:
        allowed = _edits(actor, place_of(alarm.session))
    else:
        grants = MicroscopeGrant.objects.filter(user_id=_person(actor))
        granted = grants.filter(microscope__alarms=alarm.pk)
        allowed = _active(actor) and granted.exists()
    if not allowed:
        raise NotAllowed(
            f"{actor.name} may see this alarm but not answer it; tell the operator, "
            "or a member of the group."
        )


def require_alarm_test(actor: Actor) -> None:
    """Raise NotAllowed unless the actor belongs to those whom alarms would wake."""
    operator = MicroscopeGrant.objects.filter(user_id=_person(actor), operator=True)
    if not (_trusted(actor) or (_active(actor) and operator.exists())):
        raise NotAllowed("Only operators and the facility's staff test the alarms; ask them.")


def require_lead(actor: Actor, group_id: int) -> None:
    """Raise NotAllowed unless the actor may decide who belongs to the group."""
    if _trusted(actor):
        return
    if not _leads(actor, group_id):
        raise NotAllowed("Only the group's lead or the facility's staff decide who belongs to it.")


def may_keep_tokens_of(actor: Actor, owner: User) -> bool:
    """Whether the actor may see and end that person's tokens, which are never seen in clear.

    One's own; staff those of everybody but admins, whose an admin ends; a lead those of the
    group's other members, unless they have more to say than the lead.
    """
    if actor.user_id == owner.pk:
        return True
    if _trusted(actor):
        return not owner.is_superuser or is_admin(actor)
    if owner.is_staff or owner.is_superuser:
        return False
    led = Membership.objects.filter(
        user_id=_person(actor), user__is_active=True, role=Role.LEAD
    ).values("group")
    led_members = Membership.objects.filter(user=owner, group__in=led)
    return led_members.exclude(role=Role.LEAD).exists()


def require_share(actor: Actor, place: Place) -> None:
    """Raise NotAllowed unless the actor may give this group's results out of the house."""
    if _trusted(actor) or _operates(actor, place.microscope_id):
        return
    if not _leads(actor, place.group_id):
        raise NotAllowed(
            "Only the group's lead, operators and staff share a report or export; ask them."
        )


def require_staff(actor: Actor) -> None:
    """Raise NotAllowed unless the actor belongs to the facility."""
    if not _trusted(actor):
        raise NotAllowed("Only the facility's staff may do this; ask them.")


def is_admin(actor: Actor) -> bool:
    """Whether it is a person, present as themselves, who may do everything."""
    if actor.user_id is None:
        return False
    return get_user_model().objects.filter(pk=actor.user_id, is_superuser=True).exists()


def require_admin(actor: Actor) -> None:
    """Raise NotAllowed unless the actor is an admin."""
    if not is_admin(actor):
        raise NotAllowed("Only an admin may do this; ask one.")


def rights_summary(user_id: int) -> dict[str, Any]:
    """The groups with roles, and the microscopes with grants, of one person."""
    memberships = Membership.objects.filter(user_id=user_id).select_related("group")
    grants = MicroscopeGrant.objects.filter(user_id=user_id)
    return {
        "groups": [
            {"name": m.group.name, "role": m.role} for m in memberships.order_by("group__name")
        ],
        "microscopes": [
            {"id": grant.microscope_id, "operator": grant.operator} for grant in grants
        ],
    }


def _trusted(actor: Actor) -> bool:
    """The service itself, and the facility's staff."""
    return reader_of(actor).sees_everything


def _edits(actor: Actor, place: Place) -> bool:
    member = Membership.objects.filter(
        user_id=_person(actor),
        user__is_active=True,
        group_id=place.group_id,
        role__in=EDITORS,
    )
    return member.exists() or _operates(actor, place.microscope_id)


def _leads(actor: Actor, group_id: int) -> bool:
    return Membership.objects.filter(
        user_id=_person(actor), user__is_active=True, group_id=group_id, role=Role.LEAD
    ).exists()


def _operates(actor: Actor, microscope_id: UUID) -> bool:
    return (
        _active(actor)
        and MicroscopeGrant.objects.filter(
            user_id=_person(actor), microscope_id=microscope_id, operator=True
        ).exists()
    )


def _active(actor: Actor) -> bool:
    return get_user_model().objects.filter(pk=_person(actor), is_active=True).exists()


def _person(actor: Actor) -> int:
    """The person's id; the service's own parts are no person, and no row has 0."""
    return actor.user_id or 0

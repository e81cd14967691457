"""Who may see which of some events: the same rule as `visible_events`, asked the other way round.

A stream's reader asks once for all open streams, whose people it need not know.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from smartscope.models import Event, Membership, MicroscopeGrant, Session
from smartscope.queries.visible import Reader

People = frozenset[int]
Groups = frozenset[tuple[str, str]]


def audience_of(events: Sequence[Event]) -> Mapping[int, People]:
    """By `seq`, the people who may see that event now; who sees everything is not among them."""
    sessions = {one.session for one in events if one.session is not None}
    microscopes = {
        one.microscope for one in events if one.session is None and one.microscope is not None
    }
    of_sessions = _of_sessions(sessions) if sessions else {}
    near = _near(microscopes) if microscopes else {}
    return {one.seq: _of_event(one, of_sessions, near) for one in events}


def groups_of(people: Iterable[int]) -> Mapping[int, Groups]:
    """By person, the groups they are in and as what, and the microscopes they are granted."""
    found: dict[int, set[tuple[str, str]]] = {person: set() for person in people}
    members = Membership.objects.filter(user__in=found)
    for user, group, role in members.values_list("user_id", "group_id", "role"):
        found[user].add((str(group), role))
    grants = MicroscopeGrant.objects.filter(user__in=found)
    for user, microscope, operator in grants.values_list("user_id", "microscope_id", "operator"):
        found[user].add((str(microscope), str(operator)))
    return {person: Groups(groups) for person, groups in found.items()}


def reaches(reader: Reader, people: People) -> bool:
    """Whether this reader is among those people, or sees everything."""
    return reader.sees_everything or reader.user_id in people


def _of_event(
    event: Event, of_sessions: Mapping[UUID, People], near: Mapping[UUID, People]
) -> People:
    if event.session is not None:
        return of_sessions.get(event.session, People())
    if event.microscope is not None:
        return near.get(event.microscope, People())
    return People() if event.actor_user is None else People((event.actor_user,))


def _of_sessions(ids: Iterable[UUID]) -> dict[UUID, People]:
    """Members of the session's group, and operators of its microscope."""
    places = list(Session.objects.filter(pk__in=ids).values_list("pk", "group_id", "microscope_id"))
    members: dict[int, set[int]] = {}
    rows = Membership.objects.filter(group__in={group for _, group, _ in places})
    for group, user in rows.values_list("group_id", "user_id"):
        members.setdefault(group, set()).add(user)
    operators: dict[UUID, set[int]] = {}
    grants = MicroscopeGrant.objects.filter(
        microscope__in={microscope for _, _, microscope in places}, operator=True
    )
    for microscope, user in grants.values_list("microscope_id", "user_id"):
        operators.setdefault(microscope, set()).add(user)
    return {
        session: People(members.get(group, set()) | operators.get(microscope, set()))
        for session, group, microscope in places
    }


def _near(ids: Iterable[UUID]) -> dict[UUID, People]:
    """Whose group has a session on that microscope, and who holds any grant for it."""
    found: dict[UUID, set[int]] = {}
    members = Membership.objects.filter(group__sessions__microscope__in=ids)
    for microscope, user in members.values_list("group__sessions__microscope", "user_id"):
        found.setdefault(microscope, set()).add(user)
    grants = MicroscopeGrant.objects.filter(microscope__in=ids)
    for microscope, user in grants.values_list("microscope_id", "user_id"):
        found.setdefault(microscope, set()).add(user)
    return {microscope: People(people) for microscope, people in found.items()}

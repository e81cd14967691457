"""Who belongs to a group: told to the group itself, and of all groups to the facility's staff."""

from __future__ import annotations

from django.db.models import QuerySet

from smartscope.models import Membership
from smartscope.queries.visible import Reader


def visible_members(reader: Reader) -> QuerySet[Membership]:
    """By group, then by name, with the person and the group; one query."""
    members = Membership.objects.select_related("user", "group")
    if not reader.sees_everything:
        own = Membership.objects.filter(user=reader.user_id or 0)
        members = members.filter(group__in=own.values("group"))
    return members.order_by("group__name", "user__username")

"""Accounts: all of them for the facility's staff, for everybody else their own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import User
from django.db.models import QuerySet

from smartscope.queries.visible import Reader


def visible_people(reader: Reader) -> QuerySet[User]:
    """By name, with their groups and grants; three queries."""
    people = get_user_model().objects.prefetch_related("memberships__group", "microscope_grants")
    if not reader.sees_everything:
        people = people.filter(pk=reader.user_id or 0)
    return people.order_by("username")


def person_called(username: str) -> User | None:
    """The account of exactly that name."""
    if "\0" in username:
        return None
    return get_user_model().objects.filter(username=username).first()


def account(user: User) -> dict[str, Any]:
    """An account as the log keeps it."""
    rows: Any = user
    return {
        "name": user.get_username(),
        "active": user.is_active,
        "staff": user.is_staff,
        "admin": user.is_superuser,
        "groups": {one.group.name: one.role for one in rows.memberships.select_related("group")},
        "microscopes": {
            str(one.microscope_id): one.operator for one in rows.microscope_grants.all()
        },
    }

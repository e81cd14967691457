"""Accounts: who may come in, in which groups, driving what."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer
from smartscope.models import Role

NAME = r"^[A-Za-z0-9][A-Za-z0-9@.+_-]*$"


class PersonGroupSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="group.name")
    role = serializers.ChoiceField(choices=Role.choices)


class PersonGrantSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="microscope_id")
    operator = serializers.BooleanField()


class PersonSerializer(serializers.Serializer[Any]):
    """`microscopes` are those the person may drive, as an operator for any group's sessions."""

    id = serializers.IntegerField()
    username = serializers.CharField()
    name = serializers.CharField(source="get_full_name", allow_blank=True)
    active = serializers.BooleanField(source="is_active")
    staff = serializers.BooleanField(source="is_staff")
    admin = serializers.BooleanField(source="is_superuser")
    last_login = serializers.DateTimeField(allow_null=True)
    groups = PersonGroupSerializer(source="memberships", many=True)
    microscopes = PersonGrantSerializer(source="microscope_grants", many=True)


class PeopleSerializer(serializers.Serializer[Any]):
    results = PersonSerializer(many=True)


class RoleBody(StrictSerializer):
    name = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices, default=Role.MEMBER)


class GrantBody(StrictSerializer):
    id = serializers.UUIDField()
    operator = serializers.BooleanField(default=False)


class AccountBody(StrictSerializer):
    """What is left out stays as it is; `groups` and `microscopes` are whole lists."""

    active = serializers.BooleanField(required=False)
    staff = serializers.BooleanField(required=False)
    admin = serializers.BooleanField(required=False)
    groups = RoleBody(many=True, required=False, max_length=200)  # type: ignore[call-arg]
    microscopes = GrantBody(many=True, required=False, max_length=200)  # type: ignore[call-arg]


class NewPersonBody(AccountBody):
    username = serializers.RegexField(NAME, max_length=150)
    name = serializers.CharField(max_length=150, allow_blank=True, default="")


class LoginLinkSerializer(serializers.Serializer[Any]):
    """Shown this once; it signs the person in once, within a quarter of an hour."""

    path = serializers.CharField()


class MemberSerializer(serializers.Serializer[Any]):
    """One person in one group."""

    group = serializers.CharField(source="group.name")
    username = serializers.CharField(source="user.username")
    name = serializers.CharField(source="user.get_full_name", allow_blank=True)
    role = serializers.ChoiceField(choices=Role.choices)


class MembersSerializer(serializers.Serializer[Any]):
    results = MemberSerializer(many=True)
    as_of_seq = serializers.IntegerField()


class MemberBody(StrictSerializer):
    """`role` null takes the person out of the group."""

    group = serializers.CharField(max_length=150)
    username = serializers.CharField(max_length=150)
    role = serializers.ChoiceField(choices=Role.choices, allow_null=True)

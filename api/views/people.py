"""Accounts, kept by the facility's staff; everybody sees their own."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from rest_framework.request import Request
from rest_framework.response import Response

from api.schema import Doc
from api.serializers.people import (
    AccountBody,
    LoginLinkSerializer,
    NewPersonBody,
    PeopleSerializer,
    PersonSerializer,
)
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.operations.edit_people import Account, add_person, change_person
from smartscope.operations.login_links import create_login_link
from smartscope.queries.people import visible_people
from smartscope.queries.rights import require_staff

#: a token never makes accounts: no scope opens this
ONLY_PEOPLE = {"GET": "read", "HEAD": "read", "OPTIONS": "read"}


class People(View):
    """Staff see and make all accounts; an account has no password until its owner sets one."""

    tag = "people"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(operation_id="list_people", summary="Accounts", answer=PeopleSerializer),
        "POST": Doc(
            operation_id="add_person",
            summary="Make an account",
            body=NewPersonBody,
            answer=PersonSerializer,
            status=201,
        ),
    }

    def get(self, request: Request) -> Response:
        return Response(PeopleSerializer({"results": visible_people(self.reader)}).data)

    def post(self, request: Request) -> Response:
        require_staff(self.actor)
        body = NewPersonBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        user = add_person(self.actor, data["username"], data["name"], _account(data))
        return Response(PersonSerializer(_shown(self, user)).data, status=201)


class OnePerson(View):
    """A disabled account is signed out at its next request; what it did stays under its name."""

    tag = "people"
    scopes = ONLY_PEOPLE
    docs = {
        "PUT": Doc(
            operation_id="change_person",
            summary="Change an account",
            body=AccountBody,
            answer=PersonSerializer,
        )
    }

    def put(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        user_id = _found(self, key).pk
        body = AccountBody(data=request.data)
        body.is_valid(raise_exception=True)
        user = change_person(self.actor, user_id, _account(body.validated_data))
        return Response(PersonSerializer(_shown(self, user)).data)


class PersonLoginLink(View):
    """For a first sign-in, or where there is no password."""

    tag = "people"
    scopes = ONLY_PEOPLE
    docs = {
        "POST": Doc(
            operation_id="create_login_link",
            summary="A link that signs a person in once",
            answer=LoginLinkSerializer,
            status=201,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        require_staff(self.actor)
        user = _found(self, key)
        if user.is_superuser and not request.user.is_superuser:
            # who signs in by the link is an admin
            raise NotFound("Only an admin makes a link for an admin.")
        secret = create_login_link(self.actor, user.get_username())
        return Response({"path": f"login/{secret}"}, status=201)


def _found(view: View, key: str) -> User:
    is_key = key.isascii() and key.isdigit() and len(key) < 18
    user = visible_people(view.reader).filter(pk=int(key)).first() if is_key else None
    if user is None:
        raise NotFound("There is no such person that you may see.")
    return user


def _shown(view: View, user: User) -> User:
    return visible_people(view.reader).get(pk=user.pk)


def _account(data: dict[str, Any]) -> Account:
    groups, microscopes = data.get("groups"), data.get("microscopes")
    return Account(
        active=data.get("active"),
        staff=data.get("staff"),
        admin=data.get("admin"),
        groups=None if groups is None else {one["name"]: one["role"] for one in groups},
        microscopes=None
        if microscopes is None
        else {one["id"]: one["operator"] for one in microscopes},
    )

"""Tokens for scripts: one's own, and those that staff or a lead may have to end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.authentication import person_of_request
from api.filters import is_uuid
from api.schema import Doc
from api.serializers.commands import TokenBody
from api.serializers.record import TokenSerializer
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.operations.tokens import create_token, revoke_token
from smartscope.queries.people import person_called
from smartscope.queries.rights import may_keep_tokens_of
from smartscope.queries.tokens import tokens_of

#: a token never reaches the tokens themselves: no scope opens this
ONLY_PEOPLE = {"OPTIONS": "read"}


class TokensSerializer(serializers.Serializer[Any]):
    results = TokenSerializer(many=True)


class NewTokenSerializer(TokenSerializer):
    """`token` is shown this once; only its SHA-256 is kept."""

    token = serializers.CharField()

    class Meta(TokenSerializer.Meta):
        fields = (*TokenSerializer.Meta.fields, "token")


class Tokens(View):
    """Your tokens; a new one is shown once, therefore asking twice makes two.

    With `of`, those of somebody in a group you lead; staff see everybody's. Secrets are never told.
    """

    tag = "tokens"
    scopes = ONLY_PEOPLE
    docs = {
        "GET": Doc(
            operation_id="list_tokens",
            summary="Your tokens",
            answer=TokensSerializer,
            parameters=[OpenApiParameter("of", str, description="Whose: a username.")],
        ),
        "POST": Doc(
            operation_id="create_token",
            summary="Make a token",
            body=TokenBody,
            answer=NewTokenSerializer,
            status=201,
        ),
    }

    def get(self, request: Request) -> Response:
        person = person_of_request(request)
        if (name := request.query_params.get("of")) is not None:
            found = person_called(name)
            if found is None or not may_keep_tokens_of(self.actor, found):
                raise NotFound("There is nobody of that name whose tokens you keep.")
            person = found
        return Response({"results": TokenSerializer(tokens_of(person.pk), many=True).data})

    def post(self, request: Request) -> Response:
        body = TokenBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        token, secret = create_token(
            self.actor,
            name=data["name"],
            scopes=data["scopes"],
            lifetime=timedelta(hours=data["hours"]),
        )
        return Response(TokenSerializer(token).data | {"token": secret}, status=201)


class OneToken(View):
    """Ends a token at once: your own, or as a lead or of the staff another's."""

    tag = "tokens"
    scopes = ONLY_PEOPLE
    docs = {"DELETE": Doc(operation_id="revoke_token", summary="Revoke a token", status=204)}

    def delete(self, request: Request, key: str) -> Response:
        if not is_uuid(key):
            raise NotFound("You have no such token.")
        revoke_token(self.actor, UUID(key))
        return Response(status=204)

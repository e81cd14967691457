"""Who asks: a person with a cookie (and CSRF token), or a script with a bearer token."""

from __future__ import annotations

from django.contrib.auth.models import User
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from smartscope.domain.actor import Actor
from smartscope.models import ApiToken
from smartscope.operations.tokens import use_token
from smartscope.queries.visible import Reader

SCHEME = "Bearer"


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; the owner's rights are read anew with each request."""

    def authenticate(self, request: Request) -> tuple[object, ApiToken] | None:
        words = get_authorization_header(request).split()
        if not words or words[0].lower() != SCHEME.lower().encode():
            return None
        if len(words) != 2:
            raise AuthenticationFailed("Send the token as one word after Bearer.")
        token = use_token(words[1].decode("latin-1"))
        if token is None:
            raise AuthenticationFailed(
                "This token is unknown, expired or revoked; make a new one on the page."
            )
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return f'{SCHEME} realm="smartscope"'


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "api.authentication.TokenAuthentication"
    name = "token"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def person_of_request(request: Request) -> User:
    """Who is signed in; permissions have let nobody else through."""
    assert isinstance(request.user, User)
    return request.user


def reader_of_request(request: Request) -> Reader:
    """Whose eyes this request has; costs no query."""
    user = person_of_request(request)
    return Reader(user.pk, sees_everything=user.is_staff or user.is_superuser)


def actor_of_request(request: Request) -> Actor:
    """Who will be named in the event log."""
    user = person_of_request(request)
    if isinstance(request.auth, ApiToken):
        name = f"{user.get_username()} ({request.auth.name})"
        return Actor("token", name, user.pk, request.auth.pk)
    return Actor("user", user.get_username(), user.pk)

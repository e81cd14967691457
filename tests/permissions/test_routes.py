"""Every route of the API says who may call it; one that nobody thought of fails here."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.test import APIClient

from api.urls import urlpatterns
from api.views.base import TokenHasScope, View
from api.views.health import ReadsMetrics

#: what answers without signing in, with the reason
OPEN = {
    "health/live": "a supervisor asks, and learns nothing else",
    "health/ready": "a supervisor asks, and learns nothing of anybody's data",
}
#: what asks for something else than a sign-in, with what it asks for
OTHERWISE = {"metrics": (AllowAny, ReadsMetrics)}
#: not ours: the schema's own views, guarded by the default permission
FOREIGN = {"schema", "docs", r"^(?P<path>.*)$"}


def routes() -> Iterator[tuple[str, Any]]:
    for pattern in urlpatterns:
        route = str(pattern.pattern)
        if route not in FOREIGN:
            yield route, pattern.callback.cls  # type: ignore[union-attr]


def filled(route: str) -> str:
    """The route with something in each place."""
    nobody = "00000000-0000-0000-0000-000000000000"
    for name in ("key", "command", "region", "size"):
        route = route.replace(f"<str:{name}>", nobody)
    return "/api/v1/" + route.replace("<int:seq>", "1")


@pytest.mark.parametrize(("route", "view"), list(routes()), ids=lambda value: str(value)[:60])
def test_every_route_declares_who_may_call_it(route: str, view: Any) -> None:
    assert issubclass(view, View)
    methods = {
        name.upper() for name in ("get", "post", "patch", "put", "delete") if hasattr(view, name)
    }
    assert methods == set(view.docs), "each method is described, and nothing else is"
    if route in OPEN:
        assert methods == {"GET"}
    else:
        wanted = OTHERWISE.get(route, (IsAuthenticated, TokenHasScope))
        assert tuple(view.permission_classes) == wanted


def test_without_signing_in_nothing_answers(db: None) -> None:
    client, methods = APIClient(), ("get", "post", "put", "patch", "delete")
    for route, method in product([route for route, _ in routes()], methods):
        # from another machine: whatever is open to this one is not open to all
        answer = getattr(client, method)(filled(route), REMOTE_ADDR="203.0.113.9")
        if route in OPEN and method == "get":
            assert answer.status_code == 200
        elif route in OPEN:
            assert answer.status_code == 405
        elif route in OTHERWISE:
            assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
        else:
            assert (answer.status_code, answer.json()["code"]) == (401, "not_signed_in")


@pytest.mark.parametrize("route", ["schema", "docs"])
def test_the_schema_is_for_those_signed_in(route: str, db: None) -> None:
    assert APIClient().get(f"/api/v1/{route}").status_code == 401

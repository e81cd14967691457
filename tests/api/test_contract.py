"""The OpenAPI file is what the service does: golden, and fuzzed without finding a defect."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import schemathesis
import yaml
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import checks

from smartscope.domain.actor import Actor
from smartscope.models import Microscope
from smartscope.operations.tokens import create_token
from tests.api.world import World
from tests.permissions.every_route import API, routes, scenery

GOLDEN = Path(django_settings.BASE_DIR) / "api" / "schema.yaml"
SCHEMA: dict[str, Any] = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (path, method)
    for path, methods in SCHEMA["paths"].items()
    for method in METHODS
    if method in methods
]
#: random requests in all, about: an operation without parameters has but one; more by `make soak`
CASES = int(os.environ.get("API_CASES", "500"))
#: what is drawn; every seed draws others
SEED = int(os.environ.get("API_SEED", "1"))
PER_OPERATION = -(-CASES // len(OPERATIONS))


def test_the_committed_schema_is_what_the_code_says() -> None:
    """`manage.py spectacular --file api/schema.yaml` accepts a wanted change."""
    out = StringIO()
    call_command("spectacular", "--validate", "--fail-on-warn", stdout=out)
    assert yaml.safe_load(out.getvalue()) == SCHEMA
    assert SCHEMA["openapi"].startswith("3.1")


def test_operation_ids_are_unique() -> None:
    ids = [SCHEMA["paths"][path][method]["operationId"] for path, method in OPERATIONS]
    assert len(ids) == len(set(ids))


@pytest.fixture
def _connection_kept() -> Iterator[None]:
    """The test's transaction is in the connection that a request would close when it ends."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def fuzzed(world: World, monkeypatch: pytest.MonkeyPatch, _connection_kept: None) -> Any:
    """The schema bound to the service, and the headers of somebody who may do much."""
    monkeypatch.setattr("api.views.events.LONGEST_WAIT_S", 0)
    schema = schemathesis.openapi.from_dict(SCHEMA)
    schema.app = get_wsgi_application()
    return schema, _token_of_staff(world) if SEED % 2 else _page_of_an_admin(world)


def _token_of_staff(world: World) -> dict[str, str]:
    staff = Actor("user", "staff", world.people["staff"].pk)
    scopes = ("read", "label", "plan", "operate")
    _, secret = create_token(staff, name="fuzz", scopes=scopes, lifetime=timedelta(hours=1))
    return {"Authorization": f"Bearer {secret}"}


def _page_of_an_admin(world: World) -> dict[str, str]:
    """What no token may do is done signed in."""
    client = Client()
    client.force_login(world.people["admin"])
    signed_in = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    proof = "c" * 32
    cookies = {
        django_settings.SESSION_COOKIE_NAME: signed_in,
        django_settings.CSRF_COOKIE_NAME: proof,
    }
    return {
        "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
        "X-CSRFToken": proof,
    }


def _ids_of_ours(world: World) -> dict[str, dict[str, Any]]:
    """By path of the description: path parameters that name something that is there."""
    scene = scenery(world)
    found = {}
    for route, _ in routes():
        described = re.sub(r"<\w+:(\w+)>", r"{\1}", f"{API}{route}")
        filled = re.fullmatch(re.sub(r"{(\w+)}", r"(?P<\1>.+)", described), scene.fill(route))
        if filled is not None:
            found[described] = filled.groupdict()
    return found


@pytest.mark.timeout(600)
def test_random_requests_find_no_defect(
    fuzzed: Any, world: World, record_property: Callable[[str, object], None]
) -> None:
    """A defect in one operation does not keep the others from being asked."""
    schema, headers = fuzzed
    wanted = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    ids = _ids_of_ours(world)
    made, defects = 0, []
    for path, method in OPERATIONS:
        cases = schema[path][method.upper()].as_strategy()

        @seed(SEED)
        @settings(
            max_examples=PER_OPERATION,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases, of_ours=st.booleans())
        def answers_as_documented(case: Any, of_ours: bool) -> None:
            nonlocal made
            made += 1
            if of_ours:
                case.path_parameters.update(ids.get(case.path, {}))
            case.call_and_validate(headers=headers, checks=wanted)

        try:
            answers_as_documented()
        except (AssertionError, BaseExceptionGroup) as defect:
            defects.append(f"{method.upper()} {path}: {defect}")
    record_property("made", made)
    assert not defects, "\n\n".join(defects)
    assert Microscope.objects.filter(pk=world.microscope.pk).exists()

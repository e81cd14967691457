"""The OpenAPI file is what the service does: golden, and fuzzed without finding a defect."""

from __future__ import annotations

import os
from collections.abc import Iterator
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
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import checks

from smartscope.domain.actor import Actor
from smartscope.models import Microscope
from smartscope.operations.tokens import create_token
from tests.api.world import World

GOLDEN = Path(django_settings.BASE_DIR) / "api" / "schema.yaml"
SCHEMA: dict[str, Any] = yaml.safe_load(GOLDEN.read_text(encoding="utf-8"))
METHODS = ("get", "post", "put", "patch", "delete")
OPERATIONS = [
    (path, method)
    for path, methods in SCHEMA["paths"].items()
    for method in METHODS
    if method in methods
]
#: random requests in all, at least; more of them, never the same twice, by `make soak`
CASES = int(os.environ.get("API_CASES", "500"))
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
    """The schema bound to the service, and the headers of a member of the staff."""
    monkeypatch.setattr("api.views.events.LONGEST_WAIT_S", 0)
    schema = schemathesis.openapi.from_dict(SCHEMA)
    schema.app = get_wsgi_application()
    staff = Actor("user", "staff", world.people["staff"].pk)
    scopes = ("read", "label", "plan", "operate")
    _, secret = create_token(staff, name="fuzz", scopes=scopes, lifetime=timedelta(hours=1))
    return schema, {"Authorization": f"Bearer {secret}"}


@pytest.mark.timeout(600)
def test_random_requests_find_no_defect(fuzzed: Any, world: World) -> None:
    schema, headers = fuzzed
    wanted = [
        checks.not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    ]
    for path, method in OPERATIONS:
        cases = schema[path][method.upper()].as_strategy()

        @settings(
            max_examples=PER_OPERATION,
            deadline=None,
            derandomize="API_CASES" not in os.environ,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=cases)
        def answers_as_documented(case: Any) -> None:
            case.call_and_validate(headers=headers, checks=wanted)

        answers_as_documented()
    assert Microscope.objects.filter(pk=world.microscope.pk).exists()

"""Clients of every kind of person, against a world of two groups."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.api.world import World, make_world

pytestmark = pytest.mark.django_db

#: a client signed in as the person of that name
As = Callable[[str], APIClient]


@pytest.fixture(autouse=True)
def _counters_of_its_own(settings: Settings) -> None:
    """Tests share one Redis; none may use up another's request budget."""
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "KEY_PREFIX": f"smartscope-test-{uuid4().hex}"}
    }


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def as_(world: World) -> As:
    def client(name: str) -> APIClient:
        found = APIClient()
        found.force_login(world.people[name])
        return found

    return client

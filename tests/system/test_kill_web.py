"""F01: a web process that dies while it answers a request leaves all of it, or nothing."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import httpx
import pytest
from django.db import connection, transaction

from smartscope.domain.actor import Actor
from smartscope.models import Event, EventCounter, Grid, IdempotencyKey, Run, Session
from smartscope.operations.tokens import create_token
from tests.api.world import World, make_world
from tests.system.conftest import Services

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.system, pytest.mark.timeout(180)]

PATIENCE_S = 30.0
NAME = "20261121_killed"


@dataclass(slots=True)
class Asked:
    """One request in a thread of its own; `status` stays None when nobody answered."""

    address: str
    path: str
    secret: str
    body: dict[str, Any]
    status: int | None = None
    answer: dict[str, Any] = field(default_factory=dict)

    def send(self) -> Asked:
        """Returns when it was answered, or when the connection ended."""
        headers = {"Authorization": f"Bearer {self.secret}", "Idempotency-Key": "the-one-key"}
        try:
            given = httpx.post(
                f"{self.address}/api/v1{self.path}",
                json=self.body,
                headers=headers,
                timeout=PATIENCE_S,
                trust_env=False,
            )
        except httpx.TransportError:
            return self
        self.status, self.answer = given.status_code, given.json()
        return self

    def begin(self) -> threading.Thread:
        thread = threading.Thread(target=self.send)
        thread.start()
        return thread


@pytest.fixture
def world(services: Services) -> World:
    """Somebody who may start, and a microscope that nobody drives."""
    made = make_world()
    Run.objects.update(state="done")
    return made


def secret_of(world: World) -> str:
    person = world.people["granted"]
    actor = Actor("user", person.get_username(), person.pk)
    scopes = ["read", "plan", "operate"]
    return create_token(actor, name="script", scopes=scopes, lifetime=timedelta(hours=1))[1]


def new_session(world: World) -> tuple[str, dict[str, Any]]:
    return "/sessions", {
        "name": NAME,
        "group": "ours",
        "microscope": str(world.microscope.pk),
        "detector": str(world.detector.pk),
        "grids": [{"name": "A1", "position": 1}, {"name": "A2", "position": 2}],
    }


def start(world: World) -> tuple[str, dict[str, Any]]:
    body = {"type": "start", "arguments": {"session": str(world.ours.session.pk)}}
    return f"/microscopes/{world.microscope.pk}/commands", body


def sessions() -> int:
    return Session.objects.filter(name=NAME).count()


def runs() -> int:
    return Run.objects.exclude(state="done").count()


def kill_web(services: Services) -> None:
    web = [each for each in services.children._running if each.name == "web"][-1]
    os.killpg(web.process.pid, signal.SIGKILL)
    web.process.wait(10)


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return int(cursor.fetchone()[0]) > 0


def until(met: Callable[[], bool]) -> None:
    gives_up_at_s = time.monotonic() + PATIENCE_S
    while not met():
        assert time.monotonic() < gives_up_at_s, "what was waited for did not come"
        time.sleep(0.005)


@pytest.mark.parametrize(("wanted", "rows"), [(new_session, sessions), (start, runs)])
def test_a_request_whose_web_dies_before_it_is_confirmed_leaves_nothing_and_may_be_told_again(
    wanted: Callable[[World], tuple[str, dict[str, Any]]],
    rows: Callable[[], int],
    services: Services,
    world: World,
) -> None:
    secret = secret_of(world)
    path, body = wanted(world)
    asked = Asked(services.serve(), path, secret, body)
    events, grids = Event.objects.count(), Grid.objects.count()
    with transaction.atomic():
        # everything is written, and its event waits to be counted: the last thing before the commit
        EventCounter.objects.select_for_update().get()
        thread = asked.begin()
        until(waits_for_a_lock)
        kill_web(services)
    thread.join(PATIENCE_S)
    assert asked.status is None
    assert (rows(), IdempotencyKey.objects.count()) == (0, 0)
    assert (Event.objects.count(), Grid.objects.count()) == (events, grids)

    again = Asked(services.serve(), asked.path, secret, asked.body).send()
    assert again.status in (201, 202), again.answer
    assert rows() == 1


@pytest.mark.parametrize(("wanted", "rows"), [(new_session, sessions), (start, runs)])
def test_a_request_whose_web_dies_after_it_was_confirmed_is_answered_with_the_same_row(
    wanted: Callable[[World], tuple[str, dict[str, Any]]],
    rows: Callable[[], int],
    services: Services,
    world: World,
) -> None:
    secret = secret_of(world)
    path, body = wanted(world)
    asked = Asked(services.serve(), path, secret, body)
    thread = asked.begin()
    until(lambda: rows() == 1)
    kill_web(services)
    thread.join(PATIENCE_S)

    again = Asked(services.serve(), asked.path, secret, asked.body).send()
    once_more = Asked(again.address, asked.path, secret, asked.body).send()
    assert again.status in (201, 202), again.answer
    assert once_more.answer["id"] == again.answer["id"]
    assert asked.status is None or asked.answer["id"] == again.answer["id"]
    assert rows() == 1
    seqs = list(Event.objects.order_by("seq").values_list("seq", flat=True))
    assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))

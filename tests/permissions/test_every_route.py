"""Every route x person: nobody reads, hears or changes what is another group's, by any door."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from pyarrow import parquet

from api.tables import PARQUET
from smartscope.domain.errors import NotFound
from smartscope.models import Event
from smartscope.queries.events import events_after, topics_of
from smartscope.queries.visible import Reader
from tests.api.conftest import As
from tests.api.world import World
from tests.permissions.every_route import (
    ACTS,
    API,
    EVERYBODY,
    FACILITY,
    LISTS,
    OBJECTS,
    PROVEN_ELSEWHERE,
    READS,
    WRITES,
    Scenery,
    scenery,
)
from tests.permissions.test_matrix import ids_of

INSIDE = ("viewer", "member", "granted", "lead", "operator", "staff", "admin")
OUTSIDE = ("stranger", "nobody")
HEADERS = {"Idempotency-Key": "k", "If-Match": "*"}
#: rows of the scene that hang on the session besides; no outsider's answer may name them
PAGES = ("s/{}/report", "s/{}/report.html", "s/{}/report.pdf")


@pytest.fixture
def scene(world: World) -> Scenery:
    return scenery(world)


def secrets_of(scene: Scenery) -> set[str]:
    """Everything by which `ours` could be recognised."""
    more = (scene.alarm, scene.rule, scene.link)
    return ids_of(scene.world.ours) | {str(row.pk) for row in more} | {"rule of ours"}


def test_no_route_and_no_act_was_forgotten() -> None:
    """A new one is classified here before it is served."""
    assert set(FACILITY) <= set(READS), "a route of the facility is gone"
    untold = set(ACTS) - set(WRITES) - set(PROVEN_ELSEWHERE)
    assert not untold, f"say in tests/permissions/every_route.py who may: {sorted(untold)}"
    assert set(WRITES) | set(PROVEN_ELSEWHERE) <= set(ACTS), "an act is gone"
    for where in PROVEN_ELSEWHERE.values():
        assert (Path(django_settings.BASE_DIR) / where.partition(":")[0]).is_file(), where


@pytest.mark.parametrize("person", EVERYBODY)
def test_every_object_is_there_for_its_group_alone(person: str, as_: As, scene: Scenery) -> None:
    client = as_(person)
    for route in OBJECTS:
        answer = client.get(scene.fill(route) + QUERIES.get(route, ""))
        if person in OUTSIDE:
            assert answer.status_code == 404, f"{person} {route}: {answer.content[:200]!r}"
            assert answer.json()["code"] == "not_found", route
        elif route in NOTHING_YET:
            assert NOTHING_YET[route] in answer.json()["detail"], route
        elif (
            route.startswith(("images/", "exports/", "particle-studies/")) and route.count("/") > 1
        ):
            assert answer.json()["code"] == "not_derived_yet", route
        else:
            assert answer.status_code == 200, f"{person} {route}: {answer.content[:200]!r}"


#: what says to those inside, and to nobody else, that there is nothing to take away yet
NOTHING_YET = {
    "sessions/<str:key>/labels.coco": "Nobody has labelled",
    "sessions/<str:key>/labels.yolo": "Nobody has labelled",
}
#: what a route cannot be asked without
QUERIES = {"grids/<str:key>/limit-preview": "?measure=hole_ice&low=10"}


@pytest.mark.parametrize("person", OUTSIDE)
def test_no_answer_names_another_groups_rows(person: str, as_: As, scene: Scenery) -> None:
    client, secret = as_(person), secrets_of(scene)
    for route in [*LISTS, *(one for one in FACILITY if "stream" not in one)]:
        query = "?after=0" if route == "events" else ""
        answer = client.get(scene.fill(route) + query)
        assert answer.status_code == 200, f"{route}: {answer.content[:200]!r}"
        text = _words_of(answer)
        told = {key for key in secret if key in text}
        assert not told, f"{person} reads {told} from {route}"


def _words_of(answer: Any) -> str:
    """What an answer says, packed or not."""
    if answer["Content-Type"] == PARQUET:
        return str(parquet.read_table(BytesIO(answer.content)).to_pydict())
    return str(answer.content.decode())


@pytest.mark.parametrize("act", ACTS, ids=lambda act: f"{act[1]} {act[0]}")
def test_outsiders_change_nothing_whatever_they_send(
    act: tuple[str, str], as_: As, scene: Scenery
) -> None:
    route, method = act
    right = WRITES[act].body(scene.world.ours, scene.world) if act in WRITES else {}
    for person in OUTSIDE:
        if act in WRITES and person in WRITES[act].may:
            continue
        before = Event.objects.count()
        for body in ({}, right, {"nonsense": True}):
            answer = _send(as_(person), method, scene.fill(route), body)
            assert answer.status_code in (400, 403, 404, 409), f"{person}: {answer.content!r}"
            assert not {key for key in ids_of(scene.world.ours) if key in _said(answer, body)}
        assert Event.objects.count() == before


@pytest.mark.parametrize("person", EVERYBODY)
@pytest.mark.parametrize("act", WRITES, ids=lambda act: f"{act[1]} {act[0]}")
def test_each_act_is_for_those_who_may_and_leaves_its_events(
    act: tuple[str, str], person: str, as_: As, scene: Scenery
) -> None:
    route, method = act
    allowed = WRITES[act]
    before = Event.objects.count()
    body = allowed.body(scene.world.ours, scene.world)
    answer = _send(as_(person), method, scene.fill(route), body)
    written = Event.objects.count() - before
    if person in allowed.may:
        assert answer.status_code in (200, 201, 202, 204), answer.content
        assert written == allowed.events
    else:
        expected = allowed.outside if person in OUTSIDE else (403,)
        assert (answer.status_code in expected, written) == (True, 0), answer.content


@pytest.mark.parametrize("person", EVERYBODY)
def test_no_door_of_the_log_tells_of_another_group(person: str, as_: As, scene: Scenery) -> None:
    """Socket, server-sent events and long poll read the log and its topics through these two."""
    user = scene.world.people[person]
    reader = Reader(user.pk, sees_everything=user.is_staff or user.is_superuser)
    topic = f"session:{scene.world.ours.session.pk}"
    polled = as_(person).get(f"{API}events?after=0&topics={topic}")
    if person in INSIDE:
        assert events_after(reader, 0, topics_of(reader, [topic]))
        assert polled.status_code == 200
        return
    with pytest.raises(NotFound):
        topics_of(reader, [topic])
    assert polled.status_code == 404
    seen = events_after(reader, 0, topics_of(reader, []))
    assert scene.world.ours.session.pk not in {event.session for event in seen}


@pytest.mark.parametrize("person", EVERYBODY)
def test_pages_that_django_draws_follow_the_same_rule(person: str, as_: As, scene: Scenery) -> None:
    for page in PAGES:
        path = "/" + page.format(scene.world.ours.session.name)
        if person in OUTSIDE:
            assert as_(person).get(path).status_code == 404
        elif not page.endswith("pdf"):
            # a PDF needs a browser on the host; what it shows is the same page
            assert as_(person).get(path).status_code == 200


def _send(client: Any, method: str, path: str, body: Any) -> Any:
    return getattr(client, method.lower())(path, body, headers=HEADERS)


def _said(answer: Any, body: Any) -> str:
    """The answer without what the asker wrote: an id that one sends comes back in an error."""
    text: str = answer.content.decode()
    asked = f"{answer.wsgi_request.path}/{body}".replace("'", "/")
    for word in filter(None, asked.split("/")):
        text = text.replace(word, "")
    return text

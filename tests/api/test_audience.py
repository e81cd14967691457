"""Who may see an event is decided alike for one reader and for all streams at once."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from smartscope.domain.actor import Actor
from smartscope.models import Event
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.queries.audience import audience_of, reaches
from smartscope.queries.visible import NOBODY, THE_SERVICE, reader_of, visible_events
from tests.api.world import World

pytestmark = pytest.mark.django_db


@transaction.atomic
def happen_everywhere(world: World) -> None:
    """Of both sessions, of the microscope alone, and of each person alone."""
    for scene in (world.ours, world.theirs):
        of_session = Scope(world.microscope.pk, scene.session.pk)
        record_event("x.session", Actor("service", "test"), of_session, Told())
    record_event("x.microscope", Actor("service", "test"), Scope(world.microscope.pk), Told())
    for person in world.people.values():
        actor = Actor("user", person.username, person.pk)
        record_event("x.own", actor, Scope(), Told())


def test_the_audience_of_an_event_are_those_who_may_see_it(world: World) -> None:
    happen_everywhere(world)
    events = list(Event.objects.order_by("seq"))
    people = audience_of(events)
    readers = [reader_of(Actor("user", one.username, one.pk)) for one in world.people.values()]
    some_see_not_all = False
    for reader in (*readers, NOBODY, THE_SERVICE):
        seen = set(visible_events(reader).values_list("seq", flat=True))
        assert {seq for seq, who in people.items() if reaches(reader, who)} == seen, reader
        some_see_not_all |= 0 < len(seen) < len(events)
    assert some_see_not_all


def test_many_events_cost_no_more_queries_than_one(world: World) -> None:
    happen_everywhere(world)
    events = list(Event.objects.all())
    with CaptureQueriesContext(connection) as captured:
        audience_of(events)
    # sessions, members and operators; those near a microscope, by group and by grant
    assert len(captured) == 5

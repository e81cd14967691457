"""What a plan shows is what its serializer shows, value by value."""

from __future__ import annotations

import json
from typing import Any

import pytest
from rest_framework.renderers import JSONRenderer
from rest_framework.utils.encoders import JSONEncoder

from api import resources
from api.resource import Resource
from api.serializers.record import EventSerializer
from api.showing import all_shown, plan_of
from smartscope.models import Event
from smartscope.queries.visible import THE_SERVICE
from tests.api.conftest import As
from tests.api.world import World
from tests.permissions.every_route import scenery

pytestmark = pytest.mark.django_db

ALL = [one for one in vars(resources).values() if isinstance(one, Resource)]


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, cls=JSONEncoder))


def test_every_resource_is_shown_as_its_serializer_says(world: World) -> None:
    scenery(world)
    seen = set()
    for resource in ALL:
        rows = list(resource.rows(THE_SERVICE))
        expected = as_json(resource.serializer(rows, many=True).data)
        assert as_json(all_shown(resource.serializer, rows)) == expected, resource.name
        if rows:
            seen.add(resource.name)
    assert {"sessions", "grids", "squares", "holes", "exposures", "images", "steps"} <= seen


def test_events_are_shown_as_their_serializer_says(world: World) -> None:
    events = list(Event.objects.all())
    assert events
    expected = as_json(EventSerializer(events, many=True).data)
    assert as_json(all_shown(EventSerializer, events)) == expected


def test_only_the_fields_asked_for_in_the_order_of_all(world: World, as_: As) -> None:
    answer = as_("member").get("/api/v1/holes?fields=label,slug&limit=2")
    assert [list(row) for row in answer.json()["results"]] == [["slug", "label"]] * 2
    refused = as_("member").get("/api/v1/holes?fields=slug,nonsense")
    assert refused.status_code == 400
    assert "nonsense" in refused.json()["detail"]


def test_a_plan_is_made_once_and_its_values_need_no_encoder_of_ours() -> None:
    assert plan_of(EventSerializer) is plan_of(EventSerializer)
    row = Event(seq=1, kind="x.y", time="2026-11-21T00:00:00Z", subjects=[])
    text = JSONRenderer().render(all_shown(EventSerializer, [row]))
    assert json.loads(text)[0]["time"] == "2026-11-21T00:00:00Z"

"""What is wrong, and what people answer to it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from api.filters import is_uuid
from api.idempotency import once
from api.schema import IDEMPOTENCY_KEY, Doc, single_serializer
from api.serializers.alarms import AlarmSerializer, LadderSerializer, ShelfBody
from api.views.base import View
from smartscope.domain.errors import NotFound
from smartscope.models import Alarm
from smartscope.operations.acknowledge_alarm import acknowledge_alarm
from smartscope.operations.shelve_alarm import shelve_alarm
from smartscope.operations.try_alarms import try_alarms
from smartscope.queries.alarms import ladder
from smartscope.queries.events import head_seq

ANSWERS = {"OPTIONS": "read", "POST": "operate"}
ONE_ALARM = single_serializer(AlarmSerializer)


class Acknowledge(View):
    """You have seen it: nobody else is told. Once what raised it is over, it is closed."""

    tag = "alarms"
    scopes = ANSWERS
    docs = {
        "POST": Doc(
            operation_id="acknowledge_alarm", summary="Acknowledge an alarm", answer=ONE_ALARM
        )
    }

    def post(self, request: Request, key: str) -> Response:
        return _answered(key, lambda pk: acknowledge_alarm(self.actor, pk))


class Shelve(View):
    """Put an alarm aside for up to 12 hours, with a reason."""

    tag = "alarms"
    scopes = ANSWERS
    docs = {
        "POST": Doc(
            operation_id="shelve_alarm",
            summary="Put an alarm aside",
            body=ShelfBody,
            answer=ONE_ALARM,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        body = ShelfBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        duration = timedelta(hours=data["hours"])
        return _answered(
            key,
            lambda pk: shelve_alarm(self.actor, pk, duration=duration, reason=data["reason"]),
        )


class Test(View):
    """Tell everybody on the ladder at once that this is a test; its `deliveries` say who got it."""

    tag = "alarms"
    scopes = ANSWERS
    docs = {
        "POST": Doc(
            operation_id="test_alarms",
            summary="Test the alarms",
            answer=ONE_ALARM,
            status=202,
            parameters=[IDEMPOTENCY_KEY],
            problems=(422,),
        )
    }

    def post(self, request: Request) -> Response:
        return once(request, lambda: _shown(try_alarms(self.actor), status=202))


class Ladder(View):
    """Who is told, and when, of an alarm that nobody answers."""

    tag = "alarms"
    docs = {
        "GET": Doc(
            operation_id="get_alarm_ladder", summary="Who is told when", answer=LadderSerializer
        )
    }

    def get(self, request: Request) -> Response:
        return Response(LadderSerializer(ladder(self.actor)).data)


def _answered(key: str, answer: Callable[[UUID], Alarm]) -> Response:
    if not is_uuid(key):
        raise NotFound("There is no such alarm that you may see.")
    return _shown(answer(UUID(key)))


def _shown(alarm: Alarm, status: int = 200) -> Response:
    return Response(AlarmSerializer(alarm).data | {"as_of_seq": head_seq()}, status=status)

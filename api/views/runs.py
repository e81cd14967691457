"""One run with the figures of what it achieved."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.resources import RUNS
from api.schema import Doc, single_serializer
from api.serializers.record import RunWithSummarySerializer
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.run_summary import run_summary


class RunSingle(View):
    """A run; `summary` is what `manage.py run_summary` prints."""

    tag = "runs"
    docs = {
        "GET": Doc(
            operation_id="get_run",
            summary="One run and its summary",
            answer=single_serializer(RunWithSummarySerializer),
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        run = RUNS.one(self.reader, key)
        run.summary = run_summary(run)
        return Response(RunWithSummarySerializer(run).data | {"as_of_seq": as_of_seq})

"""Have a worker try again what every attempt gave up."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from api.asked_resources import JOBS
from api.schema import Doc, single_serializer
from api.serializers.jobs import JobSerializer
from api.views.base import View
from smartscope.operations.retry_analysis import retry_analysis
from smartscope.queries.events import head_seq


class RetryJob(View):
    """For a dead job alone: its file was repaired, or the workers were."""

    tag = "jobs"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="retry_job",
            summary="Try again what was given up",
            answer=single_serializer(JobSerializer),
            status=202,
        )
    }

    def post(self, request: Request, key: str) -> Response:
        retry_analysis(self.actor, JOBS.one(self.reader, key).pk)
        shown = JOBS.one(self.reader, key)
        return Response(JobSerializer(shown).data | {"as_of_seq": head_seq()}, status=202)

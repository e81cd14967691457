"""Studies of a grid's particles: a picker that learns from clicks, and class averages."""

from __future__ import annotations

import zipfile
from dataclasses import asdict

from django.http import FileResponse, HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from api.asked_resources import PARTICLE_STUDIES
from api.etags import version_expected
from api.idempotency import once
from api.problems import Problem
from api.resources import GRIDS
from api.schema import IDEMPOTENCY_KEY, IF_MATCH, SESSION_PARAMETER, Doc
from api.serializers.commands import OutcomeSerializer
from api.serializers.particle_studies import (
    ParticleStudyBody,
    ParticleStudySerializer,
    UsePickerBody,
)
from api.views.base import View
from api.views.pictures import Whatever
from smartscope.domain.errors import NotFound
from smartscope.domain.status import AnalysisState
from smartscope.models import ParticleStudy, StudyKind
from smartscope.operations.particle_studies import StudyAsked, use_picker, want_study
from smartscope.queries.particle_studies import AVERAGES_PICTURE
from smartscope.storage.current import current_store

_NOT_THERE = Problem("not_derived_yet", "This is not worked out yet; ask again later.")


class GridStudies(View):
    """A worker does it when nothing else waits; one of each kind at a time for a grid."""

    tag = "particle-studies"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="want_particle_study",
            summary="Have a picker learn from clicks, or particles averaged in classes",
            body=ParticleStudyBody,
            answer=ParticleStudySerializer,
            status=202,
            parameters=[IDEMPOTENCY_KEY, SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        grid = GRIDS.one(self.reader, key, request.query_params.get("session"))
        body = ParticleStudyBody(data=request.data)
        body.is_valid(raise_exception=True)
        asked = StudyAsked(
            kind=StudyKind(body.validated_data["kind"]),
            diameter_angstrom=body.validated_data.get("diameter_angstrom"),
        )

        def carry_out() -> Response:
            study = want_study(self.actor, grid.pk, asked)
            return Response(ParticleStudySerializer(study).data, status=202)

        return once(request, carry_out)


class GridPicker(View):
    """An edit like any other: it can be taken back."""

    tag = "particle-studies"
    scopes = {"PUT": "plan", "OPTIONS": "read"}
    docs = {
        "PUT": Doc(
            operation_id="use_picker",
            summary="Choose who looks for particles in the grid's next exposures",
            body=UsePickerBody,
            answer=OutcomeSerializer,
            parameters=[IF_MATCH, SESSION_PARAMETER],
            problems=(412, 428),
        )
    }

    def put(self, request: Request, key: str) -> Response:
        grid = GRIDS.one(self.reader, key, request.query_params.get("session"))
        body = UsePickerBody(data=request.data)
        body.is_valid(raise_exception=True)
        outcome = use_picker(
            self.actor, grid.pk, body.validated_data["study"], version=version_expected(request)
        )
        return Response(OutcomeSerializer(asdict(outcome)).data)


class StudyFile(View):
    """The learnt picker as JSON, or a ZIP of class averages with the class of each particle."""

    content_negotiation_class = Whatever
    tag = "particle-studies"
    docs = {
        "GET": Doc(
            operation_id="download_particle_study",
            summary="The file itself",
            answer=OpenApiTypes.BINARY,
            media_type="application/octet-stream",
        )
    }

    def get(self, request: Request, key: str) -> FileResponse:
        study = _done(PARTICLE_STUDIES.one(self.reader, key))
        try:
            stream = current_store().open(study.key)
        except NotFound:
            raise _NOT_THERE from None
        ending = study.key.rsplit(".", maxsplit=1)[-1]
        name = f"{study.grid.slug}-{study.kind}-{study.number}.{ending}"
        return FileResponse(
            stream, as_attachment=True, filename=name, content_type=f"application/{ending}"
        )


class AveragesPicture(View):
    """All classes in a row, each from its own black to its own white; it never changes."""

    content_negotiation_class = Whatever
    tag = "particle-studies"
    docs = {
        "GET": Doc(
            operation_id="averages_picture",
            summary="Class averages as one picture",
            answer=OpenApiTypes.BINARY,
            media_type="image/png",
        )
    }

    def get(self, request: Request, key: str) -> HttpResponse:
        study = _done(PARTICLE_STUDIES.one(self.reader, key))
        if study.kind != StudyKind.CLASSES:
            raise Problem("not_derived_yet", "A learnt picker has no picture.")
        try:
            with current_store().open(study.key) as stream, zipfile.ZipFile(stream) as archive:
                picture = archive.read(AVERAGES_PICTURE)
        except NotFound:
            raise _NOT_THERE from None
        answer = HttpResponse(picture, content_type="image/png")
        answer["Cache-Control"] = "private, max-age=31536000, immutable"
        return answer


def _done(study: ParticleStudy) -> ParticleStudy:
    if study.state != AnalysisState.DONE:
        raise _NOT_THERE
    return study

"""Particles of exposures: looked for when asked, read as columns, corrected by clicks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import etag_of, is_unchanged, version_expected
from api.resource import Resource
from api.resources import EXPOSURES, GRIDS, SQUARES
from api.schema import IF_MATCH, SESSION_PARAMETER, Doc, single_serializer
from api.serializers.commands import OutcomeSerializer
from api.serializers.picks import (
    EditPicksBody,
    PickingStepsBody,
    PickingStepsSerializer,
    PicksSerializer,
    WantPicksBody,
)
from api.throttles import PreviewRate, RequestRate
from api.views.base import View
from smartscope.domain.protocol import PickingMethod
from smartscope.operations.edit_picks import PickClicks, edit_picks
from smartscope.operations.want_denoised import want_denoised
from smartscope.operations.want_picks import PicksAsked, want_picks
from smartscope.queries.events import head_seq
from smartscope.queries.exposures import exposures_of_grid, exposures_of_square
from smartscope.queries.picking_steps import picking_steps
from smartscope.queries.picks_shown import picks_shown

PICKS = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "plan", "PATCH": "label"}


def picks_asked(request: Request) -> PicksAsked:
    """What a body of `WantPicksBody` asks for."""
    body = WantPicksBody(data=request.data or {})
    body.is_valid(raise_exception=True)
    method = body.validated_data.get("method")
    return PicksAsked(
        method=None if method is None else PickingMethod(method),
        diameter_angstrom=body.validated_data.get("diameter_angstrom"),
    )


class ExposurePicks(View):
    """Asking again with the same words changes nothing; what people said stays whoever looks."""

    tag = "exposures"
    scopes = PICKS
    docs = {
        "GET": Doc(
            operation_id="get_picks",
            summary="Particles of an exposure",
            answer=single_serializer(PicksSerializer),
            parameters=[SESSION_PARAMETER],
        ),
        "POST": Doc(
            operation_id="want_picks",
            summary="Have particles looked for in an exposure",
            body=WantPicksBody,
            answer=OutcomeSerializer,
            status=202,
            parameters=[SESSION_PARAMETER],
        ),
        "PATCH": Doc(
            operation_id="edit_picks",
            summary="Add and remove particles, or move the threshold",
            body=EditPicksBody,
            answer=OutcomeSerializer,
            parameters=[IF_MATCH, SESSION_PARAMETER],
            problems=(412, 428),
        ),
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        picking = picks_shown(self._exposure(key))
        body = dict(PicksSerializer(picking).data)
        etag = etag_of(picking.version, body)
        if is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(body | {"as_of_seq": as_of_seq}, headers={"ETag": etag})

    def post(self, request: Request, key: str) -> Response:
        exposure = self._exposure(key)
        outcome = want_picks(self.actor, [exposure.pk], picks_asked(request))
        return Response(OutcomeSerializer(asdict(outcome)).data, status=202)

    def patch(self, request: Request, key: str) -> Response:
        exposure = self._exposure(key)
        body = EditPicksBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        clicks = PickClicks(
            add=_places(data, "add"),
            remove=_places(data, "remove"),
            threshold=data.get("threshold"),
            sets_threshold="threshold" in data,
        )
        outcome = edit_picks(self.actor, exposure.pk, clicks, version=version_expected(request))
        return Response(OutcomeSerializer(asdict(outcome)).data)

    def _exposure(self, key: str) -> Any:
        return EXPOSURES.one(self.reader, key, self.request.query_params.get("session"))


class ExposurePickingSteps(View):
    """Nothing is written; at most 30 a minute, and one at a time."""

    tag = "exposures"
    scopes = {"POST": "read", "OPTIONS": "read"}
    throttle_classes = (RequestRate, PreviewRate)
    docs = {
        "POST": Doc(
            operation_id="preview_picking_steps",
            summary="What the clusters-of-grey picker sees, step by step, with other settings",
            body=PickingStepsBody,
            answer=PickingStepsSerializer,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        exposure = EXPOSURES.one(self.reader, key, request.query_params.get("session"))
        body = PickingStepsBody(data=request.data)
        body.is_valid(raise_exception=True)
        settings = dict(body.validated_data)
        diameter = settings.pop("diameter_angstrom")
        seen = picking_steps(exposure, diameter, settings)
        return Response(PickingStepsSerializer(asdict(seen)).data)


class ExposureDenoised(View):
    """Made of two halves of the movie's frames; the microscope is not used."""

    tag = "exposures"
    scopes = {"POST": "plan", "OPTIONS": "read"}
    docs = {
        "POST": Doc(
            operation_id="want_denoised",
            summary="Have an exposure denoised",
            answer=OutcomeSerializer,
            status=202,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        exposure = EXPOSURES.one(self.reader, key, request.query_params.get("session"))
        outcome = want_denoised(self.actor, [exposure.pk])
        return Response(OutcomeSerializer(asdict(outcome)).data, status=202)


class _Many(View):
    """Of every exposure below a square or a grid that is analysed; the others are skipped."""

    resource: ClassVar[Resource]
    scopes = {"POST": "plan", "OPTIONS": "read"}

    def ids(self, key: str) -> list[Any]:
        row = self.resource.one(self.reader, key, self.request.query_params.get("session"))
        below = exposures_of_grid if self.resource is GRIDS else exposures_of_square
        return below(self.reader, row.pk)


def _many_doc(verb: str, noun: str, summary: str, body: Any = None) -> dict[str, Doc]:
    return {
        "POST": Doc(
            operation_id=f"want_{verb}_of_{noun}",
            summary=summary,
            body=body,
            answer=OutcomeSerializer,
            status=202,
            parameters=[SESSION_PARAMETER],
        )
    }


class _ManyPicks(_Many):
    def post(self, request: Request, key: str) -> Response:
        outcome = want_picks(self.actor, self.ids(key), picks_asked(request))
        return Response(OutcomeSerializer(asdict(outcome)).data, status=202)


class _ManyDenoised(_Many):
    def post(self, request: Request, key: str) -> Response:
        outcome = want_denoised(self.actor, self.ids(key))
        return Response(OutcomeSerializer(asdict(outcome)).data, status=202)


class GridPicks(_ManyPicks):
    """Every analysed exposure of the grid; what cannot be looked at now is skipped and named."""

    resource, tag = GRIDS, "grids"
    docs = _many_doc("picks", "grid", "Have particles looked for in a grid", WantPicksBody)


class SquarePicks(_ManyPicks):
    """Every analysed exposure of the square; what cannot be looked at now is skipped and named."""

    resource, tag = SQUARES, "squares"
    docs = _many_doc("picks", "square", "Have particles looked for in a square", WantPicksBody)


class GridDenoised(_ManyDenoised):
    """Every analysed exposure of the grid that has a movie; the others are skipped and named."""

    resource, tag = GRIDS, "grids"
    docs = _many_doc("denoised", "grid", "Have a grid's exposures denoised")


class SquareDenoised(_ManyDenoised):
    """Every analysed exposure of the square that has a movie; the others are skipped and named."""

    resource, tag = SQUARES, "squares"
    docs = _many_doc("denoised", "square", "Have a square's exposures denoised")


def _places(data: dict[str, Any], name: str) -> list[tuple[float, float]]:
    return [(place["x_px"], place["y_px"]) for place in data.get(name, ())]

"""Holes that people add, move or let the lattice propose; and why a target is as it is."""

from __future__ import annotations

from dataclasses import asdict

from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import version_expected
from api.resources import HOLES, SQUARES
from api.schema import IF_MATCH, SESSION_PARAMETER, Doc, single_serializer
from api.serializers.commands import OutcomeSerializer
from api.serializers.shaping import (
    ExtendBody,
    ExtendedSerializer,
    MoveHoleBody,
    NewHolesBody,
    WhySerializer,
)
from api.serializers.targets import HoleSerializer
from api.views.base import View
from api.views.reading import SingleView, single_doc
from smartscope.operations.hole_shapes import NewHole, add_holes, lattice_beyond, move_hole
from smartscope.operations.pending_edit import Manner
from smartscope.queries.events import head_seq
from smartscope.queries.why import why_hole, why_square

SHAPES = {"GET": "read", "HEAD": "read", "OPTIONS": "read", "POST": "plan", "PATCH": "plan"}


class OneHole(SingleView):
    """A hole; its place can be corrected until the beam has seen it."""

    resource = HOLES
    tag = "holes"
    scopes = SHAPES
    docs = {
        "GET": single_doc(HOLES, "hole"),
        "PATCH": Doc(
            operation_id="move_hole",
            summary="Move a hole",
            body=MoveHoleBody,
            answer=single_serializer(HoleSerializer),
            parameters=[IF_MATCH, SESSION_PARAMETER],
            problems=(412, 428),
        ),
    }

    def patch(self, request: Request, key: str) -> Response:
        hole = self.find(key)
        body = MoveHoleBody(data=request.data)
        body.is_valid(raise_exception=True)
        version = version_expected(request)
        move_hole(self.actor, hole.pk, version=version, **body.validated_data)
        return self.shown(request, self.find(str(hole.pk)), head_seq())


class NewHoles(View):
    """Add holes by hand: found, not queued; the changeset takes them away again."""

    tag = "squares"
    scopes = SHAPES
    docs = {
        "POST": Doc(
            operation_id="add_holes",
            summary="Add holes to a square",
            body=NewHolesBody,
            answer=OutcomeSerializer,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        body = NewHolesBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        manner = Manner(
            dry_run=data["dry_run"], summary=f"{len(data['holes'])} holes in {square.slug}"
        )
        new = [NewHole(**one) for one in data["holes"]]
        outcome = add_holes(self.actor, square.pk, new, predicted=False, manner=manner)
        return Response(OutcomeSerializer(asdict(outcome)).data)


class ExtendLattice(View):
    """Where the film's lattice goes on beyond the known holes; without `dry_run` they are added."""

    tag = "squares"
    scopes = SHAPES
    docs = {
        "POST": Doc(
            operation_id="extend_lattice",
            summary="Extend the lattice of holes",
            body=ExtendBody,
            answer=ExtendedSerializer,
            parameters=[SESSION_PARAMETER],
        )
    }

    def post(self, request: Request, key: str) -> Response:
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        body = ExtendBody(data=request.data)
        body.is_valid(raise_exception=True)
        data = body.validated_data
        beyond = lattice_beyond(self.actor, square.pk, rings=data["rings"])
        changeset, changed = None, len(beyond)
        if beyond and not data["dry_run"]:
            manner = Manner(summary=f"lattice of {square.slug} extended by {len(beyond)} holes")
            done = add_holes(self.actor, square.pk, beyond, predicted=True, manner=manner)
            changeset, changed = done.changeset, done.changed
        shown = {
            "changeset": changeset,
            "changed": changed,
            "holes": [asdict(one) for one in beyond],
        }
        return Response(ExtendedSerializer(shown).data)


def why_doc(noun: str) -> dict[str, Doc]:
    return {
        "GET": Doc(
            operation_id=f"get_why_{noun}",
            summary=f"Why a {noun} is as it is",
            answer=WhySerializer,
            parameters=[SESSION_PARAMETER],
        )
    }


class HoleWhy(View):
    """What was measured of a hole, by what, which rule decided, and who changed it."""

    tag = "holes"
    docs = why_doc("hole")

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        hole = HOLES.one(self.reader, key, request.query_params.get("session"))
        return Response(WhySerializer(asdict(why_hole(hole)) | {"as_of_seq": as_of_seq}).data)


class SquareWhy(View):
    """What was measured of a square, by what, which rule decided, and who changed it."""

    tag = "squares"
    docs = why_doc("square")

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        return Response(WhySerializer(asdict(why_square(square)) | {"as_of_seq": as_of_seq}).data)

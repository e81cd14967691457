"""Targets of an atlas or a square as columns, for drawing thousands at once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.after_seq import after_seq_of
from api.problems import Problem
from api.resources import ATLASES, SQUARES
from api.schema import SESSION_PARAMETER, Doc
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.overlays import atlas_overlay, packed, square_overlay

AFTER_SEQ = OpenApiParameter(
    "after_seq", int, description="Only what changed since that event; rows are named by `index`."
)
PACKED = OpenApiParameter(
    "packed",
    bool,
    description="Columns that repeat themselves say each value once: as `every` where all rows "
    "have the same, else as `values` with each row's place among them in `codes`.",
)


def _column(type_: str, *, nullable: bool = False, **more: Any) -> Any:
    """A list with a value for each row, or the same packed."""
    value = {"type": [type_, "null"] if nullable else type_, **more}
    values = {"type": "array", "items": value}
    codes = {"type": "array", "items": {"type": "integer"}}
    every = {"type": "object", "properties": {"every": value}, "required": ["every"]}
    coded = {
        "type": "object",
        "properties": {"values": values, "codes": codes},
        "required": ["values", "codes"],
    }

    @extend_schema_field({"oneOf": [values, every, coded]})
    class Column(serializers.JSONField):
        pass

    return Column(required=False)


class OverlaySerializer(serializers.Serializer[Any]):
    """`index` is null when every row is here, else the rows' places in the geometry.

    Positions are rounded to a hundredth of a pixel, measured values to what a map can show.
    """

    geometry_version = serializers.CharField()
    as_of_seq = serializers.IntegerField()
    index = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    ids = _column("string", format="uuid")
    slugs = _column("string")
    x_px = _column("number")
    y_px = _column("number")
    status = _column("string")
    reason = _column("string")
    label = _column("string")
    model_label = _column("string")


class AtlasOverlaySerializer(OverlaySerializer):
    outlines_px = serializers.ListField(
        child=serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField()),
        ),
        required=False,
    )
    probability = _column("number", nullable=True)
    score = _column("number", nullable=True)
    area_um2 = _column("number", nullable=True)
    mean_intensity = _column("number", nullable=True)
    queue_position = _column("integer", nullable=True)
    external = _column("boolean")


class SquareOverlaySerializer(OverlaySerializer):
    radius_px = _column("number", nullable=True)
    ice_thickness_nm = _column("number", nullable=True)
    intensity = _column("number", nullable=True)
    score = _column("number", nullable=True)
    group = _column("string", nullable=True, format="uuid")
    group_role = _column("string")
    cluster = _column("integer", nullable=True)
    predicted = _column("boolean")


def _answer(request: Request, overlay: dict[str, Any]) -> Response:
    text = request.query_params.get("packed", "false")
    if text not in ("true", "false"):
        raise Problem("validation_failed", "packed: must be true or false.")
    return Response(packed(overlay) if text == "true" else overlay)


class AtlasOverlay(View):
    """The squares on an atlas as columns; attributes alone when `after_seq` is given."""

    tag = "atlases"
    docs = {
        "GET": Doc(
            operation_id="get_atlas_overlay",
            summary="Squares as columns",
            answer=AtlasOverlaySerializer,
            parameters=[AFTER_SEQ, PACKED],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        atlas = ATLASES.one(self.reader, key)
        after_seq = after_seq_of(request)
        return _answer(request, atlas_overlay(atlas, as_of_seq=as_of_seq, after_seq=after_seq))


class SquareOverlay(View):
    """The holes in a square as columns; attributes alone when `after_seq` is given."""

    tag = "squares"
    docs = {
        "GET": Doc(
            operation_id="get_square_overlay",
            summary="Holes as columns",
            answer=SquareOverlaySerializer,
            parameters=[AFTER_SEQ, PACKED, SESSION_PARAMETER],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        after_seq = after_seq_of(request)
        return _answer(request, square_overlay(square, as_of_seq=as_of_seq, after_seq=after_seq))

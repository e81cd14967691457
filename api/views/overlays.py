"""Targets of an atlas or a square as columns, for drawing thousands at once."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.problems import Problem
from api.resources import ATLASES, SQUARES
from api.schema import SESSION_PARAMETER, Doc
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.overlays import atlas_overlay, square_overlay

AFTER_SEQ = OpenApiParameter(
    "after_seq", int, description="Only what changed since that event; rows are named by `index`."
)


def _column(kind: type[serializers.Field[Any, Any, Any, Any]], **more: Any) -> Any:
    return serializers.ListField(child=kind(**more), required=False)


class OverlaySerializer(serializers.Serializer[Any]):
    """`index` is null when every row is here, else the rows' places in the geometry."""

    geometry_version = serializers.CharField()
    as_of_seq = serializers.IntegerField()
    index = serializers.ListField(child=serializers.IntegerField(), allow_null=True)
    ids = _column(serializers.UUIDField)
    slugs = _column(serializers.CharField)
    x_px = _column(serializers.FloatField)
    y_px = _column(serializers.FloatField)
    status = _column(serializers.CharField)
    reason = _column(serializers.CharField)
    label = _column(serializers.CharField)
    model_label = _column(serializers.CharField)


class AtlasOverlaySerializer(OverlaySerializer):
    outlines_px = serializers.ListField(
        child=serializers.ListField(
            child=serializers.ListField(child=serializers.FloatField()),
        ),
        required=False,
    )
    probability = _column(serializers.FloatField, allow_null=True)
    queue_position = _column(serializers.IntegerField, allow_null=True)
    external = _column(serializers.BooleanField)


class SquareOverlaySerializer(OverlaySerializer):
    radius_px = _column(serializers.FloatField, allow_null=True)
    ice_thickness_nm = _column(serializers.FloatField, allow_null=True)
    intensity = _column(serializers.FloatField, allow_null=True)
    group = _column(serializers.UUIDField, allow_null=True)
    group_role = _column(serializers.CharField)
    cluster = _column(serializers.IntegerField, allow_null=True)
    predicted = _column(serializers.BooleanField)


class AtlasOverlay(View):
    """The squares on an atlas as columns; attributes alone when `after_seq` is given."""

    tag = "atlases"
    docs = {
        "GET": Doc(
            operation_id="get_atlas_overlay",
            summary="Squares as columns",
            answer=AtlasOverlaySerializer,
            parameters=[AFTER_SEQ],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        atlas = ATLASES.one(self.reader, key)
        return Response(atlas_overlay(atlas, as_of_seq=as_of_seq, after_seq=_after_seq(request)))


class SquareOverlay(View):
    """The holes in a square as columns; attributes alone when `after_seq` is given."""

    tag = "squares"
    docs = {
        "GET": Doc(
            operation_id="get_square_overlay",
            summary="Holes as columns",
            answer=SquareOverlaySerializer,
            parameters=[AFTER_SEQ, SESSION_PARAMETER],
        )
    }

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        square = SQUARES.one(self.reader, key, request.query_params.get("session"))
        return Response(square_overlay(square, as_of_seq=as_of_seq, after_seq=_after_seq(request)))


def _after_seq(request: Request) -> int | None:
    text = request.query_params.get("after_seq")
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 18):
        raise Problem("validation_failed", "after_seq: must be a whole number.")
    return int(text)

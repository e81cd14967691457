"""How views describe themselves in OpenAPI: one `Doc` per method, nothing guessed from names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers

from api.filters import Filter, Kind
from api.problems import CONTENT_TYPE, STATUS_OF_CODE

USUAL_PROBLEMS = (400, 401, 403, 404, 405, 406, 409, 415, 429, 500, 503)
TYPE_OF_KIND: Mapping[Kind, Any] = {
    Kind.REFERENCE: OpenApiTypes.STR,
    Kind.TEXT: OpenApiTypes.STR,
    Kind.NUMBER: OpenApiTypes.STR,
    Kind.FLAG: OpenApiTypes.BOOL,
    Kind.TIME: OpenApiTypes.STR,
}


class FieldProblemSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    message = serializers.CharField()


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457; `detail` says what to do next."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    instance = serializers.CharField(allow_blank=True)
    code = serializers.ChoiceField(choices=sorted(STATUS_OF_CODE))
    errors = FieldProblemSerializer(many=True)  # type: ignore[assignment]
    request_id = serializers.CharField()


@dataclass(frozen=True, slots=True, kw_only=True)
class Doc:
    """One operation: its stable id, what it takes and what it answers."""

    operation_id: str
    summary: str
    answer: Any = None
    body: Any = None
    status: int = 200
    parameters: Sequence[OpenApiParameter] = ()
    problems: tuple[int, ...] = ()
    media_type: str = "application/json"


class Schema(AutoSchema):
    """Reads `view.docs[method]`."""

    @property
    def doc(self) -> Doc:
        found: Doc = getattr(self.view, "docs")[self.method]  # noqa: B009 (a view of ours)
        return found

    def get_operation_id(self) -> str:
        return self.doc.operation_id

    def get_summary(self) -> str:
        return self.doc.summary

    def get_description(self) -> str:  # type: ignore[override]
        return (self.view.__doc__ or "").strip()

    def get_tags(self) -> list[str]:
        return [getattr(self.view, "tag")]  # noqa: B009

    def get_override_parameters(self) -> list[Any]:
        return list(self.doc.parameters)

    def get_request_serializer(self) -> Any:
        return self.doc.body

    def get_response_serializers(self) -> Any:
        answers: dict[Any, Any] = {(self.doc.status, self.doc.media_type): self.doc.answer}
        for status in sorted({*USUAL_PROBLEMS, *self.doc.problems}):
            answers[(status, CONTENT_TYPE)] = ProblemSerializer
        return answers


def page_serializer(item: Any) -> Any:
    """The envelope of a list of `item`."""
    name = item.__name__.removesuffix("Serializer")
    return inline_serializer(
        f"{name}Page",
        {
            "results": item(many=True),
            "next": serializers.CharField(allow_null=True),
            "count": serializers.IntegerField(required=False),
            "as_of_seq": serializers.IntegerField(),
        },
    )


@cache
def single_serializer(item: Any) -> Any:
    """`item` together with the position of the log it was read at."""
    name = item.__name__.removesuffix("Serializer")
    members: dict[str, Any] = {
        "__module__": item.__module__,
        "as_of_seq": serializers.IntegerField(read_only=True),
    }
    if meta := getattr(item, "Meta", None):
        members["Meta"] = type("Meta", (meta,), {"fields": (*meta.fields, "as_of_seq")})
    return type(f"Single{name}Serializer", (item,), members)


def list_parameters(filters: Mapping[str, Filter], sorts: Sequence[str]) -> list[OpenApiParameter]:
    """Paging, sorting and every filter with its comparisons."""
    parameters = [
        _parameter("cursor", "Taken from `next`, unchanged."),
        OpenApiParameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": 1000, "default": 100}
        ),
        OpenApiParameter("sort", {"type": "string", "enum": [*sorts, *(f"-{s}" for s in sorts)]}),
        _parameter("fields", "Only these fields, separated by commas."),
        OpenApiParameter("count", bool, description="Also count, up to 10,000."),
    ]
    return [*parameters, *filter_parameters(filters)]


def filter_parameters(filters: Mapping[str, Filter]) -> list[OpenApiParameter]:
    """Every filter with its comparisons."""
    parameters = []
    for name, wanted in filters.items():
        parameters.append(
            OpenApiParameter(
                name,
                TYPE_OF_KIND[wanted.kind],
                description="" if wanted.kind is Kind.FLAG else "One value, or several by commas.",
            )
        )
        for suffix in wanted.suffixes:
            kind = OpenApiTypes.BOOL if suffix == "isnull" else TYPE_OF_KIND[wanted.kind]
            parameters.append(OpenApiParameter(f"{name}__{suffix}", kind))
    return parameters


def _parameter(name: str, description: str) -> OpenApiParameter:
    return OpenApiParameter(name, str, description=description)


SESSION_PARAMETER = _parameter("session", "In which session a slug is meant: id or name.")
IF_MATCH = OpenApiParameter(
    "If-Match", str, OpenApiParameter.HEADER, required=True, description="The ETag last read."
)
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "minLength": 1, "maxLength": 100},
    OpenApiParameter.HEADER,
    required=True,
    description="Any text of your own; the same key is answered the same way for a day.",
)

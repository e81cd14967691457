"""The two ways of reading a resource: a page of its list, or one by id or slug."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from api.etags import etag_of, is_unchanged
from api.pages import Asked, page_of
from api.problems import Problem
from api.resource import Resource
from api.schema import (
    SESSION_PARAMETER,
    Doc,
    list_parameters,
    page_serializer,
    single_serializer,
)
from api.showing import all_shown, one_shown, plan_of
from api.views.base import View
from smartscope.queries.events import head_seq
from smartscope.queries.visible import Reader


class ListView(View):
    """A page of the rows you may see; `next` continues it, `as_of_seq` places it in the log."""

    resource: ClassVar[Resource]

    def get(self, request: Request, **path: str) -> Response:
        as_of_seq = head_seq()
        asked, below = request.query_params, self.below(**path)

        def rows(reader: Reader) -> Any:
            return self.resource.narrowed(reader, asked).filter(**below)

        page = page_of(
            Asked((self.resource.name, *below.items()), rows),
            self.reader,
            asked,
            sorts=self.resource.sorts,
            default_sort=self.resource.default_sort,
        )
        shape = self.resource.serializer
        names = _wanted(plan_of(shape).names, request.query_params.get("fields"))
        results = all_shown(shape, page.rows, names)
        body: dict[str, Any] = {"results": results, "next": page.next, "as_of_seq": as_of_seq}
        if page.count is not None:
            body["count"] = page.count
        return Response(body)

    def below(self, **path: str) -> dict[str, Any]:
        """Of what the rows are, where the path names an object: fields and their values.

        Raises NotFound when the one who asks may not see it.
        """
        return {}


class SingleView(View):
    """One object by id, or by slug with `?session=` where several sessions have such a slug."""

    resource: ClassVar[Resource]

    def get(self, request: Request, key: str) -> Response:
        as_of_seq = head_seq()
        return self.shown(request, self.find(key), as_of_seq)

    def find(self, key: str) -> Any:
        """The object, or NotFound."""
        return self.resource.one(self.reader, key, self.request.query_params.get("session"))

    def shown(self, request: Request, row: Any, as_of_seq: int, status: int = 200) -> Response:
        """The object with its ETag, or 304 when the client has it already."""
        body = one_shown(self.resource.serializer, row)
        etag = etag_of(row.version, body)
        if request.method == "GET" and is_unchanged(request, etag):
            return Response(status=304, headers={"ETag": etag})
        return Response(body | {"as_of_seq": as_of_seq}, status=status, headers={"ETag": etag})


def list_view(resource: Resource, noun: str, **more: Any) -> type[ListView]:
    """The list of a resource as a view of its own; `noun` is its name in operation ids."""
    doc = Doc(
        operation_id=f"list_{noun}",
        summary=f"List {resource.name}",
        answer=page_serializer(resource.serializer),
        parameters=list_parameters(resource.filters, resource.sorts),
    )
    members = {
        "resource": resource,
        "docs": {"GET": doc},
        "tag": resource.name,
        "__doc__": ListView.__doc__,
    }
    return type(
        f"{noun.title().replace('_', '')}List", (more.pop("base", ListView),), members | more
    )


def single_doc(resource: Resource, noun: str) -> Doc:
    """How reading one object is described."""
    return Doc(
        operation_id=f"get_{noun}",
        summary=f"One of the {resource.name}",
        answer=single_serializer(resource.serializer),  # type: ignore[arg-type]
        parameters=[SESSION_PARAMETER] if resource.session else [],
    )


def single_view(resource: Resource, noun: str) -> type[SingleView]:
    """One object of a resource as a view of its own."""
    members = {
        "resource": resource,
        "docs": {"GET": single_doc(resource, noun)},
        "tag": resource.name,
        "__doc__": SingleView.__doc__,
    }
    return type(f"{noun.title().replace('_', '')}Single", (SingleView,), members)


def _wanted(known: tuple[str, ...], asked: str | None) -> list[str] | None:
    """The fields asked for, in the order of all; None for all."""
    if asked is None:
        return None
    wanted = set(asked.split(","))
    unknown = sorted(wanted - set(known))
    if unknown:
        sentence = f"no field {', '.join(unknown)[:100]}; known: {', '.join(known)}."
        raise Problem("validation_failed", f"fields: {sentence}", {"fields": sentence})
    return [name for name in known if name in wanted]

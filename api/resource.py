"""What a resource is: who may see which rows, how they are shown, filtered, sorted and found."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import QueryDict
from rest_framework.serializers import BaseSerializer

from api.filters import Filter, is_uuid, where
from api.pages import PAGE_PARAMETERS
from smartscope.domain.errors import Conflict, NotFound
from smartscope.queries.prepared import SOMETHING
from smartscope.queries.visible import Reader, rows_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """`name` is the plural in the path; `slug` the column that may stand in for an id."""

    name: str
    serializer: type[BaseSerializer[Any]]
    rows: Callable[[Reader], QuerySet[Any]]
    filters: Mapping[str, Filter] = field(default_factory=dict)
    sorts: tuple[str, ...] = ("created_at",)
    default_sort: str = "created_at"
    slug: str = ""
    #: path from a row to its session, in which slugs are unique
    session: str = ""

    def narrowed(self, reader: Reader, parameters: QueryDict) -> QuerySet[Any]:
        """The reader's rows that satisfy the filters among the parameters."""
        asked = parameters.copy()
        for name in PAGE_PARAMETERS:
            asked.pop(name, None)
        return self.rows(reader).filter(where(asked, self.filters))

    def one(
        self,
        reader: Reader,
        key: str,
        session: str | None = None,
        within: Mapping[str, Any] | None = None,
    ) -> Any:
        """The row with this id or slug. Raises NotFound, or Conflict when a slug is not unique."""
        if is_uuid(key) and not within:
            found = rows_for(reader, (self.name, "one"), self._one_of, key=UUID(key))
        else:
            rows = self.rows(reader).filter(self._named(key, session), **(within or {}))
            found = list(rows[:2])
        if not found:
            raise NotFound(f"There is no {key[:60]!r} among the {self.name} that you may see.")
        if len(found) > 1:
            raise Conflict(
                f"Several sessions have a {key!r}; say which with ?session=.", code="conflict"
            )
        return found[0]

    def _one_of(self, reader: Reader) -> QuerySet[Any]:
        return self.rows(reader).filter(pk=SOMETHING)[:2]

    def _named(self, key: str, session: str | None) -> Q:
        if is_uuid(key):
            return Q(pk=UUID(key))
        if not self.slug or "\0" in key:
            return Q(pk__in=[])
        condition = Q(**{self.slug: key})
        if session and self.session and "\0" not in session:
            path = f"{self.session}_id" if is_uuid(session) else f"{self.session}__name"
            condition &= Q(**{path: session})
        return condition

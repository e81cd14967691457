"""Pages by position, not by number: as quick at the ten thousandth row as at the first.

A cursor holds the sorting value and the id of the last row; rows whose value is not known yet come
last, whichever way the list is sorted.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F, Model, Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from api.problems import Problem
from smartscope.queries.visible import Reader, rows_for

USUAL_LIMIT = 100
LARGEST_LIMIT = 1_000
COUNTED_UP_TO = 10_000
PAGE_PARAMETERS = ("cursor", "limit", "sort", "fields", "count")
NOT_OF_THE_STATEMENT = ("fields", "count")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows, the query string of what follows them, and how many there are if asked."""

    rows: list[Any]
    next: str | None
    count: int | None


@dataclass(frozen=True, slots=True)
class Asked:
    """What a list is of: the rows of any reader, and a name that no other list has."""

    name: Hashable
    rows: Callable[[Reader], QuerySet[Any]]


@dataclass(frozen=True, slots=True)
class Order:
    """One column and a direction; the id decides between equals."""

    column: str
    descending: bool

    @classmethod
    def parse(cls, text: str, allowed: tuple[str, ...]) -> Order:
        column = text.removeprefix("-")
        if column not in allowed:
            sentence = f"sorts by {', '.join(allowed)}, with '-' in front for descending."
            raise Problem("validation_failed", f"sort: {sentence}", {"sort": sentence})
        return cls(column, text.startswith("-"))

    def apply(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        column = F(self.column)
        first = column.desc(nulls_last=True) if self.descending else column.asc(nulls_last=True)
        return rows.order_by(first, "pk")

    def beyond(self, value: Any, pk: Any) -> Q:
        """The rows after the one with this value and id."""
        if value is None:
            return Q(**{f"{self.column}__isnull": True, "pk__gt": pk})
        further = "lt" if self.descending else "gt"
        return (
            Q(**{f"{self.column}__{further}": value})
            | Q(**{self.column: value, "pk__gt": pk})
            | Q(**{f"{self.column}__isnull": True})
        )


def page_of(
    of: Asked, reader: Reader, parameters: QueryDict, *, sorts: tuple[str, ...], default_sort: str
) -> Page:
    """One page of the rows as the parameters ask; raises Problem for a bad limit, sort or cursor.

    The statement of a first page is kept, for others will ask the same.
    """
    order = Order.parse(parameters.get("sort", default_sort), sorts)
    limit = _limit(parameters.get("limit", str(USUAL_LIMIT)))
    count = None
    if _counted(parameters):
        count = of.rows(reader).order_by()[: COUNTED_UP_TO + 1].count()
    if (cursor := parameters.get("cursor")) is not None:
        value, pk = _decode(cursor)
        found = list(order.apply(of.rows(reader).filter(order.beyond(value, pk)))[: limit + 1])
    else:
        asked = frozenset((k, *v) for k, v in parameters.lists() if k not in NOT_OF_THE_STATEMENT)
        found = rows_for(
            reader, (of.name, asked), lambda one: order.apply(of.rows(one))[: limit + 1]
        )
    following = None
    if len(found) > limit:
        found = found[:limit]
        last = found[-1]
        query = parameters.copy()
        query["cursor"] = _encode(_column(last, order.column), last.pk)
        following = "?" + query.urlencode()
    return Page(found, following, None if count is None else min(count, COUNTED_UP_TO))


def _column(row: Model, path: str) -> Any:
    value: Any = row
    for name in path.split("__"):
        value = getattr(value, name)
    return value


def _limit(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= LARGEST_LIMIT:
        sentence = f"must be a whole number from 1 to {LARGEST_LIMIT}."
        raise Problem("validation_failed", f"limit: {sentence}", {"limit": sentence})
    return int(text)


def _counted(parameters: QueryDict) -> bool:
    text = parameters.get("count", "false")
    if text not in ("true", "false"):
        raise Problem("validation_failed", "count: must be true or false.")
    return text == "true"


def _encode(value: Any, pk: Any) -> str:
    if isinstance(value, datetime):
        value = {"time": value.isoformat()}
    elif isinstance(value, UUID):
        value = str(value)
    text = json.dumps([value, str(pk)])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str) -> tuple[Any, UUID]:
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        value, pk = json.loads(base64.urlsafe_b64decode(padded))
        if isinstance(value, dict):
            value = parse_datetime(value["time"])
        if isinstance(value, list) or "\0" in str(value):
            raise ValueError(cursor)
        return value, UUID(pk)
    except (ValueError, TypeError, KeyError, AttributeError, binascii.Error, RecursionError):
        raise Problem("validation_failed", "cursor: take it from `next`, unchanged.") from None

"""Statements that are made once and asked for many people.

To make a statement of a queryset, and to plan it, costs several times what it takes to answer it,
and an open page asks the same ones all night. Here a stand-in takes the place of each value that
differs from one asking to the next, such as the reader, and becomes a parameter of a statement that
each connection prepares once. A queryset may use stand-ins as values only: what it does must not
depend on them.
"""

from __future__ import annotations

import copy
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.models import QuerySet
from psycopg.sql import Literal

#: statements kept, the last used ones; one is about 100 KB
MOST_KEPT = 64
#: what is asked no more often than this is not worth the database's memory
SELDOM = 2
#: askings after which a connection prepares a statement by itself; Django's None is never at all
ONLY_WHEN_TOLD = 2**31 - 1
#: in place of a person's id: no sequence reaches it, and no request can name it
SOMEBODY = -(2**30) - secrets.randbelow(2**30)
#: in place of a row's id, and of a text
SOMETHING: UUID = uuid4()
SOME_TEXT = secrets.token_hex(16)
STAND_INS = (SOMEBODY, SOMETHING, SOME_TEXT)


class _Statement:
    """One queryset's SQL in which everything is written out but the stand-ins."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        self._asked = 0
        self._sql: str = ""
        self._places: list[Any] = []
        with suppress(EmptyResultSet):
            sql, parameters = self._compiler.as_sql()
            with connections[rows.db].cursor() as cursor:
                self._sql, self._places = _written_out(sql, parameters, cursor.connection)

    def rows(self, values: Mapping[Any, Any]) -> list[Any]:
        """What the database answers now, with these values in place of their stand-ins."""
        if not self._sql:
            return []
        parameters = [_of(kind, values[stand_in]) for stand_in, kind in self._places]
        self._asked += 1
        query = _Ready(self._compiler, self._sql, parameters, prepare=self._asked > SELDOM)
        found = self._rows.__class__(self._rows.model, query, self._rows.db)  # type: ignore[arg-type]
        found._prefetch_related_lookups = self._rows._prefetch_related_lookups  # type: ignore[attr-defined] # noqa: SLF001
        return list(found)


class _Ready:
    """Stands for a queryset's query, and for its compiler, when there is nothing to compile."""

    def __init__(self, compiler: Any, sql: str, parameters: list[Any], *, prepare: bool) -> None:
        self._compiler, self._sql, self._parameters = compiler, sql, parameters
        self._prepare = prepare

    def get_compiler(self, using: str) -> Any:
        """A copy for this thread's connection; it knows its columns already."""
        mine = copy.copy(self._compiler)
        mine.connection = connections[using]
        mine.execute_sql = lambda **_: [self._answered(mine)]
        return mine

    def _answered(self, compiler: Any) -> list[Any]:
        connection = compiler.connection
        connection.ensure_connection()
        with connection.wrap_database_errors:
            connection.connection.prepare_threshold = ONLY_WHEN_TOLD
            kind: Any = _Preparing if self._prepare else ServerBindingCursor
            own = kind(connection.connection)
        with connection._prepare_cursor(own) as cursor:  # noqa: SLF001 (as `cursor()` does)
            cursor.execute(self._sql, self._parameters)
            answered: list[Any] = cursor.fetchall()
        if compiler.has_extra_select:
            return [row[: compiler.col_count] for row in answered]
        return answered


class _Preparing(ServerBindingCursor):
    """The database keeps how it will answer, so that it need not plan that each time."""

    def execute(self, query: Any, params: Any = None, **more: Any) -> Any:
        return super().execute(query, params, prepare=True, **more)  # type: ignore[misc]


def _of(kind: type, value: Any) -> Any:
    return kind(value) if isinstance(value, int) else value


def _written_out(sql: str, parameters: Sequence[Any], connection: Any) -> tuple[str, list[Any]]:
    """The statement with literals, and for each place that is left its stand-in and its kind.

    The kind of a number tells the database how wide it is.
    """
    parts, places, given = [], [], iter(parameters)
    for part in re.split("(%%|%s)", sql):
        if part != "%s":
            parts.append(part)
            continue
        parameter = next(given)
        stand_in = next((one for one in STAND_INS if parameter == one), None)
        if stand_in is None:
            parts.append(Literal(parameter).as_string(connection).replace("%", "%%"))
        else:
            parts.append("%s")
            places.append((stand_in, type(parameter)))
    return "".join(parts), places


_statements: OrderedDict[Hashable, _Statement] = OrderedDict()
_lock = threading.Lock()


def rows_of(
    name: Hashable, make: Callable[[], QuerySet[Any]], values: Mapping[Any, Any]
) -> list[Any]:
    """The rows of `make()`, evaluated now with these values in place of their stand-ins."""
    with _lock:
        statement = _statements.get(name)
        if statement is not None:
            _statements.move_to_end(name)
    if statement is None:
        statement = _Statement(make())
        with _lock:
            _statements[name] = statement
            if len(_statements) > MOST_KEPT:
                _statements.popitem(last=False)
    return statement.rows(values)

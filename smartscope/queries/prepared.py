"""Statements that are made once and asked for many people.

To make a statement of a queryset costs several times what the database needs to answer it, and an
open page asks the same ones all night. Here a stand-in takes the place of each value that differs
from one asking to the next, such as the reader, and is replaced in the parameters. A queryset may
use stand-ins as values only: what it does must not depend on them.
"""

from __future__ import annotations

import copy
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from typing import Any
from uuid import UUID, uuid4

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

#: statements kept, the last used ones; one is about 100 KB
MOST_KEPT = 64
#: in place of a person's id: no sequence reaches it, and no request can name it
SOMEBODY = -(2**30) - secrets.randbelow(2**30)
#: in place of a row's id, and of a text
SOMETHING: UUID = uuid4()
SOME_TEXT = secrets.token_hex(16)
STAND_INS = (SOMEBODY, SOMETHING, SOME_TEXT)


class _Statement:
    """One queryset's SQL, and which of its parameters are stand-ins."""

    def __init__(self, rows: QuerySet[Any]) -> None:
        self._rows = rows
        self._compiler = rows.query.get_compiler(rows.db)
        try:
            self._sql, self._parameters = self._compiler.as_sql()
        except EmptyResultSet:
            self._sql, self._parameters = "", ()
        self._places = [
            (place, stand_in)
            for place, parameter in enumerate(self._parameters)
            for stand_in in STAND_INS
            if parameter == stand_in
        ]

    def rows(self, values: Mapping[Any, Any]) -> list[Any]:
        """What the database answers now, with these values in place of their stand-ins."""
        if not self._sql:
            return []
        known = list(self._parameters)
        for place, stand_in in self._places:
            value = values[stand_in]
            # the kind of a number tells the database how wide it is
            known[place] = type(known[place])(value) if isinstance(value, int) else value
        query = _Ready(self._compiler, self._sql, tuple(known))
        found = self._rows.__class__(self._rows.model, query, self._rows.db)  # type: ignore[arg-type]
        found._prefetch_related_lookups = self._rows._prefetch_related_lookups  # type: ignore[attr-defined] # noqa: SLF001
        return list(found)


class _Ready:
    """Stands for a queryset's query that needs no more thought."""

    def __init__(self, compiler: Any, sql: str, parameters: tuple[Any, ...]) -> None:
        self._compiler, self._sql, self._parameters = compiler, sql, parameters

    def get_compiler(self, using: str) -> Any:
        """A copy for this thread's connection; it knows its columns already."""
        mine = copy.copy(self._compiler)
        mine.connection = connections[using]
        mine.as_sql = lambda: (self._sql, self._parameters)
        return mine


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

"""Many rows that each get values of their own, written by one statement.

Django writes the same as one condition per row and column, which the server reads for longer than
it writes; here each column travels as one array.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from django.db import connection, models


def update_rows(rows: Sequence[models.Model], names: Collection[str]) -> None:
    """Write these columns of the rows, all of one model; rows that are gone are left out."""
    if not rows or not names:
        return
    meta = rows[0]._meta  # noqa: SLF001 - what Django calls a model's description
    fields: list[Any] = [meta.pk, *(meta.get_field(name) for name in sorted(names))]
    quote = connection.ops.quote_name
    table, key, *columns = map(quote, (meta.db_table, *(field.column for field in fields)))
    arrays = ", ".join(f"%s::{_array(field)}" for field in fields)
    put = ", ".join(f"{column} = new.{column}" for column in columns)
    statement = (
        f"UPDATE {table} SET {put} "  # noqa: S608 - every name is a model's own
        f"FROM UNNEST({arrays}) AS new ({', '.join((key, *columns))}) "
        f"WHERE {table}.{key} = new.{key}"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [_values(field, rows) for field in fields])


def _array(field: Any) -> str:
    """Without its length: a cast to a shorter text would cut silently what a column refuses."""
    return f"{field.db_type(connection).split('(', maxsplit=1)[0]}[]"


def _values(field: Any, rows: Sequence[models.Model]) -> list[Any]:
    return [field.get_db_prep_save(getattr(row, field.attname), connection) for row in rows]

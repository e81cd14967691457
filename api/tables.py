"""A table to take away, as CSV or Parquet: the same columns, named as the API names its fields."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes

from api.schema import Doc

#: a cell that begins like this would be taken for a formula by a spreadsheet
FORMULA = ("=", "+", "-", "@", "\t", "\r")
CSV, PARQUET = "text/csv", "application/vnd.apache.parquet"

Columns = Mapping[str, type]
"""Names in their order, each `str`, `int`, `float` or `bool`; any value may be None."""


def csv_answer(name: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Blank where nothing is known; text that a spreadsheet would run is kept as text."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return _file(text.getvalue(), f"{name}.csv", f"{CSV}; charset=utf-8")


def parquet_answer(name: str, columns: Columns, rows: Iterable[Sequence[Any]]) -> HttpResponse:
    """Null where nothing is known; a column has its type whatever is in it."""
    # late: a process that only answers requests does not load what few of them need
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        str: pa.string(),
        int: pa.int64(),
        float: pa.float64(),
        bool: pa.bool_(),
    }
    schema = pa.schema([(column, types[kind]) for column, kind in columns.items()])
    by_column = list(zip(*rows, strict=True)) or [()] * len(columns)
    arrays = [
        pa.array([None if value is None else kind(value) for value in values], type=types[kind])
        for values, kind in zip(by_column, columns.values(), strict=True)
    ]
    sink = io.BytesIO()
    parquet.write_table(pa.table(arrays, schema=schema), sink)
    return _file(sink.getvalue(), f"{name}.parquet", PARQUET)


def parquet_doc(csv_doc: Doc) -> Doc:
    """What describes the same table as Parquet."""
    return replace(
        csv_doc,
        operation_id=f"{csv_doc.operation_id}_parquet",
        summary=csv_doc.summary.replace("CSV", "Parquet"),
        answer=OpenApiTypes.BINARY,
        media_type=PARQUET,
    )


def _file(content: str | bytes, name: str, kind: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=kind, headers=headers)


def _cell(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value

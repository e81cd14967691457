"""Tables as people have them: pasted text (tabs, semicolons or commas), CSV, or a small XLSX."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import zipfile
from typing import Any

from smartscope.domain.errors import InvalidInput

#: what a table of a cassette can need at most; more is a mistake, or meant to hurt
MOST_BYTES = 1_000_000
MOST_UNPACKED_BYTES = 20_000_000
MOST_LINES, MOST_COLUMNS = 1_000, 60
_NO_TABLE = "is no XLSX file; save it as .xlsx or paste its cells as text."


def table_of_text(text: str) -> list[list[str]]:
    """Cells of pasted text; quotes as spreadsheets write them. Raises InvalidInput."""
    if "\0" in text:
        raise InvalidInput({"text": "must not contain a null character."})
    lines = text.lstrip("\ufeff").splitlines()
    first = next((line for line in lines if line.strip()), "")
    delimiter = next((sign for sign in ("\t", ";") if sign in first), ",")
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error as problem:
        raise InvalidInput({"text": f"cannot be read as a table: {problem}."}) from None
    return _within_limits(rows, "text")


def table_of_xlsx(encoded: str) -> list[list[str]]:
    """Cells of the first sheet of a base64-encoded XLSX file. Raises InvalidInput."""
    try:
        data = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput({"xlsx": "must be base64."}) from None
    if len(data) > MOST_BYTES:
        raise InvalidInput({"xlsx": f"is larger than {MOST_BYTES // 1_000_000} MB."})
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            unpacked = sum(entry.file_size for entry in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError):
        raise InvalidInput({"xlsx": _NO_TABLE}) from None
    if unpacked > MOST_UNPACKED_BYTES:
        raise InvalidInput({"xlsx": "unpacks to more than a table of grids can need."})
    return _within_limits(_first_sheet(data), "xlsx")


def _first_sheet(data: bytes) -> list[list[str]]:
    from openpyxl import load_workbook

    try:
        book = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = sheet.iter_rows(max_row=MOST_LINES + 1, max_col=MOST_COLUMNS + 1, values_only=True)
        return [_trimmed([_text(value) for value in row]) for row in rows]
    except Exception as problem:
        raise InvalidInput({"xlsx": _NO_TABLE}) from problem


def _trimmed(row: list[str]) -> list[str]:
    """Without the empty cells that a sheet has to the right of what is written."""
    while row and not row[-1]:
        row.pop()
    return row


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def _within_limits(rows: list[list[str]], field: str) -> list[list[str]]:
    if len(rows) > MOST_LINES:
        raise InvalidInput({field: f"has more than {MOST_LINES} lines."})
    if any(len(row) > MOST_COLUMNS for row in rows):
        raise InvalidInput({field: f"has more than {MOST_COLUMNS} columns."})
    return rows

"""A pasted table of grids, cell by cell: what each row says, and what is wrong in which cell.

Columns are known by their heads, in any order and spelling ("Slot", "grid name", "Film"); without
heads they are slot, name, sample, film, mesh, notes. A bad cell never takes another row with it.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from smartscope.domain.errors import InvalidInput
from smartscope.domain.protocol import (
    HOLE_TYPES,
    LIMITS,
    PARAMETER_NAMES,
    WORDS,
    CollectionProtocol,
    GridDescription,
    check_grid,
    problems_of,
)

MOST_ROWS = 100
WITHOUT_HEADS = ("position", "name", "sample", "hole_type", "mesh", "notes")
#: longest texts, as the columns of a grid hold them
LONGEST: Mapping[str, int] = {"name": 80, "sample": 120, "notes": 10_000}
_ALIASES: Mapping[str, str] = {
    "slot": "position",
    "position": "position",
    "cassetteslot": "position",
    "name": "name",
    "grid": "name",
    "gridname": "name",
    "sample": "sample",
    "specimen": "sample",
    "film": "hole_type",
    "holetype": "hole_type",
    "support": "hole_type",
    "foil": "hole_type",
    "mesh": "mesh",
    "meshsize": "mesh",
    "meshmaterial": "mesh_material",
    "material": "mesh_material",
    "notes": "notes",
    "note": "notes",
    "comment": "notes",
    "comments": "notes",
}
_WHOLE = frozenset(
    name for name in LIMITS if isinstance(getattr(CollectionProtocol(), name), int)
) | {"max_group_size"}
_FLAGS = frozenset(
    name for name in PARAMETER_NAMES if isinstance(getattr(CollectionProtocol(), name), bool)
) | {"offset_targeting"}
_YES, _NO = frozenset({"yes", "true", "1", "x"}), frozenset({"no", "false", "0"})


@dataclass(frozen=True, slots=True)
class CellProblem:
    """`column` is the field's name, or the head as it was written where no field has it."""

    column: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestRow:
    """`line` counts from 1 with the head; `cells` is what was written, by field."""

    line: int
    cells: Mapping[str, str]
    described: GridDescription | None
    sample: str = ""
    notes: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    problems: tuple[CellProblem, ...] = ()

    @property
    def good(self) -> bool:
        return self.described is not None and not self.problems


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """`problems` are of the table as a whole: heads nobody knows, too many rows."""

    columns: tuple[str, ...]
    rows: tuple[ManifestRow, ...]
    problems: tuple[CellProblem, ...]


def read_manifest(
    table: Sequence[Sequence[str]],
    *,
    slots: int,
    taken: Mapping[int, str] | None = None,
    usual: Mapping[str, Any] | None = None,
) -> Manifest:
    """Rows of cells as a manifest; `taken` are slots that have a grid already, by its name.

    `usual` are the session's parameters, which a row may change. Never raises for what is written.
    """
    filled = [(line, row) for line, row in enumerate(table, start=1) if any(map(str.strip, row))]
    if not filled:
        return Manifest(
            columns=(), rows=(), problems=(CellProblem("table", "is empty; paste some rows."),)
        )
    columns, problems, begin = _columns(filled[0][1])
    body = filled[begin:]
    if len(body) > MOST_ROWS:
        problems.append(CellProblem("table", f"has {len(body)} rows; at most {MOST_ROWS}."))
        body = body[:MOST_ROWS]
    if not body:
        problems.append(CellProblem("table", "has heads but no rows."))
    for needed in ("position", "name"):
        if needed not in columns:
            problems.append(CellProblem(needed, f"no column is called {needed!r}; add one."))
    rows = [_row(line, cells, columns, slots, usual or {}) for line, cells in body]
    return Manifest(
        columns=tuple(name for name in columns if name),
        rows=tuple(_slots_checked(rows, taken or {})),
        problems=tuple(problems),
    )


def _columns(first: Sequence[str]) -> tuple[list[str], list[CellProblem], int]:
    """The field of each column ("" for none), what is wrong with the heads, where rows begin."""
    known = [_field_of(cell) for cell in first]
    if not any(known):
        return [*WITHOUT_HEADS][: len(first)], [], 0
    problems = [
        CellProblem(cell.strip()[:60], "is no column of a grid, so it is not read.")
        for cell, name in zip(first, known, strict=True)
        if cell.strip() and not name
    ]
    for name, times in Counter(filter(None, known)).items():
        if times > 1:
            problems.append(
                CellProblem(name, f"is the head of {times} columns; the first is read.")
            )
    seen: set[str] = set()
    columns = []
    for name in known:
        columns.append("" if name in seen else name)
        seen.add(name)
    return columns, problems, 1


def _field_of(head: str) -> str:
    plain = head.strip().lower()
    if plain in PARAMETER_NAMES:
        return plain
    return _ALIASES.get(re.sub(r"[^a-z]", "", plain), "")


def _row(
    line: int,
    written: Sequence[str],
    columns: Sequence[str],
    slots: int,
    usual: Mapping[str, Any],
) -> ManifestRow:
    cells = {
        name: text.strip()[:10_000]
        for name, text in zip(columns, written, strict=False)
        if name and text.strip()
    }
    problems: list[CellProblem] = []
    for name, longest in LONGEST.items():
        if len(cells.get(name, "")) > longest:
            problems.append(CellProblem(name, f"is longer than {longest} characters; shorten it."))
    parameters = _parameters(cells, usual, problems)
    described = _described(cells, slots, problems)
    return ManifestRow(
        line=line,
        cells=cells,
        described=described,
        sample=cells.get("sample", ""),
        notes=cells.get("notes", ""),
        parameters=parameters,
        problems=tuple(problems),
    )


def _described(
    cells: Mapping[str, str], slots: int, problems: list[CellProblem]
) -> GridDescription | None:
    position = _whole(cells.get("position", ""))
    if position is None:
        problems.append(CellProblem("position", "give the slot as a whole number."))
    grid = GridDescription(
        name=cells.get("name", ""),
        position=position if position is not None else 1,
        hole_type=_film(cells.get("hole_type", "")),
        mesh=_mesh(cells.get("mesh", "")),
        mesh_material=cells.get("mesh_material", "copper").lower(),
    )
    try:
        check_grid(grid, slots=slots)
    except InvalidInput as wrong:
        problems += [CellProblem(name, said) for name, said in wrong.problems.items()]
        return None
    return None if position is None else grid


def _parameters(
    cells: Mapping[str, str], usual: Mapping[str, Any], problems: list[CellProblem]
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in PARAMETER_NAMES:
        if name not in cells:
            continue
        value = _value(name, cells[name])
        if value is None:
            problems.append(CellProblem(name, _wanted(name)))
        else:
            found[name] = value
    wrong = problems_of(CollectionProtocol(**{**usual, **found})) if found else {}
    problems += [CellProblem(name, said) for name, said in wrong.items()]
    return found


def _value(name: str, text: str) -> Any:
    if name in _FLAGS:
        word = text.lower()
        return True if word in _YES else False if word in _NO else None
    if name in WORDS:
        return text.lower() if text.lower() in list(WORDS[name]) else None
    return _whole(text) if name in _WHOLE else _number(text)


def _wanted(name: str) -> str:
    if name in _FLAGS:
        return "write yes or no."
    if name in WORDS:
        return f"is one of {', '.join(WORDS[name])}."
    return "must be a whole number." if name in _WHOLE else "must be a number."


def _whole(text: str) -> int | None:
    number = _number(text)
    return int(number) if number is not None and number == int(number) else None


def _number(text: str) -> float | None:
    """With a point, or with the comma of a continental spreadsheet."""
    try:
        number = float(text.replace(",", ".") if text.count(",") == 1 else text)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) < 1e9 else None


def _film(text: str) -> str:
    """The film whatever the blanks and case: "quantifoil r 1.2/1.3" is R1.2/1.3."""
    if not text:
        return GridDescription(name="x", position=1).hole_type
    plain = _squeezed(text)
    for name in HOLE_TYPES:
        if plain in (_squeezed(name), _squeezed(name).removeprefix("r")):
            return name
    bare = plain.removeprefix("quantifoil")
    return next((name for name in HOLE_TYPES if _squeezed(name) == bare), text)


def _mesh(text: str) -> str:
    """ "300 mesh" is 300; a spreadsheet may have made 300.0 of it."""
    plain = _squeezed(text).removesuffix("mesh")
    number = _whole(plain)
    plain = str(number) if number is not None else plain
    return plain or GridDescription(name="x", position=1).mesh


def _squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text).lower()


def _slots_checked(rows: list[ManifestRow], taken: Mapping[int, str]) -> list[ManifestRow]:
    """Two rows in one slot are both told so, naming each other's line."""
    lines: dict[int, list[int]] = {}
    for row in rows:
        if row.described is not None:
            lines.setdefault(row.described.position, []).append(row.line)
    checked = []
    for row in rows:
        problems = list(row.problems)
        if row.described is not None:
            slot = row.described.position
            others = [str(line) for line in lines[slot] if line != row.line]
            if others:
                said = f"slot {slot} is also in line {', '.join(others)}; each slot holds one grid."
                problems.append(CellProblem("position", said))
            elif slot in taken:
                said = f"slot {slot} holds grid {taken[slot]} already; change that one instead."
                problems.append(CellProblem("position", said))
        checked.append(replace(row, problems=tuple(problems)))
    return checked

"""The world's one file: JSON lines, only ever appended, tolerant of a torn last line.

A killed process loses nothing it had reported; a power cut loses at most what came after the last
durable line: every exposure and every exchange of grids is one.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]
TAIL_BYTES = 1 << 16


@dataclass(frozen=True, slots=True)
class Past:
    """Every whole line of a file, in order, and how many bytes of it they fill."""

    lines: tuple[dict[str, Any], ...]
    whole_bytes: int


def read_past(path: Path) -> Past:
    """What was written; a torn line ends the reading. Empty when there is no file."""
    lines: list[dict[str, Any]] = []
    whole = 0
    for raw in path.read_bytes().splitlines(keepends=True) if path.exists() else ():
        line = _parsed(raw)
        if line is None:
            break
        lines.append(line)
        whole += len(raw)
    return Past(tuple(lines), whole)


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line, in order."""
    return list(read_past(path).lines)


def read_last(path: Path, key: str) -> Any:
    """The value of `key` in the last whole line that has it, from the file's end; None without."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(max(0, size - TAIL_BYTES))
        tail = file.read().splitlines(keepends=True)
    for raw in reversed(tail):
        line = _parsed(raw)
        if line is not None and key in line:
            return line[key]
    return None


class Ledger:
    """The append side of the file; one writer at a time, which `world` sees to."""

    def __init__(self, path: Path, past: Past) -> None:
        """Opens (or makes) the file and cuts off what lies behind its `past`."""
        self._file = path.open("ab")
        self._file.truncate(past.whole_bytes)

    def append(self, line: Line, *, durable: bool) -> None:
        """Add a line; `durable` lines are on the disk when this returns."""
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        if durable:
            os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Nothing is written afterwards."""
        self._file.close()


def _parsed(raw: bytes) -> dict[str, Any] | None:
    if not raw.endswith(b"\n"):
        return None
    try:
        line = json.loads(raw)
    except ValueError:
        return None
    return line if isinstance(line, dict) else None

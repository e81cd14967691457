"""The world's one file: JSON lines, only ever appended, tolerant of a torn last line.

A killed process loses nothing it had reported; a power cut loses at most the line being written.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]


def read_lines(path: Path) -> list[dict[str, Any]]:
    """Every whole line, in order; a torn one ends the reading. Empty when there is no file."""
    if not path.exists():
        return []
    lines: list[dict[str, Any]] = []
    for raw in path.read_bytes().split(b"\n"):
        if not raw:
            continue
        try:
            lines.append(json.loads(raw))
        except ValueError:
            break
    return lines


class Ledger:
    """The append side of the file; one writer at a time, which `world` sees to."""

    def __init__(self, path: Path) -> None:
        """Opens (or makes) the file and cuts a torn last line off."""
        path.parent.mkdir(parents=True, exist_ok=True)
        _cut_torn_end(path)
        self._file = path.open("ab")

    def append(self, line: Line, *, durable: bool) -> None:
        """Add a line; `durable` lines are on the disk when this returns."""
        self._file.write(json.dumps(line, separators=(",", ":")).encode() + b"\n")
        self._file.flush()
        if durable:
            os.fdatasync(self._file.fileno())

    def close(self) -> None:
        """Nothing is written afterwards."""
        self._file.close()


def _cut_torn_end(path: Path) -> None:
    if not path.exists():
        return
    whole = 0
    with path.open("rb+") as file:
        for raw in file:
            if not raw.endswith(b"\n") or not _parses(raw):
                break
            whole += len(raw)
        file.truncate(whole)


def _parses(raw: bytes) -> bool:
    try:
        json.loads(raw)
    except ValueError:
        return raw.strip() == b""
    return True

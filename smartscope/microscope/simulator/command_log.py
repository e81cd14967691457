"""What arrived at the simulated SerialEM, from whom, when, and what came of it; kept on disk too.

A command is noted when it begins and again when it has ended, so that one that a killed process
never ended is seen as such. Nothing of this exists on a real instrument.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from smartscope.microscope.simulator.exposure_log import Exposure
from smartscope.microscope.simulator.ledger import read_lines

COMMAND_LOG = "serialem_commands.jsonl"
UNENDED = "not ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One command; times are virtual seconds since the epoch.

    `phase` is how far it came: "before" its effect, "during" or "after" it. `outcome` is "done",
    "stopped", "exited", "refused STATUS" or "failed: text"; `answer` what its sender got of it.
    """

    number: int
    name: str
    arguments: tuple[float | str | None, ...]
    epoch: int | None
    connection: int
    begun_s: float
    ended_s: float | None = None
    phase: str = "before"
    outcome: str = UNENDED
    answer: str = ""
    faults: tuple[str, ...] = ()
    exposures: tuple[dict[str, Any], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self)


@dataclass(slots=True)
class CommandLog:
    """All commands of a world, over every restart; safe to read from other threads."""

    path: Path
    entries: list[Entry] = field(init=False)
    _guard: threading.Lock = field(default_factory=threading.Lock, init=False)

    def __post_init__(self) -> None:
        latest = {line["number"]: line for line in read_lines(self.path)}
        self.entries = [_entry(latest[number]) for number in sorted(latest)]

    def begin(
        self,
        *,
        name: str,
        arguments: tuple[float | str | None, ...],
        epoch: int | None,
        connection: int,
        begun_s: float,
    ) -> Entry:
        """Note that a command has arrived."""
        with self._guard:
            entry = Entry(
                number=len(self.entries) + 1,
                name=name,
                arguments=arguments,
                epoch=epoch,
                connection=connection,
                begun_s=begun_s,
            )
            self.entries.append(entry)
            self._write(entry)
            return entry

    def note(self, number: int, **changes: Any) -> None:
        """What became of it."""
        with self._guard:
            entry = replace(self.entries[number - 1], **changes)
            self.entries[number - 1] = entry
            self._write(entry)

    def after(self, number: int) -> list[dict[str, Any]]:
        """Every entry with a higher number."""
        with self._guard:
            return [entry.to_json() for entry in self.entries[max(number, 0) :]]

    def _write(self, entry: Entry) -> None:
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry.to_json(), separators=(",", ":")) + "\n")


def exposed(exposure: Exposure) -> dict[str, Any]:
    """An exposure as the log tells it: dose, and where."""
    return {
        "serial": exposure.serial,
        "item": exposure.item,
        "routine": exposure.routine,
        "area": exposure.area.value,
        "dose_e_per_a2": exposure.dose_e_per_a2,
        "grid_id": exposure.grid_id,
        "stage_x_um": exposure.stage_x_nm / 1000,
        "stage_y_um": exposure.stage_y_nm / 1000,
        "shift_x_um": exposure.shift_x_nm / 1000,
        "shift_y_um": exposure.shift_y_nm / 1000,
        "specimen_x_um": exposure.specimen_x_um,
        "specimen_y_um": exposure.specimen_y_um,
        "start_s": exposure.start_s,
    }


def _entry(line: dict[str, Any]) -> Entry:
    lists = ("arguments", "faults", "exposures")
    fields: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in line.items()}
    return Entry(**fields)

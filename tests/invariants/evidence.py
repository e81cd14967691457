"""What can be held against a run: the instrument's logs and the files on disk, as plain values.

The instrument's own memory is the judge: it is written by the simulator, not by what is examined.
Rows are read from the database when they are asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from smartscope.microscope.simulator.command_log import COMMAND_LOG
from smartscope.microscope.simulator.ledger import read_lines
from smartscope.microscope.simulator.world import LEDGER
from tests.invariants.acknowledged import Acknowledged

NEVER_REPEAT = frozenset(
    {
        *("load", "unload", "open_valves", "flash_gun", "set_aperture"),
        *("LoadCartridge", "UnloadCartridge", "LongOperation", "SetApertureSize"),
    }
)
_VALVES = "SetColumnOrGunValve"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One command as it arrived at the instrument; times are the instrument's, in seconds.

    `epoch` is the one that its sender had said on that connection, None before it said any.
    """

    number: int
    name: str
    arguments: tuple[object, ...] = ()
    epoch: int | None
    connection: int = 0
    begun_s: float
    outcome: str = "done"
    answer: str = ""
    faults: tuple[str, ...] = ()
    doses: int = 0

    @property
    def opens_valves(self) -> bool:
        """Whether it opens the column."""
        return self.name == "open_valves" or (self.name == _VALVES and self.arguments[:1] == (1,))

    @property
    def closes_valves(self) -> bool:
        """Whether it closes the column, which anybody may at any time."""
        return self.name == "close_valves" or (self.name == _VALVES and self.arguments[:1] == (0,))

    @property
    def never_repeats(self) -> bool:
        """Whether doing it twice may break what doing it once has done."""
        return self.name in NEVER_REPEAT or self.opens_valves


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    """One exposure: where on which specimen, and how the column stood when the beam came on."""

    serial: int
    grid_id: str
    area: str
    item: str
    routine: str
    specimen_x_um: float
    specimen_y_um: float
    dose_e_per_a2: float
    start_s: float
    slot: int | None
    column: Mapping[str, Any]
    stage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class File:
    """One file as found."""

    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """`fences` are (log length, epoch): from that entry on nothing older may arrive.

    `foreign` are connections of clients that are not ours; `acknowledged` is what had been
    confirmed before something was killed.
    """

    sent: tuple[Sent, ...]
    shots: tuple[Shot, ...]
    files: Mapping[str, File]
    spooled: Mapping[str, File]
    fences: tuple[tuple[int, int], ...] = ()
    foreign: frozenset[int] = frozenset()
    acknowledged: tuple[Acknowledged, ...] = ()
    people_speak_in_commands: bool = False
    simulated: bool = True

    def with_sent(self, sent: Sent) -> Evidence:
        """The same with one more command at the log's end."""
        return replace(self, sent=(*self.sent, sent))

    def with_shot(self, shot: Shot) -> Evidence:
        """The same with one more exposure."""
        return replace(self, shots=(*self.shots, shot))


def gather(world: Path, storage: Path, spool: Path | None = None, **more: Any) -> Evidence:
    """Everything the instrument remembers and everything that lies in storage and spool.

    `more` are further fields of `Evidence`.
    """
    lines = read_lines(world / LEDGER)
    log = world / COMMAND_LOG
    sent = _over_socket(read_lines(log)) if log.exists() else _in_process(lines)
    return Evidence(
        sent=sent,
        shots=_shots(lines),
        files=files_below(storage),
        spooled={} if spool is None else files_below(spool),
        **more,
    )


def log_length(world: Path) -> int:
    """How many commands have arrived so far."""
    log = world / COMMAND_LOG
    if log.exists():
        return max((int(line["number"]) for line in read_lines(log)), default=0)
    return len(_in_process(read_lines(world / LEDGER)))


def files_below(root: Path) -> dict[str, File]:
    """Every file below a folder, by its path from there."""
    if not root.is_dir():
        return {}
    return {
        path.relative_to(root).as_posix(): File(
            path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest()
        )
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def _over_socket(lines: list[dict[str, Any]]) -> tuple[Sent, ...]:
    latest = {line["number"]: line for line in lines}
    return tuple(
        Sent(
            number=number,
            name=line["name"],
            arguments=tuple(line["arguments"]),
            epoch=line["epoch"],
            connection=line["connection"],
            begun_s=line["begun_s"],
            outcome=line["outcome"],
            answer=line["answer"],
            faults=tuple(fault.partition(" ")[0] for fault in line["faults"]),
            doses=sum(1 for each in line["exposures"] if not each["routine"]),
        )
        for number, line in sorted(latest.items())
    )


def _in_process(lines: list[dict[str, Any]]) -> tuple[Sent, ...]:
    commands = [line for line in lines if line["k"] == "command"]
    return tuple(
        Sent(number=number, name=line["name"], epoch=int(line["epoch"]), begun_s=line["at"])
        for number, line in enumerate(commands, start=1)
    )


@dataclass(slots=True)
class _Stood:
    """The parts of the instrument as last written down, and the slot of the grid on the stage."""

    slot: int | None = None
    column: dict[str, Any] = field(default_factory=dict)
    stage: dict[str, Any] = field(default_factory=dict)


def _shots(lines: list[dict[str, Any]]) -> tuple[Shot, ...]:
    stood, shots = _Stood(), []
    for line in lines:
        parts = line.get("parts", {})
        stood.column = parts.get("column", stood.column)
        stood.stage = parts.get("stage", stood.stage)
        stood.slot = parts.get("autoloader", {"loaded_slot": stood.slot})["loaded_slot"]
        if line["k"] == "exposure":
            known = {name: line[name] for name in Shot.__dataclass_fields__ if name in line}
            shots.append(Shot(**known, slot=stood.slot, column=stood.column, stage=stood.stage))
    return tuple(shots)


def as_json(evidence: Evidence) -> str:
    """The commands, one a line, to be kept beside a seed that showed something."""
    return "\n".join(
        json.dumps([each.number, each.name, each.arguments, each.epoch, each.outcome])
        for each in evidence.sent
    )

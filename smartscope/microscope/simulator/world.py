"""The world outlives its processes: state, exposures and counters, written as they change.

Whoever opened the world last owns it; an earlier owner that wakes up is refused, as a real
instrument's newest client is the only one it listens to.
"""

from __future__ import annotations

import fcntl
import secrets
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from smartscope.microscope.errors import BadInstrumentSettings, ConnectionLost
from smartscope.microscope.simulator.cassette import CassetteSpec
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.durations import Operation, duration_s
from smartscope.microscope.simulator.exposure_log import Exposure, ExposureLog
from smartscope.microscope.simulator.ledger import Ledger, read_last, read_past
from smartscope.microscope.simulator.state import (
    AutoloaderState,
    ColumnState,
    LensState,
    ScopeState,
    StageState,
    from_json,
    to_json,
    with_part,
)
from smartscope.microscope.values import CommandClass

LEDGER = "world.jsonl"
OWNER = "owner"
LOCK = "lock"
FORMAT = 1
#: How long a newcomer waits (real seconds) for a command of its predecessor that hangs.
TAKEOVER_PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the command log: what arrived, from which epoch, when."""

    name: str
    command_class: CommandClass
    epoch: int
    at_s: float


class World:
    """One simulated microscope and its cassette."""

    def __init__(
        self,
        directory: Path,
        *,
        seed: int,
        cassette: CassetteSpec,
        clock: SimulatedClock,
        epoch: int = 0,
    ) -> None:
        """Take the world over: read what was, then own the file.

        Raises BadInstrumentSettings when the directory holds another seed's world.
        """
        self.directory = directory
        self.seed = seed
        self.cassette = cassette
        self.clock = clock
        self.epoch = epoch
        self.state = ScopeState()
        self.exposures = ExposureLog()
        self.commands: list[Command] = []
        self.began_at_s = clock.now()
        self._counts: Counter[str] = Counter()
        self._dirty: set[str] = set()
        self._saved = self.state
        self._token = secrets.token_hex(8)
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = (directory / LOCK).open("ab")
        try:
            self._take_over()
        except BaseException:
            self._lock.close()
            raise
        clock.keep_in(self._time_passed)

    def _take_over(self) -> None:
        locked = self._wait_for_lock(TAKEOVER_PATIENCE_S)
        try:
            past = read_past(self.directory / LEDGER)
            self._replay(past.lines)
            (self.directory / OWNER).write_text(self._token)
            self._ledger = Ledger(self.directory / LEDGER, past)
            if not self._counts["begun"]:
                self._counts["begun"] = 1
                now_s = self.clock.now()
                self._write({"k": "begin", "format": FORMAT, "seed": self.seed, "now": now_s})
            self._write({"k": "open", "epoch": self.epoch, "now": self.clock.now()})
        finally:
            if locked:
                fcntl.flock(self._lock, fcntl.LOCK_UN)

    # --- ownership -------------------------------------------------------------------------

    @contextmanager
    def held(self) -> Iterator[None]:
        """One command at a time over all processes; raises ConnectionLost when we are not owner."""
        if not self._wait_for_lock(TAKEOVER_PATIENCE_S):
            raise ConnectionLost("The simulated microscope is held by a command that hangs.")
        try:
            if not self._owned():
                raise _superseded()
            yield
        finally:
            fcntl.flock(self._lock, fcntl.LOCK_UN)

    def close(self) -> None:
        """Let go of the files and the clock."""
        self.clock.keep_in(None)
        self._ledger.close()
        self._lock.close()

    def _owned(self) -> bool:
        return (self.directory / OWNER).read_text() == self._token

    def _wait_for_lock(self, patience_s: float) -> bool:
        give_up_at = time.monotonic() + patience_s
        while True:
            try:
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= give_up_at:
                    return False
                time.sleep(0.01)
            else:
                return True

    # --- state -----------------------------------------------------------------------------

    def put(
        self,
        *,
        autoloader: AutoloaderState | None = None,
        column: ColumnState | None = None,
        stage: StageState | None = None,
        lenses: LensState | None = None,
    ) -> None:
        """Replace the given parts; `save` or `log` writes them down."""
        self.state = replace(
            self.state,
            autoloader=autoloader or self.state.autoloader,
            column=column or self.state.column,
            stage=stage or self.state.stage,
            lenses=lenses or self.state.lenses,
        )

    def count(self, name: str) -> int:
        """How often `name` happened before; it counts as having happened once more now."""
        before = self._counts[name]
        self._counts[name] = before + 1
        self._dirty.add(name)
        return before

    def counted(self, name: str) -> int:
        """How often `name` happened so far."""
        return self._counts[name]

    def spend(
        self,
        operation: Operation,
        *,
        started_wall_s: float | None = None,
        median_s: float | None = None,
    ) -> float:
        """Let the next duration of `operation` pass; returns it in seconds.

        `started_wall_s` (of `time.perf_counter`) is when real work that fills it began;
        `median_s` replaces the operation's own, where how long it takes depends on how far it goes.
        """
        count = self.count(f"op:{operation}")
        taken_s = duration_s(self.seed, operation, count, median_s=median_s)
        self.pass_time(taken_s, started_wall_s=started_wall_s)
        return taken_s

    def pass_time(self, duration: float, *, started_wall_s: float | None = None) -> None:
        """Let exactly `duration` seconds pass."""
        worked_s = 0.0 if started_wall_s is None else time.perf_counter() - started_wall_s
        self.clock.spend(duration, already_worked_s=worked_s)

    # --- writing down ----------------------------------------------------------------------

    def save(self, *, durable: bool = True) -> None:
        """Write every changed part now; nothing when nothing changed.

        What is not `durable` outlives this process, but perhaps not the power.
        """
        changes = self._changes()
        if changes:
            self._write({"k": "state", "now": self.clock.now(), **changes}, durable=durable)

    def log(self, name: str, command_class: CommandClass, at_s: float) -> None:
        """Write one command and all it changed, durably; a read that changed nothing is not."""
        changes = self._changes()
        if command_class is CommandClass.READ and not changes:
            return
        self.commands.append(Command(name, command_class, self.epoch, at_s))
        self._write(
            {
                "k": "command",
                "name": name,
                "class": command_class.value,
                "epoch": self.epoch,
                "at": at_s,
                "now": self.clock.now(),
                **changes,
            }
        )

    def expose(self, exposure: Exposure) -> None:
        """The beam was on: remember it durably before anything else can go wrong."""
        self.exposures.add(exposure)
        self._write({"k": "exposure", **exposure.to_json()})

    def _changes(self) -> dict[str, Any]:
        changes: dict[str, Any] = {}
        parts = {
            name: to_json(getattr(self.state, name))
            for name in ("autoloader", "column", "stage", "lenses")
            if getattr(self.state, name) != getattr(self._saved, name)
        }
        if parts:
            changes["parts"] = parts
        if self._dirty:
            changes["counts"] = {name: self._counts[name] for name in sorted(self._dirty)}
        self._saved = self.state
        self._dirty.clear()
        return changes

    def _write(self, line: dict[str, Any], *, durable: bool = True) -> None:
        if not self._owned():
            raise _superseded()
        self._ledger.append(line, durable=durable)

    def _time_passed(self, now_s: float) -> None:
        if self._owned():
            self._ledger.append({"k": "time", "now": now_s}, durable=False)

    # --- reading back ----------------------------------------------------------------------

    def _replay(self, lines: tuple[dict[str, Any], ...]) -> None:
        now_s = self.clock.now()
        if lines:
            now_s = self._replay_begin(lines[0])
        for line in lines:
            now_s = max(now_s, float(line.get("now", now_s)))
            if line["k"] == "exposure":
                fields = {key: value for key, value in line.items() if key != "k"}
                self.exposures.add(Exposure.from_json(fields))
                continue
            for name, value in line.get("counts", {}).items():
                self._counts[name] = value
            for name, values in line.get("parts", {}).items():
                self.state = with_part(self.state, from_json(name, values))
            if line["k"] == "command":
                self.commands.append(
                    Command(line["name"], CommandClass(line["class"]), line["epoch"], line["at"])
                )
        self._saved = self.state
        self.clock.catch_up(now_s)

    def _replay_begin(self, line: dict[str, Any]) -> float:
        if line["k"] != "begin" or line.get("format") != FORMAT:
            raise BadInstrumentSettings(
                f"{self.directory / LEDGER} is not a world of this version; move it away."
            )
        if line["seed"] != self.seed:
            raise BadInstrumentSettings(
                f"{self.directory} holds the world of seed {line['seed']}, not {self.seed}; "
                "choose another data_dir or the same seed."
            )
        self._counts["begun"] = 1
        self.began_at_s = float(line["now"])
        return self.began_at_s


def _superseded() -> ConnectionLost:
    return ConnectionLost(
        "Another client has connected to this simulated microscope; this connection is dead and "
        "nothing was sent. Acquire the microscope again."
    )


def last_time_s(directory: Path) -> float | None:
    """The time a world's clock last showed; None where there is no world yet."""
    stood_at_s = read_last(directory / LEDGER, "now")
    return None if stood_at_s is None else float(stood_at_s)

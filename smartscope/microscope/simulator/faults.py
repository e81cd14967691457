"""What goes wrong, planned as data: a kind, when it strikes, and in which phase of the command.

A fault *after* the effect but before the reply spends dose and answers nothing: it is what the
step journal exists for. Counters live in the world, so a restart does not replay a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.chance import Purpose, uniform


class FaultKind(StrEnum):
    """Every fault this simulator can make; each names the commands it strikes in `STRIKES`."""

    LOAD_FAILURE = "load_failure"
    AUTOFOCUS_NO_LOCK = "autofocus_no_lock"
    RUNAWAY_HEIGHT = "runaway_height"
    CAMERA_TIMEOUT = "camera_timeout"
    CAMERA_ERROR = "camera_error"
    TRUNCATED_FILE = "truncated_file"
    VALVE_CLOSES = "valve_closes"
    BEAM_LOST = "beam_lost"
    STAGE_STUCK = "stage_stuck"
    CONNECTION_LOST = "connection_lost"
    OPERATOR_STOP = "operator_stop"


class Phase(StrEnum):
    """Before the command did anything, or after it did everything but answer."""

    BEFORE = "before"
    AFTER = "after"


_EXPOSING = ("image", "montage", "record")
_ANY = ("*",)
STRIKES: Mapping[FaultKind, tuple[str, ...]] = {
    FaultKind.LOAD_FAILURE: ("load",),
    FaultKind.AUTOFOCUS_NO_LOCK: ("autofocus",),
    FaultKind.RUNAWAY_HEIGHT: ("eucentric_height",),
    FaultKind.CAMERA_TIMEOUT: _EXPOSING,
    FaultKind.CAMERA_ERROR: _EXPOSING,
    FaultKind.TRUNCATED_FILE: ("record",),
    FaultKind.VALVE_CLOSES: _EXPOSING,
    FaultKind.BEAM_LOST: _EXPOSING,
    FaultKind.STAGE_STUCK: ("move_to",),
    FaultKind.CONNECTION_LOST: _ANY,
    FaultKind.OPERATOR_STOP: _ANY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned fault; give exactly one trigger.

    `nth` strikes the nth such command (from 1) and `count` - 1 following ones; `after_s` the first
    one at least so long after the world began; `probability` any, by a hashed hazard.
    `command` narrows a fault to one command where its kind may strike several.
    """

    kind: FaultKind
    phase: Phase = Phase.BEFORE
    nth: int | None = None
    count: int = 1
    after_s: float | None = None
    probability: float | None = None
    command: str | None = None

    def strikes(self, command: str) -> bool:
        """Whether this fault concerns a command at all."""
        allowed = STRIKES[self.kind]
        if self.command is not None:
            return command == self.command and (allowed == _ANY or command in allowed)
        return allowed == _ANY or command in allowed

    def due(self, *, seed: int, index: int, asked: int, spent: int, age_s: float) -> bool:
        """Whether it happens now: `asked` such commands came (this included), `spent` struck."""
        if self.nth is not None:
            return self.nth <= asked < self.nth + self.count
        if self.after_s is not None:
            return age_s >= self.after_s and spent < self.count
        if self.probability is not None:
            return uniform(seed, Purpose.HAZARD, index, asked) < self.probability
        return False


FaultPlan = tuple[Fault, ...]


def plan_from(settings: object) -> FaultPlan:
    """A plan from a list of mappings with the fields of `Fault`. Raises BadInstrumentSettings."""
    if settings is None:
        return ()
    if not isinstance(settings, Sequence) or isinstance(settings, str):
        raise BadInstrumentSettings("faults must be a list of faults, each a mapping.")
    return tuple(_fault(position, entry) for position, entry in enumerate(settings, start=1))


def _fault(position: int, entry: object) -> Fault:
    if isinstance(entry, Fault):
        return entry
    if not isinstance(entry, Mapping):
        raise BadInstrumentSettings(f"faults: entry {position} must be a mapping.")
    unknown = set(entry) - set(Fault.__dataclass_fields__)
    if unknown:
        raise BadInstrumentSettings(
            f"faults: entry {position} has unknown {', '.join(sorted(map(str, unknown)))}."
        )
    kind, phase = str(entry.get("kind", "")), str(entry.get("phase", Phase.BEFORE))
    if kind not in list(FaultKind) or phase not in list(Phase):
        raise BadInstrumentSettings(
            f"faults: entry {position} has kind {kind!r}, phase {phase!r}; kinds are "
            f"{', '.join(FaultKind)}, phases {', '.join(Phase)}."
        )
    values = {key: value for key, value in entry.items() if key not in ("kind", "phase")}
    fault = Fault(kind=FaultKind(kind), phase=Phase(phase), **values)
    if sum(each is not None for each in (fault.nth, fault.after_s, fault.probability)) != 1:
        raise BadInstrumentSettings(
            f"faults: entry {position} ({kind}) needs exactly one of nth, after_s, probability."
        )
    return fault

"""What goes wrong, planned as data: a kind, when it strikes, and in which phase of the command.

A fault *after* the effect but before the reply spends dose and answers nothing: it is what the
step journal exists for. Counters live in the world, so a restart does not replay a fault.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.simulator.chance import Purpose, uniform
from smartscope.microscope.simulator.fault_kinds import ANY, IN_PROCESS, STRIKES, FaultKind, Phase
from smartscope.microscope.simulator.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One planned fault; give exactly one trigger.

    `nth` strikes the nth such command (from 1) and `count` - 1 following ones; `after_s` the first
    one at least so long after the world began; `probability` any, by a hashed hazard.
    `command` narrows a fault to the commands that match a pattern such as `Set*`; `parameters`
    are those its kind knows (see `FaultKind`).
    """

    kind: FaultKind
    phase: Phase = Phase.BEFORE
    nth: int | None = None
    count: int = 1
    after_s: float | None = None
    probability: float | None = None
    command: str | None = None
    parameters: Mapping[str, object] = field(default_factory=dict)

    def strikes(self, command: str) -> bool:
        """Whether this fault concerns a command at all."""
        allowed = STRIKES[self.kind]
        if self.command is not None and not fnmatchcase(command, self.command):
            return False
        return allowed == ANY or command in allowed

    def due(self, *, seed: int, index: int, asked: int, spent: int, age_s: float) -> bool:
        """Whether it happens now: `asked` such commands came (this included), `spent` struck."""
        if self.nth is not None:
            return self.nth <= asked < self.nth + self.count
        if self.after_s is not None:
            return age_s >= self.after_s and spent < self.count
        if self.probability is not None:
            return uniform(seed, Purpose.HAZARD, index, asked) < self.probability
        return False

    def number(self, name: str, default: float) -> float:
        """A parameter as a number."""
        value = self.parameters.get(name, default)
        return float(value) if isinstance(value, (int, float)) else default


FaultPlan = tuple[Fault, ...]


def due_now(
    plan: FaultPlan, world: World, command: str, *, counted_as: str = ""
) -> tuple[Fault, ...]:
    """The faults that strike this command; asking counts, in the world.

    `counted_as` tells the counters of one plan from those of another.
    """
    due = []
    for index, fault in enumerate(plan):
        if not fault.strikes(command):
            continue
        asked = world.count(f"fault asked:{counted_as}{index}") + 1
        age_s = world.clock.now() - world.began_at_s
        spent = world.counted(f"fault spent:{counted_as}{index}")
        if fault.due(seed=world.seed, index=index, asked=asked, spent=spent, age_s=age_s):
            world.count(f"fault spent:{counted_as}{index}")
            due.append(fault)
    return tuple(due)


def plan_from(settings: object) -> FaultPlan:
    """A plan from a list of mappings with the fields of `Fault`. Raises BadInstrumentSettings."""
    if settings is None:
        return ()
    if not isinstance(settings, Sequence) or isinstance(settings, str):
        raise BadInstrumentSettings("faults must be a list of faults, each a mapping.")
    return tuple(_fault(position, entry) for position, entry in enumerate(settings, start=1))


def require_no_server(plan: FaultPlan) -> FaultPlan:
    """The same plan. Raises BadInstrumentSettings for faults that need SerialEM or a socket."""
    for position, fault in enumerate(plan, start=1):
        if fault.kind not in IN_PROCESS or fault.phase is Phase.DURING:
            raise BadInstrumentSettings(
                f"faults: entry {position} ({fault.kind}, {fault.phase}) happens in SerialEM or "
                "on its socket; drive the simulator through its server for that."
            )
    return plan


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
    if not isinstance(fault.parameters, Mapping):
        raise BadInstrumentSettings(f"faults: entry {position} ({kind}): parameters is a mapping.")
    if sum(each is not None for each in (fault.nth, fault.after_s, fault.probability)) != 1:
        raise BadInstrumentSettings(
            f"faults: entry {position} ({kind}) needs exactly one of nth, after_s, probability."
        )
    return fault

"""What came of one request, and which faults keep it from happening at all."""

from __future__ import annotations

from dataclasses import dataclass, field

from smartscope.microscope.serialem.wire import CommandReply, Outcome, Status
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.faults import Fault

#: Faults that, struck before the effect, keep the command from happening.
INSTEAD = frozenset(
    {
        FaultKind.CONNECTION_LOST,
        FaultKind.NO_REPLY,
        FaultKind.DIALOG,
        FaultKind.RESTART,
        FaultKind.OPERATOR_STOP,
        FaultKind.BUSY,
        FaultKind.STATUS,
        FaultKind.GARBAGE,
        FaultKind.WRONG_SIZE,
        FaultKind.TRUNCATED_REPLY,
        FaultKind.ERROR_REPLY,
        FaultKind.ERROR_WITHOUT_TEXT,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Handled:
    """What came of a request: a status alone, or a reply; and the faults its answer must suffer."""

    number: int
    status: int = Status.DONE
    reply: CommandReply = field(default_factory=CommandReply)
    granted: bool = False
    struck: tuple[Fault, ...] = ()

    @property
    def refused(self) -> bool:
        """Whether the answer is a negative status alone."""
        return self.status != Status.DONE


def fault_of(struck: tuple[Fault, ...], kind: FaultKind) -> Fault | None:
    """The fault of that kind, if one is among them."""
    return next((fault for fault in struck if fault.kind is kind), None)


def outcome_of(reply: CommandReply) -> str:
    """How a command ended, in the words of the command log."""
    if reply.outcome == Outcome.FAILED:
        return f"failed: {reply.error_text}"
    if reply.outcome == Outcome.STOPPED:
        return "stopped"
    return "done" if reply.outcome == Outcome.DONE else "exited"

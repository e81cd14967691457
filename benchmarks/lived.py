"""What is known of a session that was lived through: how it ended, and the checker's word on it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.workers.bridge.served_house import ServedHouse


@dataclass(slots=True, kw_only=True)
class Lived:
    """One session and what can be said of it; `kind` groups the rows of the table."""

    kind: str
    name: str
    state: str = ""
    passed: int = 0
    died: int = 0
    starts: int = 0
    struck: int = 0
    stops: int = 0
    shots: int = 0
    lost: int = 0
    commands: int = 0
    seconds: float = 0.0
    #: from the end of one process to the next one's first step
    gap_s: float | None = None
    #: what the run was there to measure, in real seconds
    took_s: float = 0.0
    #: what was killed, and the seconds until all went on again
    back_s: dict[str, float] = field(default_factory=dict)
    #: of nights: on the microscope's clock, and targets
    hours: float = 0.0
    plannable: int = 0
    imaged: int = 0
    unexplained: list[str] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)

    def broken(self, invariant: str) -> int:
        """How often that invariant was found broken."""
        return sum(each.startswith(f"{invariant}:") for each in self.violations)


def judged(lived: Lived, served: ServedHouse, **more: bool) -> Lived:
    """The same with the checker's word and what was counted; `more` as in `evidence`."""
    from smartscope.models import Run
    from tests.invariants.checker import violations
    from tests.invariants.dose import lost_items

    evidence = served.evidence(**more)
    lived.state = lived.state or Run.objects.get().state
    lived.violations = [str(each) for each in violations(evidence)]
    lived.shots = sum(shot.area == "record" and not shot.routine for shot in evidence.shots)
    lived.commands = len(evidence.sent)
    lived.lost = lost_items()
    return lived

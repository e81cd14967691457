"""Named places between commits and commands where a test may end this process. Off by default.

`SMARTSCOPE_FAULT_POINT="expose:recorded:view:2"` kills the process with SIGKILL at the second
passing of `expose:recorded:view`; a test in the same process arms a `Plan` that raises instead.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

VARIABLE = "SMARTSCOPE_FAULT_POINT"


@dataclass(slots=True)
class Plan:
    """Calls `strike` at the `nth` passing of `name` (from 1) and counts every passing."""

    name: str = ""
    nth: int = 1
    strike: Callable[[], None] = field(default=lambda: None)
    passed: Counter[str] = field(default_factory=Counter)

    def passing(self, name: str) -> None:
        """Count, and strike when it is time."""
        self.passed[name] += 1
        if name == self.name and self.passed[name] == self.nth:
            self.strike()


_armed: Plan | None = None


def arm(plan: Plan | None) -> None:
    """Use this plan from now on; None: no point does anything."""
    global _armed  # noqa: PLW0603 (one process has one plan, as it has one environment)
    _armed = plan


def arm_from_environment() -> None:
    """Arm what the variable asks for, if it is set."""
    name, _, nth = os.environ.get(VARIABLE, "").rpartition(":")
    if name:
        arm(Plan(name, int(nth or 1), _end_this_process))


def fault_point(name: str) -> None:
    """Nothing, unless a plan is armed."""
    if _armed is not None:
        _armed.passing(name)


def _end_this_process() -> None:
    os.kill(os.getpid(), signal.SIGKILL)

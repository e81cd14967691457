"""The simulated instrument's own routines and corrections, behind the Protocols."""

from __future__ import annotations

from dataclasses import dataclass

from smartscope.domain.routines import Routine
from smartscope.microscope.simulator import routines
from smartscope.microscope.simulator.fault_kinds import FaultKind
from smartscope.microscope.simulator.guard import Guard
from smartscope.microscope.simulator.witness import Witness
from smartscope.microscope.values import (
    CommandClass,
    DriftResult,
    FocusResult,
    HeightMode,
    HeightResult,
    RealignResult,
    Reference,
    RoutineCost,
)

DOSE = CommandClass.DOSE


@dataclass(frozen=True, slots=True)
class SimulatedTasks:
    """The instrument's own routines."""

    guard: Guard
    witness: Witness

    def cost(self, routine: Routine) -> RoutineCost:
        """As its routines spend it."""
        return routines.cost(self.guard.scope, routine)

    def eucentric_height(self, mode: HeightMode) -> HeightResult:
        """Find and set the eucentric height."""
        return self.guard.run(
            "eucentric_height",
            DOSE,
            lambda faults: routines.eucentric_height(
                self.guard.scope, mode, runaway=FaultKind.RUNAWAY_HEIGHT in faults
            ),
        )

    def autofocus(self) -> FocusResult:
        """Focus beside the target."""
        return self.guard.run(
            "autofocus",
            DOSE,
            lambda faults: routines.autofocus(
                self.guard.scope, no_lock=FaultKind.AUTOFOCUS_NO_LOCK in faults
            ),
        )

    def wait_for_drift(self, limit_angstrom_per_s: float, *, timeout_s: float) -> DriftResult:
        """Wait until the specimen rests."""
        return self.guard.run(
            "wait_for_drift",
            DOSE,
            lambda _: routines.wait_for_drift(self.guard.scope, limit_angstrom_per_s, timeout_s),
        )

    def realign(self, reference: Reference) -> RealignResult:
        """Find a reference in the present area."""
        return self.guard.run(
            "realign",
            DOSE,
            lambda _: routines.realign(self.guard.scope, reference, self.witness),
        )


@dataclass(frozen=True, slots=True)
class SimulatedTuning:
    """Costs time and dose as on an instrument; the aberrations of the simulated lenses stay."""

    guard: Guard

    def correct_astigmatism(self) -> None:
        """By fits of power spectra."""
        self._tune("correct_astigmatism")

    def correct_coma(self) -> None:
        """By fits of tilted-beam images."""
        self._tune("correct_coma")

    def _tune(self, name: str) -> None:
        self.guard.run(name, DOSE, lambda _: routines.tune(self.guard.scope))

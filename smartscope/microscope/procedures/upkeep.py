"""Upkeep of the column, and the way to safety."""

from __future__ import annotations

from smartscope.microscope.base import Microscope
from smartscope.microscope.procedures.happenings import (
    AboutToIssue,
    Checkpoint,
    Procedure,
    Produced,
)
from smartscope.microscope.procedures.readiness import require_ready
from smartscope.microscope.values import CommandClass


def refine_zero_loss(microscope: Microscope) -> Procedure:
    """Centre the energy slit; the beam must be on."""
    yield Checkpoint(doing="refine zero loss", before_dose=True)
    require_ready(microscope)
    yield AboutToIssue(command_class=CommandClass.LONG, command="refine_zero_loss")
    microscope.column.refine_zero_loss()
    yield Produced(item="refine_zero_loss")


def safe_stop(microscope: Microscope) -> Procedure:
    """Bring the instrument to its safe state; may be repeated, and never raises by itself."""
    report = microscope.safe_state()
    yield Produced(
        item="safe_stop",
        measurements={name: trouble or "done" for name, trouble in report.actions},
    )

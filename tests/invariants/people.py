"""Who commanded, and whether simulated data says that it is simulated."""

from __future__ import annotations

from smartscope.models import Command, MicroscopeGrant, Session, Step
from tests.invariants.evidence import Evidence
from tests.invariants.violation import Violation, Violations

_DRIVES = ("start", "resume", "load_grid")


def commands_without_grant() -> Violations:
    """I13, as far as a run shows it: who set a microscope going was granted it, or is staff."""
    for command in Command.objects.filter(type__in=_DRIVES).select_related("wished_by"):
        person = command.wished_by
        if person is None or person.is_staff or person.is_superuser:
            continue
        granted = MicroscopeGrant.objects.filter(user=person, microscope=command.microscope_id)
        if not granted.exists():
            yield Violation("I13", f"{person} commanded {command.type} without a grant")


def undeclared_simulation(evidence: Evidence) -> Violations:
    """I14: what a simulator drew is called simulated, by the instrument and by its session."""
    if not evidence.simulated:
        return
    for step in Step.objects.filter(kind="arm"):
        if step.parameters.get("simulated") is not True:
            yield Violation("I14", f"step {step.number} was armed without saying it is simulated")
    for session in Session.objects.filter(runs__steps__kind="arm", simulated=False).distinct():
        yield Violation("I14", f"session {session.name} is simulated and does not say so")

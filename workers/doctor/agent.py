"""Whether the safety agent of a microscope answers now."""

from __future__ import annotations

from smartscope.domain.check_up import Finding, broken, doubtful, sound
from smartscope.domain.errors import SmartscopeError
from smartscope.models import Microscope
from smartscope.queries.agents import GUARDING, agent_line

SUBJECT = "safety agent"


def look_at_agent(microscope: Microscope) -> Finding:
    """Ask it; a simulated microscope needs none."""
    try:
        line = agent_line(str(microscope.pk))
    except SmartscopeError as error:
        return broken(SUBJECT, str(error), "Correct SMARTSCOPE_AGENTS or SMARTSCOPE_AGENT_KEY.")
    if line is None:
        return _none_configured(microscope)
    answer = line.status()
    if answer is None:
        return broken(
            SUBJECT,
            "it does not answer",
            "Start it, and see that its address and key are the same on both sides.",
        )
    if answer.text not in GUARDING:
        return broken(SUBJECT, f"it says: {answer.text}", "Look at its log.")
    return sound(SUBJECT, answer.text)


def _none_configured(microscope: Microscope) -> Finding:
    if microscope.simulated:
        return sound(SUBJECT, "none, and a simulated microscope needs none")
    return doubtful(
        SUBJECT,
        "none is configured: if this computer fails with the valves open, nothing closes them",
        "Set one up (docs/operator.md); without it no unattended run starts.",
    )

"""Where the safety agents are, as the settings say, and whether one guards a microscope."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from smartscope.microscope.safety_line import SafetyLine
from smartscope.models import Microscope

#: what an agent's last answer is worth: the sweeper asks every few seconds
FRESH = timedelta(seconds=60)
GUARDING = ("watching", "armed")


def agent_line(microscope_id: str) -> SafetyLine | None:
    """The line to a microscope's agent, None where none is configured; needs no database.

    Raises SmartscopeError when the settings make no sense.
    """
    address = settings.AGENTS.get(microscope_id)
    return None if address is None else SafetyLine(address, settings.AGENT_KEY, microscope_id)


def agent_of_the_only_microscope() -> SafetyLine | None:
    """Where one agent is all there is, a stop that names its microscope otherwise means that."""
    return agent_line(next(iter(settings.AGENTS))) if len(settings.AGENTS) == 1 else None


def unguarded(microscope: Microscope) -> str:
    """Why no run may be left alone on this microscope; "" when one may."""
    if microscope.simulated or settings.UNATTENDED_WITHOUT_AGENT:
        return ""
    if not microscope.agent_state:
        return f"{microscope.name} has no safety agent; set one up, or allow runs without."
    seen_at = microscope.agent_seen_at
    if microscope.agent_state not in GUARDING:
        return (
            f"The safety agent of {microscope.name} is {microscope.agent_state}; see to it first."
        )
    if seen_at is None or timezone.now() - seen_at > FRESH:
        return f"The safety agent of {microscope.name} was not heard of; start it, or the sweeper."
    return ""

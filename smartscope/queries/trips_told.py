"""Which suspenders people were last told are tripped, by whichever process told them."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.suspenders import Signal
from smartscope.models import Event

#: further back nobody looks: a trip is told again when it worsens, and by each new process
MOST_EVENTS = 200
TRIPPED, CLEARED = "suspender.tripped", "suspender.cleared"


def trips_told(microscope: UUID) -> frozenset[Signal]:
    """Signals whose last event says that they tripped."""
    rows = (
        Event.objects.filter(microscope=microscope, kind__in=(TRIPPED, CLEARED))
        .order_by("-seq")
        .values_list("kind", "after")
    )
    last: dict[str, str] = {}
    for kind, after in rows[:MOST_EVENTS]:
        last.setdefault((after or {}).get("signal", ""), kind)
    return frozenset(signal for signal in Signal if last.get(str(signal)) == TRIPPED)

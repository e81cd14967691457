"""Until when a bridge drove, where its last command had no answer; no event: nothing changed."""

from __future__ import annotations

from smartscope.models import Microscope
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held


@fenced
def note_presence(held: Held, *, now_s: float) -> None:
    """However long a command took, such as a load that waits for the dewars, it was waited for.

    Only for a bridge that has recovered: before, it does not yet know how long nobody drove.
    """
    Microscope.objects.filter(pk=held.microscope).update(clock_s=now_s)

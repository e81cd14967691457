"""When a group is focused anew, and when the focus found before it holds."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.steps import ExposeGroup
from smartscope.microscope.procedures.requests import FocusPolicy
from smartscope.queries.earlier_group import focused_before


def focus_policy(microscope: UUID, step: ExposeGroup, last_error: str) -> FocusPolicy:
    """Focus holds for a few µm on a level stage; a tilted one is focused at every group.

    Where autofocus finds nothing to lock on, the focus found nearby is trusted.
    """
    if last_error == "AutofocusFailed":
        return FocusPolicy(never=True)
    last = focused_before(microscope, step.square)
    if last is None or step.tilt_deg != 0.0:
        return FocusPolicy()
    return FocusPolicy(always=False, last_at=last[0], last_at_s=last[1])

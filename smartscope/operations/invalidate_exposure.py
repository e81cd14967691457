"""An exposure that is worth nothing: its dose is spent, and it is not taken again by itself."""

from __future__ import annotations

from uuid import UUID

from smartscope.domain.actor import BRIDGE
from smartscope.domain.status import EXPOSURE_MOVES, ExposureStatus, moved
from smartscope.models import Exposure, StepItem
from smartscope.operations.event_log import Told, record_event
from smartscope.operations.lease.fence import fenced
from smartscope.operations.lease.held import Held
from smartscope.operations.step_rows import scope_of


@fenced
def invalidate_exposure(held: Held, step: UUID, item_name: str, reason: str) -> None:
    """Nothing happens when the item is no exposure of a hole. `reason` is a short code."""
    item = StepItem.objects.select_related("step__run", "step__grid").get(step=step, name=item_name)
    exposure = (
        Exposure.objects.select_for_update(of=("self",), no_key=True)
        .filter(hole=item.hole_id, movie__step=step)
        .first()
    )
    if item.hole_id is None or exposure is None:
        return
    exposure.status = moved(
        EXPOSURE_MOVES, ExposureStatus(exposure.status), ExposureStatus.INVALID, exposure.slug
    )
    exposure.reason = reason[:40]
    exposure.save(update_fields=["status", "reason", "updated_at"])
    told = Told(
        subjects=[exposure.pk, item.hole_id],
        after={"status": str(ExposureStatus.INVALID)},
        reason=reason,
        epoch=held.epoch,
    )
    record_event("exposure.invalid", BRIDGE, scope_of(item.step), told)

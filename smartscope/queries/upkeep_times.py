"""When each kind of upkeep was last tried on a microscope, by whichever run."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

from django.db.models import Max
from django.db.models.functions import Coalesce

from smartscope.domain.status import OPEN_STEPS
from smartscope.models import Step

KINDS = ("flash_gun", "dark_reference", "tune_beam")


def upkeep_times(microscope: UUID) -> Mapping[str, float]:
    """Kind to the end of its last attempt, whatever came of it; what was never sent counts not."""
    rows = (
        Step.objects.filter(microscope=microscope, kind__in=KINDS)
        .exclude(state__in=[*OPEN_STEPS, "abandoned"])
        .values("kind")
        .annotate(at_s=Max(Coalesce("ended_at_s", "began_at_s")))
    )
    return {row["kind"]: row["at_s"] for row in rows}

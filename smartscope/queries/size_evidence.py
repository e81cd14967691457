"""What a grid's exposures tell of the size of its particles."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from smartscope.analysis.picking.size_evidence import SizeEvidence
from smartscope.models import Picking

#: exposures whose word is heard
MOST_EVIDENCE: Final = 12


def size_evidence_of(grid: UUID, *, but: UUID) -> list[SizeEvidence]:
    """What the grid's latest exposures told, without that of one of them."""
    rows = Picking.objects.filter(exposure__hole__square__grid=grid)
    kept = rows.exclude(exposure=but).order_by("-updated_at", "pk")
    plain = kept.filter(size_evidence__isnull=False).values_list("size_evidence", flat=True)
    return [SizeEvidence.of_plain(one) for one in plain[:MOST_EVIDENCE] if one is not None]

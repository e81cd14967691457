"""What an edit of many would touch, before it is made: how many of each label and status."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Count, QuerySet

#: rows one looks at before believing a filter
SAMPLES = 12


def edit_preview(rows: QuerySet[Any], ids: Sequence[UUID]) -> dict[str, Any]:
    """Of the rows with these ids that the reader may see; samples are spread over their order."""
    found = rows.filter(pk__in=ids).order_by()
    sampled = list(found.order_by("pk").values_list("pk", flat=True))
    step = max(1, len(sampled) / SAMPLES)
    picked = [sampled[int(n * step)] for n in range(min(SAMPLES, len(sampled)))]
    preview = {
        f"by_{name}": _counts(found, name)
        for name in ("label", "model_label", "status", "verdict")
        if hasattr(rows.model, name)
    }
    return {"samples": picked, **preview}


def _counts(rows: QuerySet[Any], name: str) -> dict[str, int]:
    """Rows per value; those without one under ""."""
    return dict(rows.values_list(name).annotate(n=Count("pk")).order_by("-n"))

"""Figures for a metrics collector, counted from rows: the same after any restart."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone

from smartscope.domain.status import AnalysisState
from smartscope.models import (
    Analysis,
    Lease,
    Microscope,
    Step,
    Wait,
    WebhookDelivery,
    WebhookState,
)
from smartscope.queries.events import head_seq

#: upper edges of the histogram of analysis times, seconds
EDGES_S = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One kind of analysis: how many ended within each edge, in all, and the seconds together."""

    kind: str
    within: Sequence[int]
    count: int
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """By microscope's name, by cause or by kind; seconds and bytes."""

    since_last_image_s: Mapping[str, float]
    wait_s: Mapping[str, float]
    steps: Mapping[tuple[str, str], int]
    stages: Sequence[Stage]
    queued: Mapping[str, int]
    head_seq: int
    epochs: Mapping[str, int]
    free_bytes: int
    webhook_failures: int


def figures() -> Figures:
    """Eight queries."""
    now = timezone.now()
    microscopes = list(Microscope.objects.all())
    names = {one.pk: one.name for one in microscopes}
    waits = (
        Wait.objects.values("cause")
        .annotate(s=Sum(Coalesce("ended_at_s", "began_at_s") - F("began_at_s")))
        .order_by()
    )
    steps = Step.objects.values("kind", "state").annotate(n=Count("pk")).order_by()
    queued = (
        Analysis.objects.filter(state__in=(AnalysisState.WANTED, AnalysisState.RUNNING))
        .values("kind")
        .annotate(n=Count("pk"))
        .order_by()
    )
    return Figures(
        since_last_image_s={
            one.name: (now - one.last_image_at).total_seconds()
            for one in microscopes
            if one.last_image_at is not None
        },
        wait_s={row["cause"]: row["s"] or 0.0 for row in waits},
        steps={(row["kind"], row["state"]): row["n"] for row in steps},
        stages=_stages(),
        queued={row["kind"]: row["n"] for row in queued},
        head_seq=head_seq(),
        epochs={names[row.microscope_id]: row.epoch for row in Lease.objects.all()},
        free_bytes=shutil.disk_usage(settings.DATA_DIR).free,
        webhook_failures=_webhook_failures(),
    )


def _webhook_failures() -> int:
    """Tries that no receiver took, less when a delivery is replayed; what is being sent just now is
    not counted yet.
    """
    taken_or_under_way = Q(state__in=(WebhookState.SENT, WebhookState.SENDING))
    found = WebhookDelivery.objects.aggregate(
        tries=Sum("attempts"), good=Count("pk", filter=taken_or_under_way & Q(attempts__gt=0))
    )
    return int((found["tries"] or 0) - found["good"])


def _stages() -> list[Stage]:
    took = ExpressionWrapper(F("finished_at") - F("started_at"), output_field=DurationField())
    done = Analysis.objects.filter(
        state=AnalysisState.DONE, started_at__isnull=False, finished_at__isnull=False
    ).annotate(took=took)
    edges = {
        f"within_{n}": Count("pk", filter=Q(took__lte=timedelta(seconds=edge)))
        for n, edge in enumerate(EDGES_S)
    }
    rows: Any = (
        done.values("kind").annotate(count=Count("pk"), total=Sum("took"), **edges).order_by()
    )
    return [
        Stage(
            kind=row["kind"],
            within=[row[name] for name in edges],
            count=row["count"],
            seconds=row["total"].total_seconds(),
        )
        for row in rows
    ]

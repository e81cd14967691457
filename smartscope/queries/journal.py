"""The journal for people: steps with their images, how long they took and what went wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import ExpressionWrapper, F, FloatField, Prefetch, QuerySet
from django.db.models.functions import Coalesce

from smartscope.models import Step, StepItem
from smartscope.queries.visible import Reader, visible_steps

#: lines of one download; more than any night writes
MOST_LINES = 50_000
COLUMNS = {
    "session": str, "step": int, "kind": str, "grid": str, "state": str, "reason": str,
    "epoch": int, "began_at_s": float, "issued_at_s": float, "ended_at_s": float,
    "duration_s": float, "item": str, "hole": str, "item_state": str, "item_issued_at_s": float,
    "dose_e_per_angstrom2": float,
}  # fmt: skip


def steps_shown(reader: Reader) -> QuerySet[Step]:
    """Steps with `duration_s` (an open one's until now on the microscope's clock) and items."""
    first_sent = F("issued_at_s").asc(nulls_last=True)
    items = StepItem.objects.select_related("hole").order_by(first_sent, "name")
    until = Coalesce(F("ended_at_s"), F("microscope__clock_s"))
    return (
        visible_steps(reader)
        .select_related("grid", "run__session")
        .prefetch_related(Prefetch("items", items))
        .annotate(
            duration_s=ExpressionWrapper(
                until - F("began_at_s"), output_field=FloatField(null=True)
            )
        )
    )


def journal_lines(steps: QuerySet[Step]) -> Iterator[dict[str, Any]]:
    """One line per image, and one for a step without any, in the order in which they were begun."""
    lines = 0
    for step in steps.order_by("run__created_at", "number", "pk").iterator(chunk_size=500):
        items: list[StepItem | None] = list(step.items.all())
        for item in items or [None]:
            if lines >= MOST_LINES:
                return
            lines += 1
            yield _line(step, item)


def _line(step: Any, item: StepItem | None) -> dict[str, Any]:
    return {
        "session": step.run.session.name,
        "step": step.number,
        "kind": step.kind,
        "grid": "" if step.grid is None else step.grid.slug,
        "state": step.state,
        "reason": step.reason,
        "epoch": step.epoch,
        "began_at_s": step.began_at_s,
        "issued_at_s": step.issued_at_s,
        "ended_at_s": step.ended_at_s,
        "duration_s": step.duration_s,
        "item": "" if item is None else item.name,
        "hole": "" if item is None or item.hole is None else item.hole.slug,
        "item_state": "" if item is None else item.state,
        "item_issued_at_s": None if item is None else item.issued_at_s,
        "dose_e_per_angstrom2": None if item is None else item.dose_e_per_angstrom2,
    }

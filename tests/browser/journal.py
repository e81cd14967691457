"""The journal of the planted night: steps with their images, one lost exposure, an open step."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone

from smartscope.models import Grid, Group, Hole, Lease, Run, Square, Step, StepItem

#: item name to its hole, dose and state
Doses = dict[str, tuple[Hole | None, float, str]]
VIEW_DOSE, RECORD_DOSE, SQUARE_DOSE, ATLAS_DOSE = 1.5, 40.2, 0.04, 0.002


def plant_journal(run: Run, grids: list[Grid], clock_s: float) -> None:
    """Steps of two grids by a bridge that lives; the last exposes a group at this moment."""
    Lease.objects.create(
        microscope=run.microscope,
        epoch=4,
        holder=uuid4(),
        state="held",
        expires_at=timezone.now() + timedelta(days=1),
    )
    book = _Book(run, clock_s - 20_000)
    book.write("arm", None, {})
    for grid in grids[:2]:
        book.write("load_grid", grid, {}, took_s=240.0)
        book.write("open_valves", grid, {}, took_s=9.0)
        book.write("atlas", grid, {"atlas": (None, ATLAS_DOSE, "done")}, took_s=410.0)
        for square in Square.objects.filter(grid=grid, image__isnull=False)[:3]:
            doses: Doses = {"square": (None, SQUARE_DOSE, "done")}
            book.write("square", grid, doses, subject=square.pk, took_s=38.0)
    exposed = Group.objects.filter(square__grid=grids[1], holes__exposures__isnull=False)
    *before, last = list(exposed.distinct().order_by("slug"))
    for number, group in enumerate(before):
        book.expose(grids[1], group, lost=number == 0)
    book.fails(grids[1], last)
    book.expose(grids[1], last, open_step=True)


class _Book:
    """Writes one step after the other."""

    def __init__(self, run: Run, at_s: float) -> None:
        self.run, self.at_s, self.number = run, at_s, 0

    def write(
        self,
        kind: str,
        grid: Grid | None,
        items: Doses,
        *,
        subject: UUID | None = None,
        took_s: float = 2.0,
        **more: Any,
    ) -> Step:
        self.number += 1
        step = Step.objects.create(
            run=self.run,
            microscope=self.run.microscope,
            number=self.number,
            key=f"{kind}/{subject or '-'}/{self.number}",
            kind=kind,
            subject=subject,
            grid=grid,
            epoch=4,
            began_at_s=self.at_s,
            **{"state": "done", "ended_at_s": self.at_s + took_s, **more},
        )
        for name, (hole, dose, state) in items.items():
            StepItem.objects.create(
                step=step,
                name=name,
                hole=hole,
                state=state,
                issued_at_s=None if state == "planned" else self.at_s + 1.0,
                dose_e_per_angstrom2=dose,
            )
        self.at_s += took_s + 1.0
        return step

    def expose(
        self, grid: Grid, group: Group, *, lost: bool = False, open_step: bool = False
    ) -> None:
        """The group's holes that have an exposure; the last one lost, or still to come."""
        holes = list(Hole.objects.filter(group=group, exposures__isnull=False).order_by("number"))
        items: Doses = {"view": (None, VIEW_DOSE, "done")}
        for hole in holes:
            items[f"h{hole.number:04d}"] = (hole, RECORD_DOSE, "done")
        if lost or open_step:
            hole = holes[-1]
            items[f"h{hole.number:04d}"] = (hole, RECORD_DOSE, "lost" if lost else "planned")
        if lost:
            Hole.objects.filter(pk=holes[-1].pk).update(dose_uncertain=True)
        ends = {"state": "issued", "ended_at_s": None} if open_step else {}
        ends |= {"state": "lost", "reason": "recovered"} if lost else {}
        self.write("expose", grid, items, subject=group.pk, took_s=95.0, **ends)

    def fails(self, grid: Grid, group: Group) -> None:
        """An attempt that an error ended before any dose."""
        self.write(
            "expose",
            grid,
            {"view": (None, VIEW_DOSE, "abandoned")},
            subject=group.pk,
            took_s=31.0,
            state="failed",
            reason="AutofocusFailed: no defocus was found beside the group",
        )

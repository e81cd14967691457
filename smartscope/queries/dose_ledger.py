"""What beam a hole, a square or a grid has had: each journaled dose, and those nobody is sure of.

A hole has had more than its own exposure: the view of its group, the image of its square and the
atlas went through it too, and so did what routines took to find height and place: counted as if all
of it had come to the target, which is the most it can be. Focus and drift are looked at beside the
targets; that beam is told apart.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from smartscope.domain.routines import Routine
from smartscope.domain.status import ItemState
from smartscope.models import Grid, Hole, RoutineDose, Square, StepItem

#: the newest that are listed; sums are over all
MOST_LISTED = 500
VIEW = "view"
AREAS = ("atlas", "square", "view", "record")
_GIVEN = (ItemState.ISSUED, ItemState.DONE, ItemState.LOST, ItemState.PARTIAL)


class Certainty(StrEnum):
    """GIVEN has its image; POSSIBLE was sent, and no image proves that the beam came."""

    GIVEN = "given"
    POSSIBLE = "possible"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose:
    """One image as the journal has it, or all images of a routine; e/Å².

    `area` is atlas, square, view, record, or the routine's name. `is_beside`: the beam landed
    `beside_um` from the stage's place, not on the target; None where the site does not say how far.
    """

    area: str
    certainty: Certainty
    dose_e_per_angstrom2: float
    at_s: float | None
    step: UUID
    step_number: int
    epoch: int
    item: str
    target: str
    images: int = 1
    is_beside: bool = False
    beside_um: float | None = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseOfArea:
    """The sum over one kind of image."""

    area: str
    is_beside: bool
    images: int
    given_e_per_angstrom2: float
    possible_e_per_angstrom2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseLedger:
    """Sums in e/Å², and the doses newest first; `left_out` are listed nowhere but in the sums.

    What landed beside the targets is in `beside_e_per_angstrom2` and in no other sum.
    """

    of: str
    planned_e_per_angstrom2: float
    given_e_per_angstrom2: float
    possible_e_per_angstrom2: float
    beside_e_per_angstrom2: float
    uncertain: bool
    areas: tuple[DoseOfArea, ...]
    doses: tuple[Dose, ...]
    left_out: int


def dose_of_hole(hole: Hole) -> DoseLedger:
    """Its own exposure, the views of its group, its square and its grid's atlas."""
    visits = StepItem.objects.filter(hole=hole).values("step")
    touched = (
        Q(hole=hole)
        | (Q(name=VIEW) & (Q(step__in=visits) | Q(step__subject=hole.group_id)))
        | Q(step__kind="square", step__subject=hole.square_id)
        | Q(step__kind="atlas", step__grid=hole.square.grid_id)
    )
    planned = hole.square.grid.record_dose_e_per_angstrom2
    about = (
        Q(step__in=visits)
        | Q(step__kind="expose", step__subject=hole.group_id)
        | Q(step__kind="square", step__subject=hole.square_id)
    )
    routines = RoutineDose.objects.filter(about)
    return _ledger(hole.slug, planned, StepItem.objects.filter(touched), routines)


def dose_of_square(square: Square) -> DoseLedger:
    """Its images, the views and exposures of its groups, and its grid's atlas."""
    touched = (
        Q(hole__square=square)
        | Q(name=VIEW, step__subject__in=square.groups.values("pk"))
        | Q(step__kind="square", step__subject=square.pk)
        | Q(step__kind="atlas", step__grid=square.grid_id)
    )
    planned = square.grid.record_dose_e_per_angstrom2
    about = Q(step__kind="expose", step__subject__in=square.groups.values("pk")) | Q(
        step__kind="square", step__subject=square.pk
    )
    routines = RoutineDose.objects.filter(about)
    return _ledger(square.slug, planned, StepItem.objects.filter(touched), routines)


def dose_of_grid(grid: Grid) -> DoseLedger:
    """Everything that was taken on it."""
    items = StepItem.objects.filter(step__grid=grid)
    routines = RoutineDose.objects.filter(step__grid=grid)
    return _ledger(grid.slug, grid.record_dose_e_per_angstrom2, items, routines)


def _ledger(
    of: str, planned: float, items: QuerySet[StepItem], routines: QuerySet[RoutineDose]
) -> DoseLedger:
    rows = list(
        items.filter(state__in=_GIVEN)
        .order_by(F("issued_at_s").desc(nulls_last=True), "-pk")
        .values(
            *("name", "state", "dose_e_per_angstrom2", "issued_at_s", "hole__slug"),
            *("step", "step__number", "step__epoch", "step__kind"),
        )
    )
    doses = [_dose(row, of) for row in rows] + _of_routines(routines, of)
    doses.sort(key=_newest_first)
    on_target = [dose for dose in doses if not dose.is_beside]
    return DoseLedger(
        of=of,
        planned_e_per_angstrom2=planned,
        given_e_per_angstrom2=_sum(on_target, Certainty.GIVEN),
        possible_e_per_angstrom2=_sum(on_target, Certainty.POSSIBLE),
        beside_e_per_angstrom2=sum(dose.dose_e_per_angstrom2 for dose in doses if dose.is_beside),
        uncertain=any(dose.certainty is Certainty.POSSIBLE for dose in on_target),
        areas=_by_area(doses),
        doses=tuple(doses[:MOST_LISTED]),
        left_out=max(0, len(doses) - MOST_LISTED),
    )


def _dose(row: dict[str, Any], of: str) -> Dose:
    area = row["step__kind"]
    if area == "expose":
        area = "view" if row["name"] == VIEW else "record"
    done = row["state"] == ItemState.DONE
    return Dose(
        area=area,
        certainty=Certainty.GIVEN if done else Certainty.POSSIBLE,
        dose_e_per_angstrom2=row["dose_e_per_angstrom2"],
        at_s=row["issued_at_s"],
        step=row["step"],
        step_number=row["step__number"],
        epoch=row["step__epoch"],
        item=row["name"],
        target=row["hole__slug"] or of,
    )


def _of_routines(routines: QuerySet[RoutineDose], of: str) -> list[Dose]:
    """One line for each routine: its images are not listed one by one, for they have no files."""
    return [
        Dose(
            area=row.routine,
            certainty=Certainty.POSSIBLE if row.ended_at_s is None else Certainty.GIVEN,
            dose_e_per_angstrom2=row.images * row.dose_e_per_angstrom2,
            at_s=row.issued_at_s,
            step=row.step_id,
            step_number=row.step.number,
            epoch=row.step.epoch,
            item=f"{row.routine}-{row.pk.hex[-8:]}",
            target=of,
            images=row.images,
            is_beside=row.beside_um is None or row.beside_um > 0.0,
            beside_um=row.beside_um,
        )
        for row in routines.select_related("step").order_by("-issued_at_s", "-pk")
    ]


def _newest_first(dose: Dose) -> float:
    return math.inf if dose.at_s is None else -dose.at_s


def _by_area(doses: Sequence[Dose]) -> tuple[DoseOfArea, ...]:
    sums = []
    for area in (*AREAS, *Routine):
        mine = [dose for dose in doses if dose.area == area]
        if mine:
            sums.append(
                DoseOfArea(
                    area=area,
                    is_beside=mine[0].is_beside,
                    images=sum(dose.images for dose in mine),
                    given_e_per_angstrom2=_sum(mine, Certainty.GIVEN),
                    possible_e_per_angstrom2=_sum(mine, Certainty.POSSIBLE),
                )
            )
    return tuple(sums)


def _sum(doses: Iterable[Dose], certainty: Certainty) -> float:
    return sum(dose.dose_e_per_angstrom2 for dose in doses if dose.certainty is certainty)

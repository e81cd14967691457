"""Dose is spent once: by place on the specimen, by name, and as the rows tell it."""

from __future__ import annotations

import math
from collections import Counter
from uuid import UUID

from smartscope.models import StepItem
from tests.invariants.evidence import Evidence, Shot
from tests.invariants.violation import Violation, Violations

#: nearer than this two high-magnification exposures hit the same hole; holes are a pitch apart
SAME_PLACE_UM = 0.4
#: what a lost atlas or square view may be taken by itself: once more
MOST_LOST = 2
ROUNDING = 1.02


def overspent(evidence: Evidence) -> Violations:
    """I5: no place and no hole twice, no dose beyond its plan, uncertain dose flagged."""
    records = [shot for shot in evidence.shots if shot.area == "record" and not shot.routine]
    yield from _same_place(records)
    yield from _against_rows(records)
    yield from _unflagged()
    yield from _maps()


def lost_items() -> int:
    """How many images were issued and never seen."""
    return StepItem.objects.filter(state="lost").count()


def _same_place(records: list[Shot]) -> Violations:
    for number, shot in enumerate(records):
        for earlier in records[:number]:
            same_grid = (shot.grid_id, shot.slot) == (earlier.grid_id, earlier.slot)
            if same_grid and _distance_um(shot, earlier) < SAME_PLACE_UM:
                yield Violation(
                    "I5",
                    f"exposure {shot.serial} ({shot.item}) hit the place of {earlier.serial} "
                    f"({earlier.item}) again",
                )


def _distance_um(one: Shot, other: Shot) -> float:
    return math.hypot(
        one.specimen_x_um - other.specimen_x_um, one.specimen_y_um - other.specimen_y_um
    )


def _against_rows(records: list[Shot]) -> Violations:
    times: Counter[UUID | None] = Counter()
    for shot in records:
        item = item_named(shot.item)
        if item is None:
            yield Violation("I5", f"exposure {shot.serial} ({shot.item!r}) is in no journal")
            continue
        times[item.hole_id] += 1
        if times[item.hole_id] > 1:
            yield Violation("I5", f"{shot.item}: its hole was exposed {times[item.hole_id]} times")
        if item.state not in ("issued", "done", "lost"):
            yield Violation("I5", f"{shot.item} was exposed but its item is {item.state}")
        if shot.dose_e_per_a2 > item.dose_e_per_angstrom2 * ROUNDING:
            yield Violation(
                "I5",
                f"{shot.item} got {shot.dose_e_per_a2:g} e/Å² of {item.dose_e_per_angstrom2:g}",
            )


def item_named(stem: str) -> StepItem | None:
    """The journal's item of a file name `<number>-<end of the step's id>_<item>_e<epoch>...`."""
    parts = stem.split("_")
    number, _, end_of_id = parts[0].partition("-")
    if len(parts) < 3 or not number.isdecimal():
        return None
    found = StepItem.objects.select_related("hole").filter(
        step__number=int(number), name=parts[1], step__epoch=parts[2].removeprefix("e")
    )
    return next((item for item in found if item.step_id.hex.endswith(end_of_id)), None)


def _unflagged() -> Violations:
    for item in StepItem.objects.filter(state="lost", hole__dose_uncertain=False):
        yield Violation("I5", f"the dose of lost item {item.name} is not flagged as uncertain")


def _maps() -> Violations:
    """An atlas or square is seen once, and lost at most twice."""
    spent: Counter[tuple[str, object, str]] = Counter()
    items = StepItem.objects.filter(
        step__kind__in=("atlas", "square"), state__in=("done", "lost")
    ).select_related("step")
    for item in items:
        spent[item.step.kind, item.step.subject or item.step.grid_id, item.state] += 1
    for (kind, subject, state), count in spent.items():
        if count > (1 if state == "done" else MOST_LOST):
            yield Violation("I5", f"{kind} {subject} is {state} {count} times")

"""A person says where a particle is, or is none, or how sure a pick must be.

Each edit is a changeset, so that it can be taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
from django.db import transaction

from smartscope.analysis.picking.people import nearest
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput, NotFound
from smartscope.models import Exposure, Image, PickEdit, Picking
from smartscope.models.ids import uuid7
from smartscope.operations.count_particles import count_particles
from smartscope.operations.edit_grid import require_version
from smartscope.operations.pending_edit import Manner, Outcome, PendingEdit
from smartscope.operations.target_rows import allow, locked
from smartscope.queries.picks import edits_of, seen
from smartscope.queries.visible import reader_of, visible_exposures

MOST_CLICKS = 1_000
Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class PickClicks:
    """Pixels (x, y) of the image; `threshold` counts where `sets_threshold`, None: the picker's."""

    add: Sequence[Place] = ()
    remove: Sequence[Place] = ()
    threshold: float | None = None
    sets_threshold: bool = False


@transaction.atomic
def edit_picks(
    actor: Actor, exposure_id: UUID, clicks: PickClicks, *, version: int | None
) -> Outcome:
    """A click on a pick or beside one means that pick.

    Raises NotFound, NotAllowed, InvalidInput for a place outside the picture, and Conflict `stale`,
    or `not_capable` before particles were looked for.
    """
    if not visible_exposures(reader_of(actor)).filter(pk=exposure_id).exists():
        raise NotFound("There is no such exposure that you may see.")
    rows = Exposure.objects.select_related("hole__square__grid__session__microscope")
    exposure = locked(rows, [exposure_id])[exposure_id]
    session = exposure.hole.square.grid.session
    allow(actor, session)
    picking = Picking.objects.select_related("analysis__image").filter(exposure=exposure).first()
    if picking is None or picking.threshold is None:
        raise Conflict(
            f"Particles of {exposure.slug} were not looked for yet; ask for that first.",
            code="not_capable",
        )
    require_version(picking.version, version)
    _check(clicks, picking.analysis.image)
    clicking = _Clicking(PendingEdit(actor), exposure, picking, edits_of(exposure))
    if clicks.sets_threshold:
        clicking.edit.put("picking", picking, own_threshold=clicks.threshold)
    for place in clicks.add:
        clicking.add(place)
    for place in clicks.remove:
        clicking.remove(place)
    outcome = clicking.edit.commit(
        session,
        "exposure.picks_changed",
        matched=len(clicks.add) + len(clicks.remove) + clicks.sets_threshold,
        manner=Manner(summary=f"particles of {exposure.slug}"),
        grid=exposure.hole.square.grid_id,
        about=[exposure.pk],
    )
    settle_picks(outcome, [exposure])
    return outcome


def settle_picks(outcome: Outcome, exposures: Sequence[Exposure]) -> None:
    """After an edit that was written: counts follow, and who read before knows that it is stale."""
    if outcome.changeset is None:
        return
    for exposure in exposures:
        picking = Picking.objects.get(exposure=exposure)
        picking.version += 1
        picking.save(update_fields=["version", "updated_at"])
        count_particles(exposure, picking)


@dataclass(frozen=True, slots=True)
class PicksBack:
    """What a revert of clicks needs: the rows by resource, locked after their exposures."""

    rows: Mapping[str, Mapping[UUID, Any]]
    exposures: Sequence[Exposure]

    @classmethod
    def of(cls, edits: Collection[UUID], pickings: Collection[UUID]) -> PicksBack:
        """Of the clicks and thresholds with these ids."""
        if not edits and not pickings:
            return cls({}, ())
        about = set(PickEdit.objects.filter(pk__in=edits).values_list("exposure_id", flat=True))
        about |= set(Picking.objects.filter(pk__in=pickings).values_list("exposure_id", flat=True))
        exposures = locked(Exposure.objects.select_related("hole__square__grid"), about)
        rows: dict[str, Mapping[UUID, Any]] = {
            "pick_edit": locked(PickEdit.objects.all(), edits),
            "picking": locked(Picking.objects.all(), pickings),
        }
        return cls(rows, list(exposures.values()))


@dataclass(slots=True)
class _Clicking:
    """Clicks one after the other, each on what the one before left."""

    edit: PendingEdit
    exposure: Exposure
    picking: Picking
    edits: list[PickEdit] = field(default_factory=list)

    def add(self, place: Place) -> None:
        state = seen(self.picking, self.edits)
        if nearest(state.particles_px, *place, reach=state.reach_px) is not None:
            self.edit.skip(self.exposure, "no_change", "there is a particle already")
            return
        if (removal := self._near(place, state.reach_px, particle=False)) is not None:
            self.edit.put("pick_edit", removal, withdrawn=True)
            state = seen(self.picking, self.edits)
            if nearest(state.particles_px, *place, reach=state.reach_px) is not None:
                return
        self._say(place, is_particle=True)

    def remove(self, place: Place) -> None:
        state = seen(self.picking, self.edits)
        if (added := self._near(place, state.reach_px, particle=True)) is not None:
            self.edit.put("pick_edit", added, withdrawn=True)
            state = seen(self.picking, self.edits)
        hit = nearest(state.particles_px, *place, reach=state.reach_px)
        if hit is not None:
            x_px, y_px = state.particles_px[hit]
            self._say((float(x_px), float(y_px)), is_particle=False)
        elif added is None:
            self.edit.skip(self.exposure, "no_change", "there is no particle")

    def _near(self, place: Place, reach: float, *, particle: bool) -> PickEdit | None:
        said = [e for e in self.edits if not e.withdrawn and e.is_particle == particle]
        places = np.array([(e.x_px, e.y_px) for e in said]).reshape(-1, 2)
        hit = nearest(places, *place, reach=reach)
        return None if hit is None else said[hit]

    def _say(self, place: Place, *, is_particle: bool) -> None:
        row = PickEdit(
            pk=uuid7(),
            exposure=self.exposure,
            is_particle=is_particle,
            x_px=place[0],
            y_px=place[1],
            author_id=self.edit.actor.user_id,
        )
        self.edits.append(row)
        self.edit.create("pick_edit", row, undone={"withdrawn": True})


def _check(clicks: PickClicks, image: Image) -> None:
    number = len(clicks.add) + len(clicks.remove)
    if number > MOST_CLICKS:
        raise InvalidInput({"add": f"at most {MOST_CLICKS} places at once."})
    if number == 0 and not clicks.sets_threshold:
        raise InvalidInput({"add": "say what is to be added or removed, or give a threshold."})
    problems = {}
    for name, places in (("add", clicks.add), ("remove", clicks.remove)):
        for i, (x_px, y_px) in enumerate(places):
            if not (0 <= x_px <= image.width_px - 1 and 0 <= y_px <= image.height_px - 1):
                size = f"{image.width_px} x {image.height_px} px"
                problems[f"{name}.{i}"] = f"is outside the picture of {size}."
    if problems:
        raise InvalidInput(problems)

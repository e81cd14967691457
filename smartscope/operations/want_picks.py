"""Particles are to be looked for in exposures: because the protocol says so, or a person asks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from django.db import transaction

from smartscope.analysis import registry
from smartscope.analysis.manifest import Manifest
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict, InvalidInput
from smartscope.domain.protocol import LIMITS, PickingMethod
from smartscope.domain.status import AnalysisState, ExposureStatus
from smartscope.models import Exposure, Grid, Image, Picking, StudyKind
from smartscope.operations.asked_analysis import BUSY, asked_analysis, check_number, is_busy
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.pending_edit import Outcome, PendingEdit
from smartscope.operations.target_rows import locked, session_of
from smartscope.queries.removed import removed_words
from smartscope.queries.visible import reader_of, visible_exposures

log = logging.getLogger(__name__)
PICK = "pick"
#: the plug-in's name in an analysis whose version is the number of a `ParticleStudy`
LEARNT = StudyKind.PICKER.value


@dataclass(frozen=True, slots=True, kw_only=True)
class PicksAsked:
    """By whom and how large; None is as the protocol says, `matched` where that says none.

    A picker that the grid learnt looks in the place of `matched`, unless either is named.
    """

    method: PickingMethod | None = None
    diameter_angstrom: float | None = None


@transaction.atomic
def want_picks(actor: Actor, ids: Sequence[UUID], asked: PicksAsked) -> Outcome:
    """Have particles looked for; the same question twice is asked once. What cannot be is skipped.

    Raises NotFound, NotAllowed, InvalidInput, and Conflict `not_capable` without that picker.
    """
    _check(asked)
    check_number(ids)
    edit = PendingEdit(actor)
    path = "hole__square__grid__session"
    session, found = session_of(visible_exposures(reader_of(actor)), ids, path, edit)
    rows = Exposure.objects.select_related(
        "sum_image", "weighted_image", "hole__square__grid__picker"
    )
    wanted = []
    for exposure in locked(rows, found).values():
        grid = exposure.hole.square.grid
        card, diameter = _by(grid, asked)
        if refusal := _refusal(exposure):
            edit.skip(exposure, "not_capable", refusal)
        elif _ask(exposure, card, diameter):
            wanted.append(exposure.pk)
        else:
            edit.skip(exposure, "busy", f"{exposure.slug} {BUSY}.")
    if wanted:
        record_event(
            "exposure.picks_wanted",
            actor,
            Scope(session.microscope_id, session.pk),
            Told(subjects=wanted),
        )
    return Outcome(None, len(ids), len(wanted), tuple(edit.skipped))


def pick_by_protocol(exposure: Exposure) -> None:
    """Of an exposure just measured, in that transaction; a picker that is absent is only logged."""
    grid = exposure.hole.square.grid
    method = PickingMethod(grid.picking_method)
    if method is PickingMethod.NONE or _refusal(exposure):
        return
    try:
        card, diameter = _by(grid, PicksAsked())
    except Conflict as absent:
        log.warning("No particles are looked for in %s: %s", exposure.slug, absent)
        return
    _ask(exposure, card, diameter)


def looked_at(exposure: Exposure) -> Image | None:
    """The picture particles are looked for in: weighted by dose where there is one."""
    return exposure.weighted_image or exposure.sum_image


def _by(grid: Grid, asked: PicksAsked) -> tuple[Manifest, float | None]:
    """Who looks and for what size. Raises Conflict `not_capable` without that picker."""
    method = asked.method or PickingMethod(grid.picking_method)
    if method is PickingMethod.NONE:
        method = PickingMethod.MATCHED
    card = _card(method)
    learnt = grid.picker
    named = asked.method is not None or asked.diameter_angstrom is not None
    if learnt is None or named or method is not PickingMethod.MATCHED:
        return card, asked.diameter_angstrom or grid.particle_diameter_angstrom
    return replace(card, name=LEARNT, version=str(learnt.number)), learnt.diameter_angstrom


def _ask(exposure: Exposure, card: Manifest, diameter_angstrom: float | None) -> bool:
    """False when it is being worked on, and cannot be asked otherwise now."""
    image = looked_at(exposure)
    assert image is not None
    picking = Picking.objects.select_related("analysis").filter(exposure=exposure).first()
    parameters = {"diameter_angstrom": diameter_angstrom}
    if picking is None:
        analysis = asked_analysis(image, PICK, card, at_s=exposure.exposed_at_s)
        Picking.objects.create(
            exposure=exposure,
            analysis=analysis,
            method=card.name,
            method_version=card.version,
            parameters=parameters,
        )
        return True
    if is_busy(picking.analysis):
        return False
    same = (picking.method, picking.method_version, picking.parameters) == (
        card.name,
        card.version,
        parameters,
    )
    if same and picking.analysis.state != AnalysisState.DEAD and picking.analysis.image == image:
        return True
    picking.analysis = asked_analysis(image, PICK, card, at_s=exposure.exposed_at_s)
    picking.method, picking.method_version = card.name, card.version
    picking.parameters = parameters
    picking.save()
    return True


def _refusal(exposure: Exposure) -> str:
    if exposure.status != ExposureStatus.ANALYSED:
        return f"{exposure.slug} is {exposure.status}; ask again once it is analysed."
    image = looked_at(exposure)
    if image is None:
        return f"{exposure.slug} has no sum to look for particles in."
    return "" if image.removed_at is None else removed_words(image)


def _card(method: PickingMethod) -> Manifest:
    try:
        return registry.card(method)
    except registry.PluginUnavailable as absent:
        raise Conflict(str(absent), code="not_capable") from absent


def _check(asked: PicksAsked) -> None:
    low, high = LIMITS["particle_diameter_angstrom"]
    size = asked.diameter_angstrom
    if size is not None and not low <= size <= high:
        raise InvalidInput(
            {"diameter_angstrom": f"{size:g} is outside {low:g} to {high:g}; choose one within."}
        )
    if asked.method is PickingMethod.NONE:
        raise InvalidInput({"method": "name a picker, or leave it out."})

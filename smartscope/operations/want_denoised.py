"""Exposures are to be shown without their noise: by protocol, or because a person asks."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from smartscope.analysis import chains, registry
from smartscope.analysis.manifest import Manifest
from smartscope.domain.actor import Actor
from smartscope.domain.errors import Conflict
from smartscope.domain.status import AnalysisState, ExposureStatus
from smartscope.models import Denoised, Exposure
from smartscope.operations.asked_analysis import BUSY, asked_analysis, check_number, is_busy
from smartscope.operations.event_log import Scope, Told, record_event
from smartscope.operations.pending_edit import Outcome, PendingEdit
from smartscope.operations.target_rows import locked, session_of
from smartscope.queries.removed import removed_words
from smartscope.queries.visible import reader_of, visible_exposures

log = logging.getLogger(__name__)
DENOISE = "denoise"


@transaction.atomic
def want_denoised(actor: Actor, ids: Sequence[UUID]) -> Outcome:
    """Have them made; what is made already stays, and what cannot be is skipped.

    Raises NotFound, NotAllowed, and Conflict `not_capable` without a denoiser.
    """
    check_number(ids)
    edit = PendingEdit(actor)
    path = "hole__square__grid__session"
    session, found = session_of(visible_exposures(reader_of(actor)), ids, path, edit)
    try:
        card = first_denoiser()
    except registry.PluginUnavailable as absent:
        raise Conflict(str(absent), code="not_capable") from absent
    wanted = []
    for exposure in locked(Exposure.objects.select_related("movie"), found).values():
        if refusal := _refusal(exposure):
            edit.skip(exposure, "not_capable", refusal)
        elif _ask(exposure, card):
            wanted.append(exposure.pk)
        else:
            edit.skip(exposure, "busy", f"{exposure.slug} {BUSY}.")
    if wanted:
        record_event(
            "exposure.denoised_wanted",
            actor,
            Scope(session.microscope_id, session.pk),
            Told(subjects=wanted),
        )
    return Outcome(None, len(ids), len(wanted), tuple(edit.skipped))


def denoise_by_protocol(exposure: Exposure) -> None:
    """Of an exposure just measured, in that transaction; an absent denoiser is only logged."""
    if not exposure.hole.square.grid.denoise_exposures or _refusal(exposure):
        return
    try:
        _ask(exposure, first_denoiser())
    except registry.PluginUnavailable as absent:
        log.warning("%s is not denoised: %s", exposure.slug, absent)


def first_denoiser() -> Manifest:
    """The card of the first that is there. Raises `PluginUnavailable`."""
    *others, last = chains.DENOISERS
    for name in others:
        try:
            return registry.card(name)
        except registry.PluginUnavailable:
            continue
    return registry.card(last)


def _ask(exposure: Exposure, card: Manifest) -> bool:
    """False when it is being worked on."""
    denoised = Denoised.objects.select_related("analysis").filter(exposure=exposure).first()
    movie = exposure.movie
    assert movie is not None
    if denoised is None:
        analysis = asked_analysis(movie, DENOISE, card, at_s=exposure.exposed_at_s)
        Denoised.objects.create(exposure=exposure, analysis=analysis)
        return True
    if is_busy(denoised.analysis):
        return False
    same = (denoised.analysis.plugin, denoised.analysis.plugin_version) == (
        card.name,
        card.version,
    )
    if not same or denoised.analysis.state == AnalysisState.DEAD:
        denoised.analysis = asked_analysis(movie, DENOISE, card, at_s=exposure.exposed_at_s)
        denoised.save(update_fields=["analysis", "updated_at"])
    return True


def _refusal(exposure: Exposure) -> str:
    if exposure.movie is None or exposure.frames == 1:
        return f"{exposure.slug} has no movie: two halves of its frames are compared."
    if exposure.status != ExposureStatus.ANALYSED:
        return f"{exposure.slug} is {exposure.status}; ask again once it is analysed."
    return "" if exposure.movie.removed_at is None else removed_words(exposure.movie)

"""Particles of an exposure, looked for by the picker that was asked, beside dirt and foil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np

from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, FloatImage, UnusableImage
from smartscope.analysis.io.image import read_image
from smartscope.analysis.picking.diameter import Diameter, shared_diameter
from smartscope.analysis.picking.learnt import LearntPicker, picker_of
from smartscope.analysis.picking.left_out import left_out
from smartscope.analysis.picking.matched import coarse_micrograph
from smartscope.analysis.picking.picks import Picks
from smartscope.analysis.picking.size_evidence import evidence_of
from smartscope.domain.errors import BadFile
from smartscope.models import Analysis, Picking
from smartscope.operations.record_picks import Picked, record_picks
from smartscope.operations.want_picks import LEARNT
from smartscope.queries.particle_studies import learnt_picker
from smartscope.queries.size_evidence import size_evidence_of
from smartscope.storage.current import current_store


def find_particles(analysis: Analysis) -> None:
    """Raises BadFile for a broken picture; where nothing can be found, the reason is the answer."""
    picking = Picking.objects.filter(analysis=analysis).select_related("analysis__image").first()
    asked = {} if picking is None else picking.parameters
    image = analysis.image
    with current_store().local_copy(image.key) as path:
        total = read_image(path).pixels
    dirt = left_out(total, pixel_size_angstrom=image.pixel_size_angstrom)
    try:
        size = _size(picking, total, dirt.mask, asked.get("diameter_angstrom"))
        picks = _picks(analysis, total, dirt.mask, size.angstrom)
    except UnusableImage as refusal:
        picked = Picked(
            centres_px=np.zeros((0, 2)), scores=np.zeros(0), threshold=0.0, reason=str(refusal)
        )
    else:
        told = size.told
        picked = Picked(
            centres_px=picks.centres_px,
            scores=picks.scores,
            threshold=picks.threshold,
            diameter_angstrom=picks.diameter_angstrom,
            diameter_spread_angstrom=told.spread_angstrom
            if told
            else picks.diameter_spread_angstrom,
            other_diameter_angstrom=told.other_angstrom if told else picks.other_diameter_angstrom,
            reason=picks.reason,
            masked_fraction=None if dirt.mask is None else float(dirt.mask.mean()),
            mask_refusal=dirt.refusal,
            size_evidence=size.evidence,
        )
    record_picks(analysis.pk, picked)


@dataclass(frozen=True, slots=True)
class _Size:
    """Å, a person's or `told` by the grid's exposures; None: the picker may see for itself."""

    angstrom: float | None
    told: Diameter | None = None
    evidence: dict[str, Any] | None = None


def _size(
    picking: Picking | None, total: FloatImage, dirt: BoolArray | None, given: float | None
) -> _Size:
    """One exposure is often wrong about it; all of a grid together seldom are."""
    if given is not None or picking is None:
        return _Size(given)
    image = picking.analysis.image
    coarse = coarse_micrograph(total, pixel_size_angstrom=image.pixel_size_angstrom, dirt=dirt)
    others = size_evidence_of(image.grid_id, but=picking.exposure_id)
    own = evidence_of([coarse], others=others)
    told = shared_diameter([*own, *others])
    return _Size(None if told is None else told.angstrom, told, own[0].plain())


def _picks(
    analysis: Analysis,
    total: FloatImage,
    dirt: BoolArray | None,
    diameter_angstrom: float | None,
) -> Picks:
    pixel = analysis.image.pixel_size_angstrom
    if analysis.plugin == LEARNT:
        own = _learnt(analysis.image.grid_id, int(analysis.plugin_version))
        return own.pick(total, pixel_size_angstrom=pixel, dirt=dirt)
    return registry.picker(analysis.plugin).pick(
        total, pixel_size_angstrom=pixel, diameter_angstrom=diameter_angstrom, dirt=dirt
    )


def _learnt(grid: UUID, number: int) -> LearntPicker:
    study = learnt_picker(grid, number)
    if study is None:
        raise BadFile(f"Learnt picker {number} of this grid has no file; learn anew.")
    with current_store().open(study.key) as stream:
        return picker_of(stream.read().decode())

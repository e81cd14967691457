"""Particles of an exposure, looked for by the picker that was asked, beside dirt and foil."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from smartscope.analysis import registry
from smartscope.analysis.base import BoolArray, UnusableImage
from smartscope.analysis.io.image import read_image
from smartscope.models import Analysis, Picking
from smartscope.operations.record_picks import Picked, record_picks
from smartscope.storage.current import current_store
from workers.analyses.quality import DIRT_FINDER

#: more of a field is never dirt: its finder takes bright vacuum for ice and calls the ice dirt
MOST_DIRT = 0.6


def find_particles(analysis: Analysis) -> None:
    """Raises BadFile for a broken picture; where nothing can be found, the reason is the answer."""
    picking = Picking.objects.filter(analysis=analysis).first()
    asked = {} if picking is None else picking.parameters
    image = analysis.image
    with current_store().local_copy(image.key) as path:
        total = read_image(path).pixels
    dirt, doubt = _dirt(total, image.pixel_size_angstrom)
    try:
        picks = registry.picker(analysis.plugin).pick(
            total,
            pixel_size_angstrom=image.pixel_size_angstrom,
            diameter_angstrom=asked.get("diameter_angstrom"),
            dirt=dirt,
        )
    except UnusableImage as refusal:
        picked = Picked(
            centres_px=np.zeros((0, 2)), scores=np.zeros(0), threshold=0.0, reason=str(refusal)
        )
    else:
        picked = Picked(
            centres_px=picks.centres_px,
            scores=picks.scores,
            threshold=picks.threshold,
            diameter_angstrom=picks.diameter_angstrom,
            diameter_spread_angstrom=picks.diameter_spread_angstrom,
            other_diameter_angstrom=picks.other_diameter_angstrom,
            reason=picks.reason,
            masked_fraction=None if dirt is None else float(dirt.mean()),
            mask_refusal=doubt,
        )
    record_picks(analysis.pk, picked)


def _dirt(total: NDArray[np.generic], pixel_size_angstrom: float) -> tuple[BoolArray | None, str]:
    """A mask of the picture's shape, or None and why it is not used."""
    try:
        found = registry.dirt_finder(DIRT_FINDER).mask(
            total, pixel_size_angstrom=pixel_size_angstrom
        )
    except UnusableImage as refusal:
        return None, str(refusal)
    if found.fraction > MOST_DIRT:
        return None, (
            f"Dirt and foil would be {100 * found.fraction:.0f} % of the field, which is not "
            "believed: vacuum may be in sight. Nothing was left out."
        )
    rows, columns = total.shape
    height, width = found.mask.shape
    down = np.minimum(np.arange(rows) * height // rows, height - 1)
    across = np.minimum(np.arange(columns) * width // columns, width - 1)
    grown: BoolArray = ndimage.binary_dilation(found.mask)
    return grown[down][:, across], ""

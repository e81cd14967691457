"""How the clusters-of-grey picker sees the middle of an exposure, step by step, for other settings.

Bounded: only so much of the field is looked at that the answer takes a second or two, and one at
a time is made in a process.
"""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from io import BytesIO
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture

from smartscope.analysis.base import FloatArray, UnusableImage
from smartscope.domain.errors import Conflict
from smartscope.models import Exposure
from smartscope.queries.removed import require_file
from smartscope.storage.current import current_store

#: side of what is looked at, in particle diameters
FIELD_DIAMETERS: Final = 20.0
MOST_PX: Final = 256
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class PreviewStep:
    """A step's picture as PNG (base64) of at most 256 pixels a side."""

    name: str
    width_px: int
    height_px: int
    png: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The steps in their order, where the field lies in the sum (pixels), and what was found.

    `x_px` and `y_px` are in pixels of the exposure's sum.
    """

    steps: list[PreviewStep]
    left_px: int
    top_px: int
    width_px: int
    height_px: int
    x_px: list[float]
    y_px: list[float]


def picking_steps(
    exposure: Exposure, diameter_angstrom: float, settings: Mapping[str, Any]
) -> Preview:
    """`settings` are columns of `Parameters`; those left out are as documented.

    Raises Conflict `not_capable` without a sum or where nothing can be seen in it, `removed` where
    the sum is gone, and `busy`.
    """
    # late, as below: a process that only answers requests does not load what few of them need
    from smartscope.analysis.io.image import read_image

    image = exposure.sum_image
    if image is None:
        raise Conflict(f"{exposure.slug} has no sum to look at yet.", code="not_capable")
    require_file(image)
    if not _ONE_AT_A_TIME.acquire(blocking=False):
        raise Conflict("Another such preview is being made; ask again in a second.", code="busy")
    try:
        with current_store().local_copy(image.key) as path:
            total = read_image(path).pixels
        field, left, top = _middle(total, FIELD_DIAMETERS * diameter_angstrom, exposure)
        return _seen(field, (left, top), exposure, diameter_angstrom, settings)
    except UnusableImage as refusal:
        raise Conflict(str(refusal), code="not_capable") from refusal
    finally:
        _ONE_AT_A_TIME.release()


def _seen(
    field: NDArray[np.generic],
    corner: tuple[int, int],
    exposure: Exposure,
    diameter_angstrom: float,
    settings: Mapping[str, Any],
) -> Preview:
    from smartscope.analysis.picking.intensity_clusters import steps
    from smartscope.analysis.picking.intensity_steps import Parameters
    from smartscope.analysis.picking.prepared import prepared

    micrograph = prepared(
        field,
        pixel_size_angstrom=exposure.pixel_size_angstrom,
        particle_angstrom=diameter_angstrom,
        dirt=None,
    )
    made = steps(micrograph, diameter_angstrom, replace(Parameters(), **settings))
    centres = np.array([(one.x_px, one.y_px) for one in made.components]).reshape(-1, 2)
    places = micrograph.given_px(centres) + np.array(corner)
    pictures: dict[str, NDArray[Any]] = {
        **made.pictures,
        "clusters": made.clusters,
        "chosen cluster, cleaned": made.mask,
    }
    return Preview(
        steps=[_step(name, picture) for name, picture in pictures.items()],
        left_px=corner[0],
        top_px=corner[1],
        width_px=field.shape[1],
        height_px=field.shape[0],
        x_px=[round(float(x), 1) for x in places[:, 0]],
        y_px=[round(float(y), 1) for y in places[:, 1]],
    )


def _middle(
    total: NDArray[np.generic], side_angstrom: float, exposure: Exposure
) -> tuple[NDArray[np.generic], int, int]:
    side = max(1, round(side_angstrom / exposure.pixel_size_angstrom))
    height, width = (min(side, each) for each in total.shape)
    top, left = (total.shape[0] - height) // 2, (total.shape[1] - width) // 2
    return total[top : top + height, left : left + width], left, top


def _step(name: str, picture: NDArray[Any]) -> PreviewStep:
    values: FloatArray = picture.astype(np.float64)
    low, high = (float(one) for one in np.percentile(values, [0.5, 99.5]))
    if high <= low:
        low, high = float(values.min()), float(values.max()) + 1e-12
    grey = np.clip(255.0 * (values - low) / (high - low), 0.0, 255.0).astype(np.uint8)
    shown = Picture.fromarray(grey)
    shown.thumbnail((MOST_PX, MOST_PX))
    file = BytesIO()
    shown.save(file, format="PNG")
    return PreviewStep(name, *shown.size, base64.b64encode(file.getvalue()).decode("ascii"))

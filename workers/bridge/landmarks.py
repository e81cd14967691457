"""What is known of a target from the magnification below, to find it again after a move."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from smartscope.analysis.io.image import read_image
from smartscope.domain.errors import BadFile, NotFound
from smartscope.domain.geometry import Point
from smartscope.domain.protocol import HOLE_TYPES, MESHES
from smartscope.microscope.procedures.hole_centring import hole_locator
from smartscope.microscope.procedures.requests import LocateHole
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    ImageShift,
    Reference,
    StagePose,
)
from smartscope.models import Group, Hole, Image, Square
from smartscope.storage.current import current_store
from workers.analyses.context import place_of

log = logging.getLogger(__name__)

#: how much of the atlas is compared, in mesh pitches: the square itself and its bars
EXTENT_PITCHES = 1.2
#: beyond half a pitch the hole found would be another one
REACH_PITCHES = 0.5


def square_reference(square_id: UUID) -> Reference | None:
    """The square as the atlas shows it; None where there is no stitched atlas to compare with.

    An atlas that cannot be read any more costs the comparison, not the square.
    """
    square = Square.objects.select_related("grid__atlas__image").get(pk=square_id)
    atlas = square.grid.atlas.image
    if atlas is None or atlas.display_only or not isinstance(atlas.pixel_to_stage, list):
        return None
    try:
        pixels = _pixels(atlas)
    except (BadFile, NotFound) as error:
        log.warning("square %s is not compared with its atlas: %s", square.slug, error)
        return None
    target = Point(square.stage_x_um, square.stage_y_um)
    mesh = MESHES[square.grid.mesh]
    extent_um = EXTENT_PITCHES * mesh.pitch_um
    return Reference(
        image=_cut(atlas, pixels, square, extent_um), target=target, extent_um=extent_um
    )


def centre_locator(group_id: UUID) -> LocateHole | None:
    """Finds the group's centre hole in a view; None for films without holes."""
    group = Group.objects.select_related("square__grid").get(pk=group_id)
    centre = Hole.objects.filter(group=group, group_role="centre").first()
    film = HOLE_TYPES[group.square.grid.hole_type]
    pitch_um = group.square.hole_pitch_um or film.pitch_um
    if centre is None or pitch_um is None:
        return None
    return hole_locator(2.0 * centre.radius_um, search_um=REACH_PITCHES * pitch_um)


def _pixels(image: Image) -> NDArray[np.float32]:
    with current_store().local_copy(image.key) as path:
        return read_image(Path(path)).pixels


def _cut(
    atlas: Image, pixels: NDArray[np.float32], square: Square, extent_um: float
) -> AcquiredImage:
    """The atlas about the square, placed so that the square lies where its own tile saw it."""
    overall = place_of(atlas)
    reach = round(extent_um / overall.pixel_size_um())
    x, y = round(square.x_px), round(square.y_px)
    left, top = max(0, x - reach), max(0, y - reach)
    part = pixels[top : y + reach + 1, left : x + reach + 1]
    seen = overall.apply(square.x_px - left, square.y_px - top)
    placed = replace(
        overall,
        tx=overall.tx + square.stage_x_um - seen.x_um,
        ty=overall.ty + square.stage_y_um - seen.y_um,
    )
    return AcquiredImage(
        area=Area.ATLAS,
        pixels=part,
        pixel_size_angstrom=atlas.pixel_size_angstrom,
        pixel_to_stage=placed,
        pose=StagePose(x_um=square.stage_x_um, y_um=square.stage_y_um),
        image_shift=ImageShift(0.0, 0.0),
        defocus_um=0.0,
        dose_e_per_a2=0.0,
        exposure_s=0.0,
        taken_at_s=atlas.taken_at_s,
    )

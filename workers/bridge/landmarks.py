"""What is known of a target from the magnification below, to find it again after a move."""

from __future__ import annotations

import logging
import math
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
from smartscope.microscope.procedures.pattern_centring import pattern_locator
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
#: how much of a square's image is compared with a view on film without a lattice
PATTERN_EXTENT_UM = 6.0
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
    """Finds the group's centre in a view: a hole of a lattice by its disc, a void by its strands.

    None where there is nothing to go by: on continuous film, or without the square's image.
    """
    group = Group.objects.select_related("square__grid", "square__image").get(pk=group_id)
    centre = Hole.objects.filter(group=group, group_role="centre").first()
    film = HOLE_TYPES[group.square.grid.hole_type]
    pitch_um = group.square.hole_pitch_um or film.pitch_um
    if centre is None:
        return None
    if pitch_um is not None:
        return hole_locator(2.0 * centre.radius_um, search_um=REACH_PITCHES * pitch_um)
    return _void_locator(group.square, centre) if film.name == "lacey" else None


def lattice_reach_um(group_id: UUID) -> float:
    """Half the pitch: farther off a hole of the lattice is its neighbour. Infinite without one."""
    square = Square.objects.select_related("grid").get(groups=group_id)
    pitch_um = square.hole_pitch_um or HOLE_TYPES[square.grid.hole_type].pitch_um
    return math.inf if pitch_um is None else REACH_PITCHES * pitch_um


def _void_locator(square: Square, centre: Hole) -> LocateHole | None:
    """By the pattern of strands about the void, as the square's image shows it."""
    image = square.image
    if image is None or image.display_only or not isinstance(image.pixel_to_stage, list):
        return None
    try:
        pixels = _pixels(image)
    except (BadFile, NotFound) as error:
        log.warning("a void of square %s is not looked for: %s", square.slug, error)
        return None
    place = Point(centre.stage_x_um, centre.stage_y_um)
    return pattern_locator(
        Reference(
            image=_cut(image, pixels, centre, PATTERN_EXTENT_UM),
            target=place,
            extent_um=PATTERN_EXTENT_UM,
        )
    )


def _pixels(image: Image) -> NDArray[np.float32]:
    with current_store().local_copy(image.key) as path:
        return read_image(Path(path)).pixels


def _cut(
    image: Image, pixels: NDArray[np.float32], target: Square | Hole, extent_um: float
) -> AcquiredImage:
    """The image about a target, placed so that the target lies where its own tile saw it."""
    overall = place_of(image)
    reach = round(extent_um / overall.pixel_size_um())
    x, y = round(target.x_px), round(target.y_px)
    left, top = max(0, x - reach), max(0, y - reach)
    part = pixels[top : y + reach + 1, left : x + reach + 1]
    seen = overall.apply(target.x_px - left, target.y_px - top)
    placed = replace(
        overall,
        tx=overall.tx + target.stage_x_um - seen.x_um,
        ty=overall.ty + target.stage_y_um - seen.y_um,
    )
    return AcquiredImage(
        area=Area.SQUARE if isinstance(target, Hole) else Area.ATLAS,
        pixels=part,
        pixel_size_angstrom=image.pixel_size_angstrom,
        pixel_to_stage=placed,
        pose=StagePose(x_um=target.stage_x_um, y_um=target.stage_y_um),
        image_shift=ImageShift(0.0, 0.0),
        defocus_um=0.0,
        dose_e_per_a2=0.0,
        exposure_s=0.0,
        taken_at_s=image.taken_at_s,
    )

"""Views at hole magnification of a planted night: the holes of a group before exposing."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from smartscope.models import Grid, Group, Hole, Image
from tests.browser import pictures
from tests.browser.stored import stored

VIEW_PX = 512
VIEW_PIXEL_UM = 0.022
PITCH_UM, RADIUS_UM, ANGLE_DEG = 2.5, 0.6, 6.0


def plant_views(grids: Iterable[Grid]) -> None:
    """One of every group that was exposed, around its middle hole."""
    holes = pictures.lattice(PITCH_UM / VIEW_PIXEL_UM, ANGLE_DEG, VIEW_PX, 0)
    pixels = pictures.view(holes, RADIUS_UM / VIEW_PIXEL_UM, seed=3)
    picture = stored("view", pixels)
    exposed = Group.objects.filter(square__grid__in=list(grids), holes__exposures__isnull=False)
    for group in exposed.distinct().select_related("square__grid"):
        middle = _middle(group)
        half_um = VIEW_PX / 2 * VIEW_PIXEL_UM
        group.view_image = Image.objects.create(
            grid=group.square.grid,
            kind="hole",
            key=f"{group.square.grid.session_id}/{group.slug}-view.mrc",
            sha256="0" * 64,
            bytes=1,
            width_px=VIEW_PX,
            height_px=VIEW_PX,
            pixel_size_angstrom=VIEW_PIXEL_UM * 1e4,
            pixel_to_stage=[
                *(VIEW_PIXEL_UM, 0.0, middle.stage_x_um - half_um),
                *(0.0, -VIEW_PIXEL_UM, middle.stage_y_um + half_um),
            ],
            taken_at_s=0.0,
            preview_key=f"{picture.key}.jpg",
            tiles_key=f"{picture.key}.zip",
        )
        group.save(update_fields=["view_image"])


def _middle(group: Group) -> Hole:
    """The member nearest to where its members lie on average."""
    members = list(group.holes.all())
    places = np.array([(one.stage_x_um, one.stage_y_um) for one in members])
    return members[int(np.hypot(*(places - places.mean(axis=0)).T).argmin())]

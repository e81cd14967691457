"""A void of lacey film is found again in a view by the strands about it."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from smartscope.domain.geometry import Point
from smartscope.microscope.procedures.pattern_centring import pattern_locator
from smartscope.microscope.values import Area, HeightMode, Reference
from tests.microscope.rig import OpenRig, Rig


def in_square(open_rig: OpenRig, film: str) -> tuple[Rig, Reference, Point]:
    """A rig over a good square, what its image shows about a void there, and the void's place
    on the specimen.
    """
    rig = open_rig(grids={"1": {"preset": "good", "film": film, "grid_id": "strands"}}).ready()
    rig.microscope.stage.move_to(rig.good_square())
    rig.microscope.tasks.eucentric_height(HeightMode.ROUGH)
    image = rig.microscope.camera.image(Area.SQUARE)
    seen = rig.notebook.seen[-1]
    height, width = image.pixels.shape
    x, y = width / 2 + 30, height / 2 - 40
    target = image.pixel_to_stage.apply(x, y)
    return rig, Reference(image=image, target=target, extent_um=6.0), seen.true.apply(x, y)


def test_a_void_is_found_again_by_its_strands(open_rig: OpenRig) -> None:
    rig, reference, true = in_square(open_rig, "lacey")
    locate = pattern_locator(reference)
    rig.microscope.optics.go_to(Area.HOLE)
    errors, trusted = [], []
    for nudge_um in (-0.6, 0.0, 0.7):
        aim = Point(reference.target.x_um + nudge_um, reference.target.y_um - nudge_um)
        rig.microscope.stage.move_to(aim)
        view = rig.microscope.camera.image(Area.HOLE)
        found = locate(view, reference.target)
        assert found is not None
        seen = rig.notebook.seen[-1]
        shown = seen.true.apply(*view.pixel_to_stage.to_pixel(found))
        errors.append(shown.distance_um(true))
        blind = seen.true.apply(*view.pixel_to_stage.to_pixel(reference.target))
        trusted.append(blind.distance_um(true))
    assert max(errors) < 0.15
    assert np.median(trusted) > np.median(errors)


def test_where_nothing_is_to_be_seen_nothing_is_found(open_rig: OpenRig) -> None:
    rig, reference, _ = in_square(open_rig, "continuous")
    rig.microscope.optics.go_to(Area.HOLE)
    rig.microscope.stage.move_to(Point(reference.target.x_um + 15.0, reference.target.y_um))
    view = rig.microscope.camera.image(Area.HOLE)
    assert ndimage.gaussian_filter(view.pixels.astype(float), 20).std() < 0.2 * view.pixels.mean()
    assert pattern_locator(reference)(view, reference.target) is None

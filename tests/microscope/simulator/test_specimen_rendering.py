"""One specimen at every magnification: the same place looks the same however it is asked for."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pytest
from scipy import ndimage

from smartscope.domain.geometry import Point
from smartscope.microscope.simulator.specimen.spec import FILMS, Preset, preset_spec
from smartscope.microscope.simulator.specimen.values import (
    Box,
    FloatImage,
    HoleFault,
    PastExposure,
    Pose,
    Square,
)
from smartscope.microscope.simulator.specimen.world import Specimen

GOLD = "UltrAuFoil R1.2/1.3"


@cache
def specimen(film: str) -> Specimen:
    return Specimen(preset_spec(Preset.GOOD, "consistency", film=film))


@cache
def usable_square(film: str) -> Square:
    return next(s for s in specimen(film).squares(Box.around(0, 0, 200)) if s.usable)


def pose(film: str, dx_um: float = 0.0, dy_um: float = 0.0) -> Pose:
    square = usable_square(film)
    return Pose(x_um=square.stage_x_um + dx_um, y_um=square.stage_y_um + dy_um, rotation_deg=17.0)


def binned(image: FloatImage, by: int) -> FloatImage:
    height, width = image.shape
    result: FloatImage = image.reshape(height // by, by, width // by, by).mean((1, 3))
    return result


def correlation(a: FloatImage, b: FloatImage) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


def test_repeats_and_call_order_give_equal_bits() -> None:
    first = specimen("R1.2/1.3").render(pose("R1.2/1.3"), (256, 300), 0.08)
    fresh = Specimen(preset_spec(Preset.GOOD, "consistency"))
    fresh.render(pose("R1.2/1.3", 3.0, -2.0), (64, 64), 0.5)
    fresh.squares(Box.around(50, 50, 60))
    second = fresh.render(pose("R1.2/1.3"), (256, 300), 0.08)
    assert (first.transmission == second.transmission).all()
    assert (first.ice_nm == second.ice_nm).all()


def test_strips_join_without_a_seam() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    whole = world.render(place, (400, 400), 0.08, strip_px=1 << 24).transmission
    strips = world.render(place, (400, 400), 0.08, strip_px=400 * 24).transmission
    assert np.abs(whole - strips).max() < 1e-3


def test_moving_the_pose_by_fifty_pixels_moves_the_image_by_fifty_pixels() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    still = world.render(place, (400, 400), 0.08).transmission
    there = place.image_to_stage((400, 400), 0.08).apply(199.5 + 50, 199.5)
    moved = world.render(
        Pose(x_um=there.x_um, y_um=there.y_um, rotation_deg=17.0), (400, 400), 0.08
    ).transmission
    assert np.abs(still[:, 50:] - moved[:, :-50]).max() < 1e-3


@pytest.mark.parametrize(("fine_um", "by", "side"), [(0.007, 10, 1000), (0.07, 5, 900)])
def test_magnifications_agree(fine_um: float, by: int, side: int) -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    fine = binned(world.render(place, (side, side), fine_um).transmission, by)
    coarse = world.render(place, (side // by, side // by), fine_um * by).transmission
    assert correlation(fine, coarse) > 0.999
    assert abs(coarse.mean() / fine.mean() - 1) < 0.002


@pytest.mark.parametrize("film", sorted(FILMS))
@pytest.mark.parametrize("coarse_um", [1.0, 2.0])
def test_unresolved_holes_leave_the_mean_transmission_within_a_percent(
    film: str, coarse_um: float
) -> None:
    by = round(coarse_um / 0.1)
    world, place = specimen(film), pose(film)
    fine = world.render(place, (400, 400), 0.1).transmission
    coarse = world.render(place, (400 // by, 400 // by), coarse_um).transmission
    assert abs(coarse.mean() / fine.mean() - 1) < 0.01


def test_listed_holes_sit_in_the_middle_of_rendered_holes() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    patch = world.render(place, (1000, 1000), 0.01)
    measured = 0
    for hole in world.holes(Box.of_image(patch.image_to_stage, (1000, 1000))):
        x, y = patch.image_to_stage.to_pixel(Point(hole.stage_x_um, hole.stage_y_um))
        reach = int(hole.diameter_um / 0.02) + 8
        x0, y0 = round(x), round(y)
        inside = reach < min(x0, y0) and max(x0, y0) < 1000 - reach
        if not inside or not hole.visible or hole.fault is HoleFault.TORN:
            continue
        window = patch.hole[y0 - reach : y0 + reach + 1, x0 - reach : x0 + reach + 1]
        centre_y, centre_x = ndimage.center_of_mass(window)
        off_um = 0.01 * math.hypot(centre_x - reach + x0 - x, centre_y - reach + y0 - y)
        assert off_um < 0.005, hole.id
        area_um2 = float(window.sum()) * 0.01**2
        assert area_um2 == pytest.approx(math.pi * (hole.diameter_um / 2) ** 2, rel=0.03)
        measured += 1
    assert measured >= 8


def test_rendered_ice_is_the_ice_that_holes_report() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    patch = world.render(place, (600, 600), 0.05)
    for hole in world.holes(Box.of_image(patch.image_to_stage, (600, 600)).grown(-8.0)):
        if hole.visible:
            x, y = patch.image_to_stage.to_pixel(Point(hole.stage_x_um, hole.stage_y_um))
            rendered = float(patch.ice_nm[round(y), round(x)])
            assert rendered == pytest.approx(hole.ice_nm, rel=0.05, abs=1.0)


def test_materials_of_every_pixel_add_up_to_one() -> None:
    world = Specimen(preset_spec(Preset.DAMAGED, "materials"))
    patch = world.render(Pose(x_um=0, y_um=0, rotation_deg=5), (300, 300), 0.7)
    total = patch.bar + patch.foil + patch.hole + patch.vacuum
    assert np.abs(total - 1).max() < 1e-5
    assert float(patch.vacuum.mean()) > 0.01
    assert float(patch.transmission.min()) >= 0
    assert float(patch.transmission.max()) <= 1


def test_gold_keeps_holes_bright_on_a_dark_film() -> None:
    for film, least in (("R1.2/1.3", 1.02), (GOLD, 3.0)):
        patch = specimen(film).render(pose(film), (400, 400), 0.03)
        hole = float(np.median(patch.transmission[patch.hole > 0.99]))
        foil = float(np.median(patch.transmission[patch.foil > 0.99]))
        assert hole / foil > least


def test_the_beam_leaves_a_footprint() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    mark = PastExposure(
        stage_x_um=place.x_um, stage_y_um=place.y_um, radius_um=0.6, dose_e_per_a2=60, time_s=0
    )
    before = world.render(place, (200, 200), 0.02)
    after = world.render(place, (200, 200), 0.02, earlier=[mark])
    assert float(after.ice_nm[90:110, 90:110].mean()) < 0.95 * float(
        before.ice_nm[90:110, 90:110].mean()
    )
    assert (after.ice_nm[:40, :40] == before.ice_nm[:40, :40]).all()


def test_rotation_turns_the_image_and_not_the_specimen() -> None:
    world, place = specimen("R1.2/1.3"), pose("R1.2/1.3")
    upright = world.render(place, (300, 300), 0.1).transmission
    turned = Pose(x_um=place.x_um, y_um=place.y_um, rotation_deg=place.rotation_deg + 90.0)
    quarter = world.render(turned, (300, 300), 0.1).transmission
    # The image's x axis now runs along what was its y axis.
    assert correlation(np.rot90(quarter, -1).copy(), upright) > 0.998

"""On a tilted stage the beam goes where it was sent, in focus, and a movie is sharp on one line."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.requests import GroupMember, GroupRequest
from smartscope.microscope.simulator.optics.ctf import Frequencies, contrast_transfer, ctf_of
from smartscope.microscope.simulator.optics.tilted_transfer import (
    defocus_gained_angstrom,
    transferred,
)
from smartscope.microscope.simulator.optics.values import RecordSettings
from smartscope.microscope.tilted_shift import SpecimenOffset
from smartscope.microscope.values import Area, ImageShift
from tests.microscope.rig import OpenRig


def test_a_shift_and_the_place_it_points_at_are_told_apart() -> None:
    place = SpecimenOffset(1.0, 4.0)
    shift = place.image_shift(60.0)
    assert (shift.x_um, shift.y_um) == pytest.approx((1.0, 2.0))
    again = SpecimenOffset.seen_by(shift, 60.0)
    assert (again.u_um, again.v_um) == pytest.approx((1.0, 4.0))
    assert place.height_um(30.0) == pytest.approx(2.0)
    assert place.height_um(30.0, tilt_sign=-1) == pytest.approx(-2.0)


@pytest.mark.parametrize("tilt_deg", [0.0, -25.0, 45.0])
def test_every_member_is_hit_and_in_focus(
    open_rig: OpenRig, exposures: Path, tilt_deg: float
) -> None:
    rig = open_rig(error_scale=0).ready()
    centre = rig.good_square()
    members = tuple(
        GroupMember(
            item=f"at-{dx}-{dy}", target=Point(centre.x_um + dx, centre.y_um + dy), defocus_um=1.5
        )
        for dx, dy in ((-3.0, 0.0), (0.0, -4.0), (2.0, 4.0))
    )
    rig.run(
        expose_group(
            rig.microscope,
            GroupRequest(
                view_item="view",
                centre=centre,
                members=members,
                folder=exposures,
                dose_e_per_a2=20.0,
                frames=1,
                tilt_deg=tilt_deg,
            ),
        )
    )
    records = [each for each in rig.notebook.seen if each.area is Area.RECORD]
    for member, record in zip(members, records, strict=True):
        assert Point(record.pose.x_um, record.pose.y_um).distance_um(member.target) < 0.02 + abs(
            math.tan(math.radians(tilt_deg))
        ) * abs(record.height_excess_um)
        focused_um = rig.scope.world.state.lenses.focus_height_um
        # what is left is the film's own relief, which no shift can know
        assert record.defocus_um - (record.height_excess_um - focused_um) == pytest.approx(
            1.5, abs=0.005
        )
        assert record.pose.tilt_deg == tilt_deg


def test_an_image_says_where_it_lies_also_when_shifted_and_tilted(open_rig: OpenRig) -> None:
    rig = open_rig(error_scale=0).ready()
    optics, stage = rig.microscope.optics, rig.microscope.stage
    optics.go_to(Area.HOLE)
    stage.tilt_to(45.0)
    stage.move_to(Point(20.0, 30.0))
    optics.set_image_shift(ImageShift(0.0, 2.0))
    image = rig.microscope.camera.image(Area.HOLE)
    height, width = image.pixels.shape
    centre = image.pixel_to_stage.apply((width - 1) / 2, (height - 1) / 2)
    assert centre.x_um == pytest.approx(20.0)
    assert centre.y_um == pytest.approx(30.0 + 2.0 * math.sqrt(2.0))
    assert (
        rig.notebook.seen[-1]
        .true.apply((width - 1) / 2, (height - 1) / 2)
        .distance_um(Point(rig.notebook.seen[-1].pose.x_um, rig.notebook.seen[-1].pose.y_um))
        < 0.01
    )


def test_a_view_shows_each_place_where_the_beam_meets_it(open_rig: OpenRig) -> None:
    """Relief moves a place of a tilted film alike in the view's corner and under a shifted beam."""
    rig = open_rig(error_scale=0).ready()
    optics, stage, camera = rig.microscope.optics, rig.microscope.stage, rig.microscope.camera
    centre = rig.good_square()
    slope = 0.0
    for dx_um, dy_um in ((-8.0, -12.0), (8.0, 12.0), (12.0, -8.0)):
        optics.go_to(Area.HOLE)
        stage.tilt_to(45.0)
        stage.move_to(Point(centre.x_um + dx_um, centre.y_um + dy_um))
        optics.set_image_shift(ImageShift(0.0, 0.0))
        view = camera.image(Area.HOLE)
        shown = rig.notebook.seen[-1]
        for shift in (ImageShift(0.0, 1.5), ImageShift(1.5, -1.0)):
            optics.set_image_shift(shift)
            camera.image(Area.HOLE)
            met = rig.notebook.seen[-1]
            seen = SpecimenOffset.seen_by(shift, 45.0).from_point(view.pose.point)
            place = shown.true.apply(*view.pixel_to_stage.to_pixel(seen))
            assert place.distance_um(Point(met.pose.x_um, met.pose.y_um)) < 0.02
            slope = max(slope, abs(met.height_excess_um - shown.height_excess_um))
    # else nothing was shown: what one height for the whole view would be off by
    assert slope > 0.05


@pytest.mark.parametrize("row_share", [0.25, 0.5, 0.75])
def test_rows_of_a_tilted_movie_have_their_own_defocus(row_share: float) -> None:
    """A strip of a tilted image equals the same strip of a level one at that strip's defocus."""
    settings = RecordSettings(pixel_size_angstrom=2.0, defocus_um=1.5, tilt_deg=50.0)
    shape = (512, 256)
    frequencies = Frequencies.of(shape, settings.pixel_size_angstrom)
    noise = np.random.default_rng(4).normal(size=shape).astype(np.float32)
    spectrum = np.fft.rfft2(noise).astype(np.complex64) * np.exp(-20.0 * frequencies.k**2)
    spectrum = spectrum.astype(np.complex64)
    tilted = transferred(spectrum, frequencies, shape, settings)
    row = round(row_share * shape[0])
    gained_um = float(defocus_gained_angstrom(shape[0], settings)[row]) * 1e-4
    level = replace(settings, tilt_deg=0.0, defocus_um=1.5 + gained_um)
    expected = np.fft.irfft2(spectrum * contrast_transfer(ctf_of(level), frequencies), s=shape)
    strip = slice(row - 3, row + 4)
    agree = np.corrcoef(tilted[strip].ravel(), expected[strip].ravel())[0, 1]
    assert agree > 0.985
    if row_share != 0.5:
        middle = replace(settings, tilt_deg=0.0)
        other = transferred(spectrum, frequencies, shape, middle)
        apart = np.corrcoef(tilted[strip].ravel(), other[strip].ravel())[0, 1]
        assert 1.0 - apart > 20.0 * (1.0 - agree)

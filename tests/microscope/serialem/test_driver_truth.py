"""Where images, movies and focus really are, by the simulator's truth, seen through the socket."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.procedures.group import expose_group
from smartscope.microscope.procedures.requests import GroupMember, GroupRequest
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    ImageShift,
    RecordedFile,
    RecordItem,
    RecordPlan,
)
from tests.microscope.rig import Rig, produced
from tests.microscope.serialem.served import served

#: no error of the microscope: what differs is a mistake of ours
PERFECT: dict[str, Any] = {"error_scale": 0, "refills": False}


def record(rig: Rig, folder: Path, name: str, *, shift: ImageShift, defocus: float) -> RecordedFile:
    item = RecordItem(name=name, image_shift=shift, defocus_um=defocus, dose_e_per_a2=4.0, frames=2)
    (file,) = rig.microscope.camera.record(RecordPlan(items=(item,), folder=folder))
    return file


@pytest.mark.parametrize("version", ["4.0", "4.1", "4.2", "4.3"])
@pytest.mark.parametrize("tilt_deg", [0.0, 25.0])
def test_the_middle_of_an_image_is_where_its_map_says(
    tmp_path: Path, version: str, tilt_deg: float
) -> None:
    with served(tmp_path, serialem_version=version, **PERFECT) as (rig, _):
        microscope = rig.ready().microscope
        microscope.optics.go_to(Area.HOLE)
        microscope.stage.tilt_to(tilt_deg)
        microscope.stage.move_to(rig.good_square())
        microscope.optics.set_image_shift(ImageShift(3.0, -2.0))
        image = microscope.camera.image(Area.HOLE)
        truth = rig.notebook.seen[-1]
    assert image.image_shift.x_um == pytest.approx(3.0, abs=1e-3)
    assert image.image_shift.y_um == pytest.approx(-2.0, abs=1e-3)
    for x, y in ((0, 0), (511.5, 511.5), (1023, 0), (100, 900)):
        told, nominal = image.pixel_to_stage.apply(x, y), truth.nominal.apply(x, y)
        assert told.distance_um(nominal) < 2e-3, "half a pixel is 2.5 nm here"
    assert image.pose.tilt_deg == pytest.approx(tilt_deg)


def image_and_movie(
    directory: Path, operation: int, exposures: Path
) -> tuple[AcquiredImage, RecordedFile]:
    directory.mkdir()
    with served(
        directory,
        driver={"frames_rotation_flip": operation},
        orientation=operation,
        **PERFECT,
    ) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        image = rig.microscope.camera.image(Area.HOLE)
        movie = record(
            rig, exposures, f"turned-{operation}", shift=ImageShift(1.0, 0.5), defocus=1.5
        )
    return image, movie


def test_however_the_camera_is_turned_each_pixel_shows_its_place(
    tmp_path: Path, exposures: Path
) -> None:
    """The same exposure through a camera turned in five ways: equal counts at equal places."""
    straight, movie = image_and_movie(tmp_path / "0", 0, exposures)
    for operation in (1, 2, 3, 4, 7):
        turned, turned_movie = image_and_movie(tmp_path / str(operation), operation, exposures)
        assert not np.array_equal(turned.pixels, straight.pixels)
        for x, y in ((10, 20), (500, 30), (30, 900), (1000, 700)):
            place = straight.pixel_to_stage.apply(x, y)
            u, v = (round(each) for each in turned.pixel_to_stage.to_pixel(place))
            assert turned.pixels[v, u] == straight.pixels[y, x]
        # frames are saved as the camera gives them, whatever is shown
        assert turned_movie.pixel_to_stage.as_list() == pytest.approx(
            movie.pixel_to_stage.as_list(), abs=1e-6
        )


def test_underfocus_is_underfocus(tmp_path: Path, exposures: Path) -> None:
    with served(tmp_path, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        found = rig.microscope.tasks.autofocus()
        files = [
            record(rig, exposures, f"d{i}", shift=ImageShift(0.0, 0.0), defocus=defocus)
            for i, defocus in enumerate((0.8, 2.4))
        ]
        low, high = (seen.defocus_um for seen in rig.notebook.seen[-2:])
    assert found.corrected_um == 0.0, "nothing was known before"
    assert high - low == pytest.approx(1.6, abs=1e-3)
    assert low == pytest.approx(0.8, abs=0.2), "focus is found beside the target, on a slope"
    assert [file.defocus_um for file in files] == [0.8, 2.4]


@pytest.mark.parametrize(("sign", "error_um"), [(1, 0.3), (-1, 3.0)])
def test_tilted_groups_are_in_focus_on_both_sides_of_the_axis(
    tmp_path: Path, exposures: Path, sign: int, error_um: float
) -> None:
    """With the right sign; with the wrong one the two sides go apart, which is how it is found."""
    with served(tmp_path, driver={"tilt_defocus_sign": sign}, **PERFECT) as (rig, _):
        place = rig.ready().good_square()
        request = GroupRequest(
            view_item="view",
            centre=place,
            members=tuple(
                GroupMember(
                    item=f"h{i}", target=Point(place.x_um, place.y_um + y_um), defocus_um=1.5
                )
                for i, y_um in enumerate((-4.0, 4.0))
            ),
            folder=exposures,
            dose_e_per_a2=4.0,
            frames=2,
            tilt_deg=30.0,
        )
        files = [each.files for each in produced(rig.run(expose_group(rig.microscope, request)))]
        below, above = (seen.defocus_um for seen in rig.notebook.seen[-2:])
    assert sum(map(len, files)) == 2
    assert (abs(above - below) < error_um) is (sign == 1)


def test_a_new_process_knows_focus_and_the_grid_on_the_stage(
    tmp_path: Path, exposures: Path
) -> None:
    """Before 4.3 SerialEM tells neither: both are kept in its variables."""
    with served(tmp_path, **PERFECT) as (rig, server):
        rig.ready().microscope.stage.move_to(rig.good_square())
        rig.microscope.tasks.autofocus()
        record(rig, exposures, "one", shift=ImageShift(0.0, 0.0), defocus=1.2)
        before = rig.notebook.seen[-1].defocus_um
        with rig.again(epoch=4) as successor:
            assert successor.autoloader.loaded() == 1
            assert successor.autoloader.inventory().loaded_slot == 1
            item = RecordItem(
                name="two",
                image_shift=ImageShift(0.0, 0.0),
                defocus_um=1.2,
                dose_e_per_a2=4.0,
                frames=2,
            )
            successor.camera.record(RecordPlan(items=(item,), folder=exposures))
        assert rig.notebook.seen[-1].defocus_um == pytest.approx(before, abs=0.02)
        assert server._instrument.scope.world.epoch == 4

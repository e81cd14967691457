"""Several exposures in one command of SerialEM, where a site chose it: as one by one, or not so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import tifffile

from smartscope.domain.errors import SmartscopeError
from smartscope.microscope.errors import CameraFailed, ConnectionLost, ImageShiftLimit
from smartscope.microscope.values import Area, ImageShift, RecordItem, RecordPlan
from tests.microscope.serialem.served import ServedRig, served

#: no error of the microscope: what differs is a mistake of ours
PERFECT: dict[str, Any] = {"error_scale": 0, "refills": False}
SHIFTS = (ImageShift(-1.5, 0.5), ImageShift(0.0, 0.0), ImageShift(2.0, -1.0))


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, driver={"records": "multishot"}, **PERFECT) as (ready, _):
        ready.ready().microscope.stage.move_to(ready.good_square())
        yield ready


def plan_of(folder: Path, prefix: str = "h", **changes: Any) -> RecordPlan:
    items = tuple(
        RecordItem(
            name=f"{prefix}{i}", image_shift=shift, defocus_um=1.2, dose_e_per_a2=4.0, frames=2
        )
        for i, shift in enumerate(SHIFTS)
    )
    return replace(RecordPlan(items=items, folder=folder, save_frames=False), **changes)


def test_one_command_exposes_each_item_once_at_its_place(rig: ServedRig, exposures: Path) -> None:
    plan = plan_of(exposures)
    files = rig.microscope.camera.record(plan)
    assert (rig.sent().count("MultipleRecords"), rig.sent().count("Record")) == (1, 0)
    truths = rig.notebook.seen[-3:]
    settings = next(a for a in rig.microscope.optics.areas() if a.area is Area.RECORD)
    middle = ((settings.width_px - 1) / 2, (settings.height_px - 1) / 2)
    half_a_pixel_um = settings.pixel_size_angstrom * 0.5e-4
    for item, file, truth in zip(plan.items, files, truths, strict=True):
        assert (file.item, file.path) == (item.name, exposures / f"{item.name}.tif")
        assert tifffile.imread(file.path).shape == (settings.height_px, settings.width_px)
        assert file.path.stat().st_size == file.size_bytes
        assert file.dose_e_per_a2 == pytest.approx(4.0)
        assert file.image_shift == item.image_shift
        told = file.pixel_to_stage.apply(*middle)
        # SerialEM was told the shifts with six decimals of its own units.
        assert told.distance_um(truth.nominal.apply(*middle)) < half_a_pixel_um
        assert file.mdoc_path is not None
        assert f"ReferenceItem = {item.name}" in file.mdoc_path.read_text()
    doses = [each.dose_e_per_a2 for each in rig.scope.world.exposures.all()[-3:]]
    assert doses == pytest.approx([4.0] * 3)
    shift = rig.microscope.optics.state().image_shift
    assert (shift.x_um, shift.y_um) == pytest.approx((2.0, -1.0), abs=1e-3), "as for the last item"


def test_defocus_and_pixels_are_those_of_exposures_one_by_one(
    rig: ServedRig, exposures: Path
) -> None:
    """The same plan twice: the second goes one by one, as a successor without the choice."""
    rig.microscope.tasks.autofocus()
    together = rig.microscope.camera.record(plan_of(exposures, "a"))
    told = [seen.defocus_um for seen in rig.notebook.seen[-3:]]
    rig.settings["records"] = "one_by_one"
    with rig.again(epoch=4) as successor:
        single = successor.camera.record(plan_of(exposures, "b"))
    assert rig.sent().count("Record") == 3
    assert [seen.defocus_um for seen in rig.notebook.seen[-3:]] == pytest.approx(told, abs=0.02)
    for one, other in zip(together, single, strict=True):
        assert one.pixel_to_stage.as_list() == pytest.approx(
            other.pixel_to_stage.as_list(), abs=1e-3
        )
        assert one.mean_counts == pytest.approx(other.mean_counts, rel=0.05)


@pytest.mark.parametrize(
    "change",
    [
        {"save_frames": True},
        {"items": plan_of(Path()).items[:1]},
        {
            "items": tuple(
                replace(item, defocus_um=1.0 + i / 2)
                for i, item in enumerate(plan_of(Path()).items)
            )
        },
    ],
    ids=["frames are kept", "a single item", "a defocus each"],
)
def test_what_one_command_cannot_do_is_done_one_by_one(
    rig: ServedRig, exposures: Path, change: dict[str, Any]
) -> None:
    """Movies above all: in one series they could not be told apart by the name of their item."""
    plan = plan_of(exposures, **change)
    files = rig.microscope.camera.record(plan)
    assert rig.sent().count("Record") == len(plan.items) == len(files)
    assert "MultipleRecords" not in rig.sent()
    if plan.save_frames:
        for item in plan.items:
            found = rig.microscope.camera.find_recorded(item.name, exposures, file_format="tif")
            assert found == exposures / f"{item.name}.tif"


def test_on_a_tilted_stage_each_item_is_exposed_by_itself(rig: ServedRig, exposures: Path) -> None:
    """SerialEM would change the defocus of each hole by itself."""
    rig.microscope.stage.tilt_to(15.0)
    rig.microscope.camera.record(plan_of(exposures))
    assert "MultipleRecords" not in rig.sent()


def test_by_default_nothing_is_left_to_one_command(tmp_path: Path, exposures: Path) -> None:
    with served(tmp_path, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        rig.microscope.camera.record(plan_of(exposures))
        assert rig.sent().count("Record") == len(SHIFTS)
        assert not {"MultipleRecords", "Montage"} & set(rig.sent())


def test_a_series_whose_reply_was_lost_is_exposed_once_and_has_no_files(
    rig: ServedRig, exposures: Path
) -> None:
    rig.plan(
        {
            "kind": "connection_lost",
            "nth": 1,
            "count": 1,
            "phase": "after",
            "command": "MultipleRecords",
        }
    )
    with pytest.raises(ConnectionLost):
        rig.microscope.camera.record(plan_of(exposures))
    assert rig.sent()[-1] == "MultipleRecords"
    with rig.again(epoch=4) as successor:
        for item in plan_of(exposures).items:
            assert successor.camera.find_recorded(item.name, exposures, file_format="tif") is None
    assert rig.sent().count("MultipleRecords") == 1
    assert len([each for each in rig.scope.world.exposures.all() if each.area == "record"]) == 3


@pytest.mark.parametrize(
    ("planned", "kind"),
    [
        (
            {
                "kind": "replaced_values",
                "command": "MultipleRecords",
                "parameters": {"values": [2.0]},
            },
            CameraFailed,
        ),
        ({"kind": "camera_error", "command": "MultipleRecords"}, CameraFailed),
        ({"kind": "missing_values", "command": "ReportMagIndex", "parameters": {"count": 6}}, None),
    ],
)
def test_what_goes_wrong_has_its_error(
    rig: ServedRig, exposures: Path, planned: dict[str, Any], kind: type[SmartscopeError] | None
) -> None:
    rig.plan({"nth": 1, "count": 1, **planned})
    with pytest.raises(kind or SmartscopeError):
        rig.microscope.camera.record(plan_of(exposures))
    assert rig.sent().count("CloseFile") == rig.sent().count("OpenNewFile")
    assert not list(exposures.iterdir())


def test_a_shift_too_far_exposes_nothing(rig: ServedRig, exposures: Path) -> None:
    plan = plan_of(exposures)
    far = replace(plan.items[0], name="far", image_shift=ImageShift(80.0, 0.0))
    with pytest.raises(ImageShiftLimit):
        rig.microscope.camera.record(replace(plan, items=(*plan.items, far)))
    assert not {"MultipleRecords", "Record"} & set(rig.sent())


@pytest.mark.parametrize("records", ["one_by_one", "multishot"])
def test_a_sum_is_turned_as_the_image_that_is_shown(
    tmp_path: Path, exposures: Path, records: str
) -> None:
    """Unlike frames, which are saved as the camera gives them."""
    driver = {"records": records, "frames_rotation_flip": 2}
    with served(tmp_path, driver=driver, orientation=2, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        file = rig.microscope.camera.record(plan_of(exposures))[-1]
        shown = rig.microscope.camera.image(Area.RECORD)
        assert file.pixel_to_stage.as_list() == pytest.approx(
            shown.pixel_to_stage.as_list(), abs=1e-3
        )
        assert file.pixel_to_stage.a < 0.0

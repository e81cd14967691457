"""A camera set that keeps its own exposure: its dose is believed, and much of it ends the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import DoseExceeded
from smartscope.microscope.values import Area, ImageShift, MontagePlan, RecordItem, RecordPlan
from tests.microscope.serialem.served import ServedRig, served

ITEM = RecordItem(
    name="00007_h0001_e3",
    image_shift=ImageShift(0.5, 0.0),
    defocus_um=1.5,
    dose_e_per_a2=4.0,
    frames=2,
)
#: what the set gives by itself
OWN_DOSE_E_PER_A2 = 40.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    """Its camera sets ignore what they are told."""
    with served(tmp_path, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        ready.plan({"kind": "nothing_done", "command": "SetExposure", "nth": 1, "count": 50})
        yield ready


def plan_of(folder: Path, dose_e_per_a2: float) -> RecordPlan:
    return RecordPlan(items=(replace(ITEM, dose_e_per_a2=dose_e_per_a2),), folder=folder)


@pytest.mark.parametrize("asked", [30.0, 50.0])
def test_a_dose_that_is_somewhat_off_is_written_down_as_it_was(
    rig: ServedRig, exposures: Path, asked: float
) -> None:
    (file,) = rig.microscope.camera.record(plan_of(exposures, asked))
    assert file.dose_e_per_a2 == pytest.approx(OWN_DOSE_E_PER_A2)
    assert rig.scope.world.exposures.all()[-1].dose_e_per_a2 == pytest.approx(OWN_DOSE_E_PER_A2)


def test_a_movie_with_many_times_its_dose_is_the_last_one(rig: ServedRig, exposures: Path) -> None:
    with pytest.raises(DoseExceeded, match=r"40 e.* where 4 were asked.*Record set"):
        rig.microscope.camera.record(plan_of(exposures, 4.0))
    assert rig.sent().count("Record") == 1
    found = rig.microscope.camera.find_recorded(ITEM.name, exposures, file_format="tif")
    assert found is not None, "its dose was spent: it is kept for a person to judge"


def test_a_view_with_many_times_its_dose_is_one_too(rig: ServedRig) -> None:
    with pytest.raises(DoseExceeded):
        rig.microscope.camera.image(Area.HOLE, dose_e_per_a2=1e-3)


@pytest.mark.parametrize("choice", [{"montages": "full"}, {"records": "multishot"}])
def test_many_exposures_in_one_command_are_not_begun_with_such_a_set(
    tmp_path: Path, exposures: Path, choice: dict[str, str]
) -> None:
    with served(tmp_path, driver=choice, error_scale=0, refills=False) as (rig, _):
        rig.ready()
        rig.plan({"kind": "nothing_done", "command": "SetExposure", "nth": 1, "count": 50})
        items = tuple(replace(ITEM, name=f"h{i}") for i in range(3))
        plan = RecordPlan(items=items, folder=exposures, save_frames=False)
        montage = MontagePlan(centre=Point(0.0, 0.0), columns=2, rows=1, dose_e_per_a2=1e-8)
        camera = rig.microscope.camera
        expose: Callable[[], object] = partial(camera.record, plan)
        if "montages" in choice:
            expose = partial(camera.montage, Area.ATLAS, montage)
        with pytest.raises(DoseExceeded, match="nothing was exposed"):
            expose()
        assert not {"Montage", "MultipleRecords", "Record", "Search"} & set(rig.sent())

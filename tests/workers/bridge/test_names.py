"""Names of files: those of two steps are never the same, and say which item they are of."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest

from smartscope.models import Hole, Run, Step, StepItem
from smartscope.models.image import ImageKind
from smartscope.operations.recover_step import open_step
from tests.workers.bridge.rig import ProcessDeath, dies_at
from tests.workers.bridge.served_house import served_house
from workers.bridge.adopt import names_of
from workers.bridge.fault_points import arm
from workers.bridge.names import FileNames
from workers.bridge.recover import recover

STEP = UUID("01a1fef4-6205-74ea-b2ee-27d6ac0d59f8")


def names(step: UUID) -> FileNames:
    return FileNames(session="night", grid="g01", step=step, step_number=7, epoch=3)


def test_a_name_says_number_step_item_and_epoch() -> None:
    assert names(STEP).stem("h0001") == "00007-ac0d59f8_h0001_e3"
    assert names(STEP).item("00007-ac0d59f8_h0001_e3") == "h0001"
    key = names(STEP).key("h0001", ImageKind.MOVIE)
    assert key == "night/g01/movie/00007-ac0d59f8_h0001_e3.tif"


def test_the_same_number_in_another_run_is_another_name() -> None:
    other = UUID("01a1fef4-6205-74ea-b2ee-27d6ac0d59f9")
    assert names(STEP).stem("h0001") != names(other).stem("h0001")


@pytest.mark.django_db(transaction=True)
def test_a_movie_of_another_night_in_the_cameras_folder_is_not_ours(tmp_path: Path) -> None:
    with served_house(tmp_path) as served:
        bridge = served.bridge()
        dies_at("expose:issued:h0001", 1)
        with pytest.raises(ProcessDeath):
            bridge.run_until_idle()
        arm(None)
        served.die(bridge)
        picture = open_step(served.house.microscope.pk)
        assert picture is not None
        number, epoch = picture.number, picture.epoch
        foreign = tmp_path / "frames" / f"{number:05d}_h0001_e{epoch}.tif"
        foreign.write_bytes(b"II*\x00 of another night")
        assert names_of(picture).stem("h0001") != foreign.stem
        successor = served.bridge()
        try:
            recover(successor.helm)
            successor.loop.turn()
        finally:
            successor.die()
    assert StepItem.objects.get(name="h0001").state == "lost"
    assert Hole.objects.get(number=1).dose_uncertain
    assert Run.objects.get().state != "failed"
    assert Step.objects.filter(kind="expose").exists()
    assert foreign.read_bytes().startswith(b"II*")

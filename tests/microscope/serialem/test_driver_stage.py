"""Which grid is on the stage where SerialEM does not tell: known, or in doubt and not loaded on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from smartscope.microscope.errors import CommandRefused, StageInDoubt
from tests.microscope.serialem.served import ServedRig, served

GRIDS = {str(slot): {"preset": "good"} for slot in (1, 2, 3)}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, serialem_version="4.1", grids=GRIDS) as (found, _):
        yield found


def forgets(rig: ServedRig) -> None:
    """As a SerialEM that was started anew: nothing is remembered, the column is as it was."""
    rig.server._control.program.persistent.clear()


def moved_by_hand(rig: ServedRig, slot: int | None) -> None:
    """Somebody exchanges grids at the console and tells nobody."""
    rig.server._control.program.scope.world.put(
        autoloader=replace(rig.scope.world.state.autoloader, loaded_slot=slot)
    )


def loads(rig: ServedRig) -> int:
    return rig.sent().count("LoadCartridge")


def test_nothing_is_loaded_on_top_of_a_grid_that_was_forgotten(rig: ServedRig) -> None:
    loader = rig.microscope.autoloader
    loader.load(2)
    forgets(rig)
    assert "started anew" in loader.doubt()
    with pytest.raises(StageInDoubt, match="nothing was loaded"):
        loader.load(1)
    assert loads(rig) == 1
    loader.confirm_exchange(2)
    assert (loader.doubt(), loader.loaded()) == ("", 2)
    loader.load(1)
    assert rig.scope.world.state.autoloader.loaded_slot == 1


def test_an_answer_that_cannot_be_is_refused(rig: ServedRig) -> None:
    forgets(rig)
    with pytest.raises(CommandRefused, match="does not read empty"):
        rig.microscope.autoloader.confirm_exchange(1)
    assert rig.microscope.autoloader.doubt()


def test_an_empty_stage_that_a_person_saw_may_be_loaded(rig: ServedRig) -> None:
    loader = rig.microscope.autoloader
    forgets(rig)
    loader.confirm_exchange(None)
    assert loader.doubt() == ""
    loader.load(3)
    assert loader.loaded() == 3


def test_a_grid_loaded_by_hand_makes_a_remembered_empty_stage_doubtful(rig: ServedRig) -> None:
    loader = rig.microscope.autoloader
    assert loader.doubt() == ""
    moved_by_hand(rig, 3)
    assert "slot 3 held a grid" in loader.doubt()
    with pytest.raises(StageInDoubt):
        loader.load(1)
    moved_by_hand(rig, None)
    assert loader.doubt() == ""


def test_a_grid_put_back_by_hand_leaves_an_empty_stage(rig: ServedRig) -> None:
    loader = rig.microscope.autoloader
    loader.load(2)
    moved_by_hand(rig, None)
    assert (loader.loaded(), loader.doubt()) == (None, "")
    moved_by_hand(rig, 1)
    assert "slot 1 held a grid" in loader.doubt()


def test_a_full_cassette_proves_an_empty_stage(tmp_path: Path) -> None:
    full = {str(slot): {"preset": "good"} for slot in range(1, 13)}
    with served(tmp_path, serialem_version="4.1", grids=full) as (rig, _):
        forgets(rig)
        assert rig.microscope.autoloader.doubt() == ""
        rig.microscope.autoloader.load(1)
        forgets(rig)
        assert rig.microscope.autoloader.doubt()


def test_one_that_tells_has_no_doubt_and_takes_nobodys_word(tmp_path: Path) -> None:
    with served(tmp_path, serialem_version="4.3", grids=GRIDS) as (rig, _):
        forgets(rig)
        assert rig.microscope.autoloader.doubt() == ""
        rig.microscope.autoloader.load(1)
        forgets(rig)
        assert rig.microscope.autoloader.loaded() == 1
        with pytest.raises(CommandRefused, match="tells what is on this stage"):
            rig.microscope.autoloader.confirm_exchange(2)


def test_what_was_forgotten_on_purpose_is_in_doubt(rig: ServedRig) -> None:
    loader = rig.microscope.autoloader
    assert loader.recall(None)
    assert loader.doubt() == ""
    loader.forget()
    assert loader.doubt()

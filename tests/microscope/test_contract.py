"""Every driver passes the same contract: the simulator in process, and SerialEM over its socket.

With SMARTSCOPE_SERIALEM_ADDRESS the SerialEM there is a third one: see `real.py` for its settings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartscope.microscope import contract
from smartscope.microscope.base import Microscope
from tests.microscope.rig import OpenRig, Rig
from tests.microscope.serialem.served import served


@pytest.fixture(params=["in process", "SerialEM 4.0", "SerialEM 4.1", "SerialEM 4.3"])
def any_rig(request: pytest.FixtureRequest, tmp_path: Path, open_rig: OpenRig) -> Iterator[Rig]:
    """The same world, reached in process or through a socket."""
    if request.param == "in process":
        yield open_rig()
        return
    version = str(request.param).removeprefix("SerialEM ")
    with served(tmp_path, serialem_version=version) as (rig, _):
        yield rig


@pytest.mark.parametrize(
    "claim",
    [contract.says_who_it_is, contract.offers_all_areas, contract.inventory_is_stable],
    ids=lambda claim: claim.__name__,
)
def test_an_idle_microscope_keeps_the_contract(
    any_rig: Rig, claim: Callable[[Microscope], None]
) -> None:
    claim(any_rig.microscope)


@pytest.mark.parametrize(
    "claim",
    [
        contract.exposes_only_with_open_valves,
        contract.stage_goes_where_it_is_sent,
        contract.image_shift_is_absolute_and_bounded,
        contract.images_say_where_they_are,
        contract.montages_tile_their_area,
        contract.tasks_answer_in_range,
        contract.is_safe_twice,
    ],
    ids=lambda claim: claim.__name__,
)
def test_a_ready_microscope_keeps_the_contract(
    any_rig: Rig, claim: Callable[[Microscope], None]
) -> None:
    contract.ready(any_rig.microscope, 1, any_rig.clock.wait_until)
    any_rig.microscope.stage.move_to(any_rig.good_square())
    claim(any_rig.microscope)


@pytest.mark.parametrize("camera", ["mini", "K2", "K3", "Falcon 4"])
def test_every_camera_offers_all_areas(open_rig: OpenRig, camera: str) -> None:
    contract.offers_all_areas(open_rig(camera=camera).microscope)


def test_an_empty_slot_is_refused(any_rig: Rig) -> None:
    contract.refuses_an_empty_slot(any_rig.microscope, empty_slot=9)


def test_grids_are_exchanged_only_with_closed_valves(any_rig: Rig) -> None:
    contract.ready(any_rig.microscope, 1, any_rig.clock.wait_until)
    contract.loads_only_with_closed_valves(any_rig.microscope, slot=1, other_slot=2)


def test_movies_are_whole_files_that_are_never_overwritten(any_rig: Rig, exposures: Path) -> None:
    contract.ready(any_rig.microscope, 1, any_rig.clock.wait_until)
    contract.records_whole_files(any_rig.microscope, exposures)


def test_without_a_permit_nothing_is_sent(any_rig: Rig) -> None:
    contract.sends_nothing_without_permit(any_rig.microscope, any_rig.leash.cut)

"""The simulator passes the contract of every driver."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from smartscope.microscope import contract
from smartscope.microscope.base import Microscope
from tests.microscope.rig import OpenRig, Rig


@pytest.mark.parametrize(
    "claim",
    [contract.says_who_it_is, contract.offers_all_areas, contract.inventory_is_stable],
    ids=lambda claim: claim.__name__,
)
def test_an_idle_microscope_keeps_the_contract(
    rig: Rig, claim: Callable[[Microscope], None]
) -> None:
    claim(rig.microscope)


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
    rig: Rig, claim: Callable[[Microscope], None]
) -> None:
    contract.ready(rig.microscope, 1, rig.clock.wait_until)
    rig.microscope.stage.move_to(rig.good_square())
    claim(rig.microscope)


@pytest.mark.parametrize("camera", ["mini", "K2", "K3", "Falcon 4"])
def test_every_camera_offers_all_areas(open_rig: OpenRig, camera: str) -> None:
    contract.offers_all_areas(open_rig(camera=camera).microscope)


def test_an_empty_slot_is_refused(rig: Rig) -> None:
    contract.refuses_an_empty_slot(rig.microscope, empty_slot=9)


def test_grids_are_exchanged_only_with_closed_valves(rig: Rig) -> None:
    contract.ready(rig.microscope, 1, rig.clock.wait_until)
    contract.loads_only_with_closed_valves(rig.microscope, slot=1, other_slot=2)


def test_movies_are_whole_files_that_are_never_overwritten(rig: Rig, exposures: Path) -> None:
    contract.ready(rig.microscope, 1, rig.clock.wait_until)
    contract.records_whole_files(rig.microscope, exposures)


def test_without_a_permit_nothing_is_sent(rig: Rig) -> None:
    contract.sends_nothing_without_permit(rig.microscope, rig.leash.cut)

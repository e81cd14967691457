"""Every driver passes the same contract: the simulator in process, and SerialEM over its socket.

A real SerialEM is one more, where SMARTSCOPE_SERIALEM_ADDRESS names it (see `real`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from smartscope.microscope import contract
from smartscope.microscope.base import Microscope
from tests.microscope.real import ADDRESS, Bench, named, real_bench
from tests.microscope.rig import OpenRig, Rig
from tests.microscope.serialem.served import served

REAL = "a real SerialEM"
KINDS = [
    "in process",
    "SerialEM 4.0",
    "SerialEM 4.3",
    pytest.param(REAL, marks=pytest.mark.skipif(not named(), reason=f"{ADDRESS} names none")),
]


def simulated(rig: Rig) -> Bench:
    """The demonstration cassette: four grids, then empty slots; the first is on the stage."""
    rig.ready()
    place = rig.good_square()
    rig.microscope.safe_state()
    return Bench(rig.microscope, rig.clock, rig.leash, 1, 2, 9, place)


@pytest.fixture(params=KINDS)
def bench(request: pytest.FixtureRequest, tmp_path: Path, open_rig: OpenRig) -> Iterator[Bench]:
    """The same world in process or through a socket; or an instrument."""
    if request.param == REAL:
        found = real_bench()
        yield found
        found.leash.cut_after = None
        found.microscope.safe_state()
        found.microscope.close()
    elif request.param == "in process":
        yield simulated(open_rig())
    else:
        version = str(request.param).removeprefix("SerialEM ")
        with served(tmp_path, serialem_version=version) as (rig, _):
            yield simulated(rig)


def ready(bench: Bench) -> Microscope:
    """A grid on the stage, the beam on it, a square that may be exposed in the middle."""
    contract.ready(bench.microscope, bench.slot, bench.clock.wait_until)
    bench.microscope.stage.move_to(bench.place)
    return bench.microscope


@pytest.mark.parametrize(
    "claim",
    [contract.says_who_it_is, contract.offers_all_areas, contract.inventory_is_stable],
    ids=lambda claim: claim.__name__,
)
def test_an_idle_microscope_keeps_the_contract(
    bench: Bench, claim: Callable[[Microscope], None]
) -> None:
    claim(bench.microscope)


@pytest.mark.parametrize(
    "claim",
    [
        contract.exposes_only_with_open_valves,
        contract.stage_goes_where_it_is_sent,
        contract.image_shift_is_absolute_and_bounded,
        contract.images_say_where_they_are,
        contract.montages_tile_their_area,
        contract.tiles_come_one_by_one,
        contract.tasks_answer_in_range,
        contract.is_safe_twice,
    ],
    ids=lambda claim: claim.__name__,
)
def test_a_ready_microscope_keeps_the_contract(
    bench: Bench, claim: Callable[[Microscope], None]
) -> None:
    claim(ready(bench))


@pytest.mark.parametrize("camera", ["mini", "K2", "K3", "Falcon 4"])
def test_every_camera_offers_all_areas(open_rig: OpenRig, camera: str) -> None:
    contract.offers_all_areas(open_rig(camera=camera).microscope)


def test_an_empty_slot_is_refused(bench: Bench) -> None:
    contract.refuses_an_empty_slot(bench.microscope, empty_slot=bench.empty_slot)


def test_grids_are_exchanged_only_with_closed_valves(bench: Bench) -> None:
    contract.loads_only_with_closed_valves(
        ready(bench), slot=bench.slot, other_slot=bench.other_slot
    )


def test_movies_are_whole_files_that_are_never_overwritten(bench: Bench, exposures: Path) -> None:
    contract.records_whole_files(ready(bench), exposures)


def test_what_cannot_be_recorded_is_refused_beforehand(bench: Bench, exposures: Path) -> None:
    contract.refuses_an_impossible_record_beforehand(ready(bench), exposures)


def test_without_a_permit_nothing_is_sent(bench: Bench) -> None:
    contract.sends_nothing_without_permit(bench.microscope, bench.leash.cut)

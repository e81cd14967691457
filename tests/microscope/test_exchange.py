"""Grids come and go behind closed valves, which open when the column is ready for them."""

from __future__ import annotations

import pytest

from smartscope.microscope.errors import InstrumentBusy, ManualExchangeNeeded
from smartscope.microscope.procedures.exchange import load_grid, open_valves, unload_grid
from smartscope.microscope.procedures.happenings import AboutToIssue, Waiting
from smartscope.microscope.procedures.requests import LoadRequest
from smartscope.microscope.simulator import column
from smartscope.microscope.values import Area, CommandClass
from tests.microscope.rig import OpenRig, Rig


def test_loading_waits_for_the_vacuum_and_leaves_the_valves_closed(rig: Rig) -> None:
    happenings = rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
    status = rig.microscope.column.status()
    assert rig.microscope.autoloader.loaded() == 2
    assert status.vacuum_ready
    assert not status.pump_running
    assert not status.valves_open
    issued = [each for each in happenings if isinstance(each, AboutToIssue)]
    assert [each.command_class for each in issued] == [CommandClass.NEVER_REPEAT]
    assert any(isinstance(each, Waiting) for each in happenings)


@pytest.mark.parametrize(("fills_for_s", "ends"), [(2_400.0, True), (5_000.0, False)])
def test_loading_waits_for_the_longest_filling_there_is_and_no_longer(
    rig: Rig, fills_for_s: float, ends: bool
) -> None:
    column.begin_refill(rig.scope, fills_for_s)
    if ends:
        rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
        assert rig.microscope.autoloader.loaded() == 2
    else:
        with pytest.raises(InstrumentBusy, match="after 3600 s"):
            rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
        assert rig.microscope.autoloader.loaded() is None


def test_loading_the_grid_that_is_there_moves_nothing(rig: Rig) -> None:
    rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
    before = rig.clock.now()
    happenings = rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
    assert not any(isinstance(each, AboutToIssue) for each in happenings)
    assert rig.clock.now() == before


def test_another_grid_is_loaded_after_the_first_was_returned(rig: Rig) -> None:
    rig.ready(slot=1)
    rig.run(load_grid(rig.microscope, LoadRequest(slot=2)))
    assert rig.microscope.autoloader.loaded() == 2
    rig.run(unload_grid(rig.microscope))
    assert rig.microscope.autoloader.loaded() is None


def test_a_person_exchanges_grids_where_there_is_no_autoloader(open_rig: OpenRig) -> None:
    rig = open_rig(has_autoloader=False, grids={1: {"preset": "good"}})
    with pytest.raises(ManualExchangeNeeded) as asked:
        rig.run(load_grid(rig.microscope, LoadRequest(slot=1)))
    assert asked.value.slot == 1
    assert rig.microscope.autoloader.loaded() is None
    rig.microscope.autoloader.confirm_exchange(1)
    rig.run(load_grid(rig.microscope, LoadRequest(slot=1)))
    rig.run(open_valves(rig.microscope))
    assert rig.microscope.camera.image(Area.SQUARE).pixels.size


def test_the_valves_wait_for_a_refill_to_end(rig: Rig) -> None:
    rig.run(load_grid(rig.microscope, LoadRequest(slot=1)))
    rig.clock.wait_until(rig.scope.world.began_at_s + 3 * 3600 + 30)
    assert rig.microscope.column.refills().refilling
    happenings = rig.run(open_valves(rig.microscope))
    assert {each.cause for each in happenings if isinstance(each, Waiting)} == {"refill"}
    assert rig.microscope.column.status().valves_open

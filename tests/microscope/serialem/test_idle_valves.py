"""SerialEM closes idle valves by itself: set at connection, read back, given back at the end."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartscope.microscope.simulator.control_client import ControlClient
from smartscope.microscope.simulator.serialem.program import IDLE_MINUTES
from tests.microscope.serialem.served import ServedRig, served

NEVER, OURS = 0.0, 10.0


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        yield ready


def minutes(rig: ServedRig) -> float:
    return rig.server._control.program.knobs.user_settings[IDLE_MINUTES]


def later(rig: ServedRig, wait_min: float) -> bool:
    """Whether the valves are open so much later."""
    with ControlClient(rig.server.control_port) as control:
        control.advance(control.now_s() + 60.0 * wait_min)
        return bool(control.truth("state")["column"]["valves_open"])


def vanish(rig: ServedRig) -> None:
    """As a process that was killed: no word, no valves closed."""
    rig.microscope._link.client.abandon()  # type: ignore[attr-defined]
    with ControlClient(rig.server.control_port) as control:
        while control.ask("state")["held"]:
            pass


def test_it_is_set_while_we_drive_and_given_back_when_we_leave(rig: ServedRig) -> None:
    assert minutes(rig) == OURS
    rig.microscope.close()
    assert minutes(rig) == NEVER
    assert rig.sent()[-1] == "Exit"


def test_whoever_vanishes_leaves_a_column_that_closes_itself(rig: ServedRig) -> None:
    rig.microscope.column.open_valves()
    assert later(rig, 60.0), "SerialEM counts only while nobody controls it"
    vanish(rig)
    assert later(rig, OURS - 1.0)
    assert not later(rig, 1.5)
    with rig.again(epoch=4) as successor:
        assert successor.column.status().valves_closed
        assert minutes(rig) == OURS
    assert minutes(rig) == NEVER, "the site's own value was not known any more"


@pytest.mark.parametrize(("own", "driven"), [(4.0, 4.0), (45.0, OURS)])
def test_a_site_that_closes_sooner_is_left_alone(rig: ServedRig, own: float, driven: float) -> None:
    rig.microscope.close()
    rig.server._control.program.knobs.user_settings[IDLE_MINUTES] = own
    with rig.again(epoch=4):
        assert minutes(rig) == driven
    assert minutes(rig) == own


def test_what_the_site_sets_after_we_vanished_stays(rig: ServedRig) -> None:
    vanish(rig)
    rig.server._control.program.knobs.user_settings[IDLE_MINUTES] = 4.0
    with rig.again(epoch=4):
        pass
    assert minutes(rig) == 4.0


def test_a_site_may_leave_it_to_itself(tmp_path: Path) -> None:
    with served(tmp_path, driver={"idle_valves_min": 0}) as (rig, _):
        assert minutes(rig) == NEVER
        assert "SetUserSetting" not in rig.sent()

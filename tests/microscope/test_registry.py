"""Drivers are found by name, and what cannot be built says why."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from smartscope.microscope import registry
from smartscope.microscope.errors import BadInstrumentSettings, ConnectionLost, UnknownDriver
from smartscope.microscope.permit import AlwaysPermitted
from tests.microscope.serialem.site import site


class WallClock:
    """A clock the simulator cannot live by."""

    simulated = False

    def now(self) -> float:
        return 0.0

    def wait_until(self, time_s: float) -> None:
        """Return."""


def test_the_simulator_is_reached_by_its_name(tmp_path: Path) -> None:
    settings = {"data_dir": str(tmp_path), "seed": 3}
    clock = registry.open_clock("simulator", settings)
    microscope = registry.connect("simulator", settings, permit=AlwaysPermitted(), clock=clock)
    assert microscope.identity().simulated
    microscope.close()


def test_an_unknown_driver_names_what_there_is() -> None:
    with pytest.raises(UnknownDriver, match="simulator"):
        registry.open_clock("crystal ball", {})


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"data_dir": ""}, "data_dir"),
        ({"cheese": 1}, "cheese"),
        ({"camera": "Polaroid"}, "mini"),
        ({"seed": "many"}, "seed"),
        ({"grids": {"one": {}}}, "slot number"),
        ({"grids": {1: {"mesh": "77"}}}, "slot 1"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, wrong: dict[str, object], named: str) -> None:
    settings = {"data_dir": tmp_path} | wrong
    with pytest.raises(BadInstrumentSettings, match=named):
        registry.connect(
            "simulator",
            settings,
            permit=AlwaysPermitted(),
            clock=registry.open_clock("simulator", settings),
        )


def test_the_simulator_refuses_a_clock_that_is_not_its_own(tmp_path: Path) -> None:
    with pytest.raises(BadInstrumentSettings, match="clock"):
        registry.connect(
            "simulator", {"data_dir": tmp_path}, permit=AlwaysPermitted(), clock=WallClock()
        )


def test_a_real_microscope_lives_by_the_machines_clock() -> None:
    clock = registry.open_clock("serialem", site())
    assert not clock.simulated
    assert abs(clock.now() - time.time()) < 5.0


def test_only_a_simulators_calibration_can_be_named() -> None:
    with pytest.raises(BadInstrumentSettings, match="five areas"):
        registry.open_clock("serialem", site(areas="mini"))
    clock = registry.open_clock("serialem", site(areas="K3", control_port=9))
    assert clock.simulated, "the simulator's, asked over its control port"


def test_a_microscope_that_is_not_there_says_so() -> None:
    settings = site(port=9)
    with pytest.raises(ConnectionLost):
        registry.connect("serialem", settings, permit=AlwaysPermitted(), clock=WallClock(), epoch=1)

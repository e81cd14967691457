"""The demo's grids: of known quality, and the same ones for as long as their world lasts."""

from __future__ import annotations

from pathlib import Path

from smartscope.demo.cassette import Cassette
from smartscope.demo.instrument import DemoInstrument
from smartscope.demo.ports import free_ports
from smartscope.microscope.permit import AlwaysPermitted
from smartscope.microscope.registry import connect, open_clock
from smartscope.microscope.simulator.server import SimulatorServer


def test_more_grids_than_qualities_begin_again() -> None:
    qualities = Cassette(grids=5, seed=7).qualities()
    assert [qualities[slot] for slot in (1, 2, 3, 4, 5)] == [
        "good",
        "thick",
        "contaminated",
        "damaged",
        "good",
    ]


def test_a_world_keeps_the_cassette_it_began_with(tmp_path: Path) -> None:
    file = tmp_path / "cassette.json"
    assert Cassette(grids=2, seed=7).keep(file) == Cassette(grids=2, seed=7)
    assert Cassette(grids=4, seed=8).keep(file) == Cassette(grids=2, seed=7)


def test_free_ports_differ() -> None:
    assert len(set(free_ports(3))) == 3


def test_the_row_reaches_the_simulator_with_the_cassette_in_it(tmp_path: Path) -> None:
    (tmp_path / "frames").mkdir()
    instrument = DemoInstrument.on_free_ports(
        Cassette(grids=2, seed=7),
        speed="instant",
        world=tmp_path / "world",
        frames=tmp_path / "frames",
    )
    settings = instrument.driver_settings()
    with SimulatorServer(
        instrument.settings(), port=instrument.port, control_port=instrument.control_port
    ):
        instrument.await_answer(lambda: None)
        clock = open_clock("serialem", settings)
        scope = connect("serialem", settings, permit=AlwaysPermitted(), clock=clock, epoch=1)
        try:
            slots = scope.autoloader.inventory().slots
            assert scope.identity().simulated
        finally:
            scope.close()
    assert [each.slot for each in slots if each.occupied] == [1, 2]

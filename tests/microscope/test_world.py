"""A killed process forgets nothing that a microscope would remember."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from smartscope.domain.geometry import Point
from smartscope.microscope.errors import BadInstrumentSettings, ConnectionLost, InstrumentBusy
from smartscope.microscope.simulator import assembly
from smartscope.microscope.simulator.clock import SimulatedClock
from smartscope.microscope.simulator.ledger import Ledger, read_last, read_lines, read_past
from smartscope.microscope.values import Area, ImageShift
from tests.microscope.rig import OpenRig, Rig


def test_a_reopened_world_is_where_it_was_left(rig: Rig, open_rig: OpenRig) -> None:
    rig.ready(slot=2)
    rig.microscope.stage.move_to(Point(40.0, -20.0), z_um=5.0)
    rig.microscope.optics.go_to(Area.HOLE)
    rig.microscope.optics.set_image_shift(ImageShift(1.0, 2.0))
    rig.microscope.camera.image(Area.HOLE)
    rig.clock.wait_until(rig.clock.now() + 100.0)
    again = open_rig()
    assert again.clock.now() == rig.clock.now()
    assert again.microscope.autoloader.loaded() == 2
    assert again.microscope.stage.position() == rig.scope_position()
    assert again.microscope.optics.state().image_shift == ImageShift(1.0, 2.0)
    assert again.microscope.column.status().valves_open
    assert again.scope.world.exposures.all() == rig.scope.world.exposures.all()


def test_the_newest_client_wins_and_the_old_one_sends_nothing(rig: Rig, open_rig: OpenRig) -> None:
    rig.ready()
    newer = open_rig(epoch=2)
    exposed = len(newer.scope.world.exposures)
    with pytest.raises(ConnectionLost, match="Another client"):
        rig.microscope.camera.image(Area.SQUARE)
    with pytest.raises(ConnectionLost):
        rig.microscope.stage.move_to(Point(1.0, 1.0))
    again = open_rig(epoch=3)
    assert len(again.scope.world.exposures) == exposed
    assert again.microscope.stage.position() == newer.scope_position()


def test_the_log_shows_whose_commands_they_were(rig: Rig, open_rig: OpenRig) -> None:
    rig.microscope.stage.move_to(Point(1.0, 1.0))
    later = open_rig(epoch=5)
    later.microscope.stage.move_to(Point(2.0, 2.0))
    log = [(each.name, each.epoch) for each in open_rig(epoch=6).scope.world.commands]
    assert log == [("move_to", 0), ("move_to", 5)]


def test_an_exchange_ends_though_its_client_has_died(open_rig: OpenRig, tmp_path: Path) -> None:
    class Killed(BaseException):
        """Stands for SIGKILL in the middle of the exchange."""

    def die(_: float) -> None:
        raise Killed

    doomed = SimulatedClock(1.8e9, speed=1.0, sleep=die)
    rig = open_rig(clock=doomed)
    with pytest.raises(Killed):
        rig.microscope.autoloader.load(1)
    again = open_rig()
    assert again.microscope.column.status().autoloader_busy
    with pytest.raises(InstrumentBusy):
        again.microscope.autoloader.load(1)
    again.clock.wait_until(again.clock.now() + 900.0)
    assert not again.microscope.column.status().autoloader_busy
    assert again.microscope.autoloader.loaded() == 1


def test_a_torn_last_line_is_forgotten_and_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "world.jsonl"
    path.write_bytes(b'{"k":"a"}\n{"k":"b"}\n{"k":"c","val')
    past = read_past(path)
    assert [line["k"] for line in past.lines] == ["a", "b"]
    assert read_last(path, "k") == "b"
    ledger = Ledger(path, past)
    ledger.append({"k": "d"}, durable=True)
    ledger.close()
    assert [line["k"] for line in read_lines(path)] == ["a", "b", "d"]


def test_another_seeds_world_is_not_taken_over(rig: Rig, tmp_path: Path) -> None:
    settings = {"data_dir": tmp_path / "world", "seed": 8}
    with pytest.raises(BadInstrumentSettings, match="seed 7"):
        assembly.build(settings, permit=rig.leash, clock=assembly.open_clock(settings))


def test_the_same_night_is_the_same_at_any_speed(open_rig: OpenRig, tmp_path: Path) -> None:
    slept: list[float] = []
    images, times = [], []
    for name, clock in (
        ("instant", None),
        ("compressed", SimulatedClock(1.8e9, speed=1e9, sleep=slept.append)),
    ):
        rig = open_rig(data_dir=tmp_path / name, clock=clock).ready()
        rig.microscope.stage.move_to(Point(30.0, 30.0))
        images.append(rig.microscope.camera.image(Area.SQUARE).pixels)
        times.append(rig.clock.now())
    assert np.array_equal(images[0], images[1])
    assert times[0] == times[1]


def test_repeats_of_one_exposure_have_noise_of_their_own(rig: Rig) -> None:
    rig.ready().microscope.stage.move_to(rig.good_square())
    first, second = (rig.microscope.camera.image(Area.SQUARE).pixels for _ in range(2))
    assert not np.array_equal(first, second)
    assert abs(float(first.mean()) - float(second.mean())) < 0.02 * float(first.mean())

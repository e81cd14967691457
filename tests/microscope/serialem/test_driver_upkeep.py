"""The beam after a flash, and loaders that answer as JEOL's do."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope import contract
from smartscope.microscope.errors import CommandRefused, LoadFailed, ProtocolError, SlotEmpty
from smartscope.microscope.serialem.cartridges import EMPTY, FULL, UNKNOWN, cartridge
from smartscope.microscope.serialem.link import Reply
from smartscope.microscope.values import Area
from tests.microscope.serialem.served import ServedRig, served

PERFECT: dict[str, Any] = {"error_scale": 0, "refills": False}
JEOL: dict[str, Any] = {"driver": {"loader": "jeol"}, "jeol_loader": True, **PERFECT}


@pytest.fixture
def jeol(tmp_path: Path) -> Iterator[ServedRig]:
    with served(tmp_path, **JEOL) as (rig, _):
        yield rig


def flashed(rig: ServedRig) -> None:
    """Flashed when advised, and the beam on the specimen again."""
    rig.plan({"kind": "flash_advised", "nth": 1, "count": 1})
    rig.microscope.column.close_valves()
    rig.microscope.column.flash_gun()
    rig.microscope.column.open_valves()


def test_the_beam_is_centred_once_after_a_flash_before_the_next_focus(tmp_path: Path) -> None:
    with served(tmp_path, driver={"centre_beam_um": 3.0}, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        rig.microscope.tasks.autofocus()
        assert "AutoCenterBeam" not in rig.sent(), "nothing was flashed yet"
        flashed(rig)
        assert "AutoCenterBeam" not in rig.sent(), "the column was closed"
        rig.microscope.tasks.autofocus()
        with rig.again(epoch=4) as successor:
            successor.tasks.autofocus()
        sent = rig.sent()
        assert sent.count("AutoCenterBeam") == 1
        assert sent.index("LongOperation") < sent.index("AutoCenterBeam")
        assert "AutoFocus" in sent[sent.index("AutoCenterBeam") :]


def test_a_beam_that_cannot_be_centred_is_for_a_person(tmp_path: Path) -> None:
    with served(tmp_path, driver={"centre_beam_um": 3.0}, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        flashed(rig)
        rig.plan(
            {
                "kind": "error_reply",
                "nth": 1,
                "count": 1,
                "command": "AutoCenterBeam",
                "parameters": {"text": "No beam edges were found"},
            }
        )
        with pytest.raises(CommandRefused, match="console"):
            rig.microscope.tasks.autofocus()
        assert "AutoFocus" not in rig.sent()
        rig.microscope.tasks.autofocus()
        assert rig.sent().count("AutoCenterBeam") == 2


def test_without_a_size_the_beam_is_left_alone(tmp_path: Path) -> None:
    with served(tmp_path, **PERFECT) as (rig, _):
        rig.ready().microscope.stage.move_to(rig.good_square())
        flashed(rig)
        rig.microscope.tasks.autofocus()
        assert "AutoCenterBeam" not in rig.sent()


def test_a_jeol_loader_takes_its_inventory_once_before_the_first_load(jeol: ServedRig) -> None:
    autoloader = jeol.microscope.autoloader
    before = autoloader.inventory()
    assert [each.occupied for each in before.slots[:2]] == [None, None], "nobody has looked"
    assert before.loaded_slot is None
    jeol.ready(slot=1)
    jeol.ready(slot=2)
    assert autoloader.loaded() == 2
    sent = jeol.sent()
    assert sent.count("LongOperation") == 1
    assert sent.index("LongOperation") < sent.index("LoadCartridge")
    found = autoloader.inventory()
    assert found.loaded_slot == 2
    assert [each.occupied for each in found.slots[:2]] == [True, False]
    assert found.slots[0].name
    jeol.microscope.column.close_valves()
    autoloader.unload()
    assert autoloader.loaded() is None


def test_a_jeol_loader_keeps_the_contract(jeol: ServedRig) -> None:
    contract.refuses_an_empty_slot(jeol.microscope, empty_slot=9)
    jeol.ready()
    contract.loads_only_with_closed_valves(jeol.microscope, slot=1, other_slot=2)
    contract.inventory_is_stable(jeol.microscope)


def test_an_inventory_that_fails_moves_nothing(jeol: ServedRig) -> None:
    jeol.plan({"kind": "error_reply", "nth": 1, "count": 1, "command": "LongOperation"})
    with pytest.raises(LoadFailed):
        jeol.microscope.autoloader.load(1)
    assert "LoadCartridge" not in jeol.sent()
    with pytest.raises(SlotEmpty):
        jeol.microscope.autoloader.load(9)


@pytest.mark.parametrize(
    ("values", "status", "on_stage"),
    [
        ((-1.0,), UNKNOWN, False),
        ((4.0, 0.0, 0.0, 0.0, 0.0, "none"), UNKNOWN, False),
        ((4.0, 1.0, 2.0, 1.0, 90.0, "ribosome"), FULL, False),
        ((4.0, 2.0, 1.0, 1.0, 0.0, "ribosome"), FULL, False),
        ((4.0, 3.0, 0.0, 1.0, 0.0, "ribosome"), EMPTY, True),
    ],
)
def test_six_values_say_where_a_cartridge_is(
    values: tuple[float | str, ...], status: int, on_stage: bool
) -> None:
    found = cartridge(Reply("ReportSlotStatus", values), "jeol")
    assert (found.status, found.on_stage) == (status, on_stage)


@pytest.mark.parametrize(
    "values",
    [(), (1.0,), (0.0, "name"), (4.0, 7.0, 1.0, 1.0, 0.0, "x"), (4.0, 3.0, 0.0, 1.0, 0.0, 5.0)],
)
def test_what_no_jeol_loader_says_is_not_believed(values: tuple[float | str, ...]) -> None:
    with pytest.raises(ProtocolError):
        cartridge(Reply("ReportSlotStatus", values), "jeol")


def test_what_an_area_is_taken_with_is_in_the_log_once_and_again_when_it_differs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Magnification, spot, C2 and slit: who looks at an image later must know."""

    def lines() -> list[str]:
        return [each for each in caplog.messages if each.startswith("record is taken with")]

    with served(tmp_path, **PERFECT) as (rig, _), caplog.at_level(logging.INFO):
        optics = rig.microscope.optics
        for area in (Area.RECORD, Area.HOLE, Area.RECORD):
            optics.go_to(area)
        assert len(lines()) == 1
        for known in ("'Mag', (105000.0", "SpotSize", "PercentC2", "EnergyFilter"):
            assert known in lines()[0]
        optics.go_to(Area.HOLE)
        rig.plan(
            {
                "kind": "replaced_values",
                "probability": 1.0,
                "command": "ReportSpotSize",
                "parameters": {"values": [9.0]},
            }
        )
        optics.go_to(Area.RECORD)
        assert "'SpotSize', (9.0,)" in lines()[1]

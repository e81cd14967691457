"""A server that lies in every reply cannot crash a bridge, nor make it believe that all is well."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.errors import BadFile, InstrumentError, StorageFull
from smartscope.domain.geometry import Point
from smartscope.microscope.base import Microscope
from smartscope.microscope.errors import (
    BadArgument,
    CommandRefused,
    CommandTimeout,
    ConnectionLost,
    ImageShiftLimit,
    SlotEmpty,
    StageLimit,
)
from smartscope.microscope.procedures.readiness import tripped
from smartscope.microscope.registry import open_clock
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.connection import take_control
from smartscope.microscope.serialem.deadlines import Deadlines
from smartscope.microscope.serialem.driver import SerialEmMicroscope
from smartscope.microscope.serialem.settings import settings_from
from smartscope.microscope.values import (
    AcquiredImage,
    Area,
    HeightMode,
    ImageShift,
    MontagePlan,
    RecordItem,
    RecordPlan,
    Reference,
)
from tests.microscope.serialem.served import ServedRig, served

Do = Callable[[Microscope, Path], object]
LIES: list[dict[str, Any]] = [
    {"kind": "not_a_number"},
    {"kind": "infinite"},
    {"kind": "missing_values", "parameters": {"count": 6}},
    {"kind": "missing_values", "parameters": {"count": 1}},
    {"kind": "extra_values", "parameters": {"count": 2}},
    {"kind": "replaced_values", "parameters": {"values": [-7.0] * 6}},
    {"kind": "replaced_values", "parameters": {"values": [1e9] * 6}},
    {"kind": "replaced_values", "parameters": {"values": ["nonsense"] * 6}},
    {"kind": "error_reply", "parameters": {"text": "it did not work"}},
    {"kind": "error_without_text"},
]
SIGNALS = (
    ("ReportVacuumStatus", "vacuum_ready", True),
    ("IsPVPRunning", "pump_running", False),
    ("AreDewarsFilling", "refilling", False),
    ("ReportScreen", "screen_down", False),
    ("ReportFEGBeamCurrent", "high_tension_on", True),
)
ITEM = RecordItem(
    name="lie", image_shift=ImageShift(0.5, 0.0), defocus_um=1.0, dose_e_per_a2=4.0, frames=2
)


def everything(image: AcquiredImage) -> dict[str, Do]:
    """Every method of the Protocols, with sound arguments."""
    reference = Reference(image=image, target=image.pose.point, extent_um=2.0)
    plan = MontagePlan(centre=Point(0.0, 0.0), columns=1, rows=1)
    return {
        "inventory": lambda m, _: m.autoloader.inventory(),
        "loaded": lambda m, _: m.autoloader.loaded(),
        "status": lambda m, _: m.column.status(),
        "vacuum": lambda m, _: m.column.vacuum(),
        "refills": lambda m, _: m.column.refills(),
        "position": lambda m, _: m.stage.position(),
        "optics": lambda m, _: m.optics.state(),
        "set_aperture": lambda m, _: m.optics.set_aperture("objective", 70),
        "move_to": lambda m, _: m.stage.move_to(Point(3.0, 4.0), z_um=1.0),
        "tilt_to": lambda m, _: m.stage.tilt_to(5.0),
        "go_to": lambda m, _: m.optics.go_to(Area.HOLE),
        "set_image_shift": lambda m, _: m.optics.set_image_shift(ImageShift(1.0, 1.0)),
        "set_defocus": lambda m, _: m.optics.set_defocus(1.0),
        "image": lambda m, _: m.camera.image(Area.HOLE),
        "montage": lambda m, _: m.camera.montage(Area.HOLE, plan),
        "realign": lambda m, _: m.tasks.realign(reference),
        "height": lambda m, _: m.tasks.eucentric_height(HeightMode.ROUGH),
        "autofocus": lambda m, _: m.tasks.autofocus(),
        "drift": lambda m, _: m.tasks.wait_for_drift(5.0, timeout_s=20.0),
        "record": lambda m, at: m.camera.record(RecordPlan(items=(ITEM,), folder=at)),
        "find_recorded": lambda m, at: m.camera.find_recorded("lie", at, file_format="tif"),
        "zero_loss": lambda m, _: m.column.refine_zero_loss(),
        "tune": lambda m, _: m.tuning and m.tuning.correct_coma(),
        "safe_state": lambda m, _: m.safe_state(),
        "flash": lambda m, _: m.column.flash_gun(),
        "load": lambda m, _: m.autoloader.load(2),
        "unload": lambda m, _: m.autoloader.unload(),
    }


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    driver = {"apertures": {"objective": {"index": 2}}, "corrects_by_ctf": True}
    with served(tmp_path, driver=driver, error_scale=0, refills=False) as (ready, _):
        ready.ready()
        yield ready


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie['kind']}-{lie.get('parameters')}")
@pytest.mark.parametrize("commands", ["Report*", "*"])
def test_every_answer_may_be_a_lie(
    rig: ServedRig, exposures: Path, lie: dict[str, Any], commands: str
) -> None:
    """What comes of it is a value or an error of ours, never another exception."""
    calls = everything(rig.microscope.camera.image(Area.HOLE))
    rig.plan({"command": commands, "probability": 1.0, **lie})
    said = {}
    for name, call in calls.items():
        try:
            call(rig.microscope, exposures)
        except (InstrumentError, StorageFull, BadFile) as error:
            said[name] = str(error)
    assert all(said.values()), said
    assert rig.sent().count("Record") <= 1


@pytest.mark.parametrize("lie", LIES, ids=lambda lie: f"{lie['kind']}-{lie.get('parameters')}")
def test_a_column_that_lies_is_not_ready(rig: ServedRig, lie: dict[str, Any]) -> None:
    assert not tripped(rig.microscope.column.status(), rig.clock.now())
    harmless = lie["kind"] == "extra_values"
    for command, field, good in SIGNALS:
        rig.plan({"command": command, "probability": 1.0, **lie})
        status = rig.microscope.column.status()
        assert (getattr(status, field) is good) is harmless, (command, status)
    assert bool(tripped(status, rig.clock.now())) is not harmless


@pytest.mark.parametrize(
    ("call", "kind"),
    [
        (lambda m: m.stage.move_to(Point(1e9, 0.0)), StageLimit),
        (lambda m: m.stage.move_to(Point(math.nan, 0.0)), StageLimit),
        (lambda m: m.stage.move_to(Point(0.0, math.inf)), StageLimit),
        (lambda m: m.stage.move_to(Point(0.0, 0.0), z_um=math.nan), StageLimit),
        (lambda m: m.stage.tilt_to(math.nan), StageLimit),
        (lambda m: m.stage.tilt_to(-89.0), StageLimit),
        (lambda m: m.optics.set_image_shift(ImageShift(math.nan, 0.0)), ImageShiftLimit),
        (lambda m: m.optics.set_image_shift(ImageShift(1e9, 0.0)), ImageShiftLimit),
        (lambda m: m.optics.set_defocus(math.nan), CommandRefused),
        (lambda m: m.optics.set_defocus(1e6), CommandRefused),
        (lambda m: m.optics.set_aperture("objective\nEcho", 70), CommandRefused),
        (lambda m: m.optics.set_aperture("objective", math.nan), BadArgument),
        (lambda m: m.autoloader.load(99), SlotEmpty),
        (lambda m: m.autoloader.load(-1), SlotEmpty),
        (lambda m: m.camera.image(Area.HOLE, dose_e_per_a2=math.nan), CommandRefused),
        (lambda m: m.camera.image(Area.HOLE, dose_e_per_a2=1e9), CommandRefused),
        (lambda m: m.tasks.wait_for_drift(math.nan, timeout_s=10.0), BadArgument),
        (lambda m: m.tasks.wait_for_drift(1.0, timeout_s=math.inf), BadArgument),
    ],
)
def test_nonsense_is_refused_before_anything_moves(
    rig: ServedRig, call: Callable[[Microscope], object], kind: type[InstrumentError]
) -> None:
    rig.microscope.optics.go_to(Area.HOLE)
    before = [name for name in rig.sent() if not name.startswith("Report")]
    with pytest.raises(kind):
        call(rig.microscope)
    assert [name for name in rig.sent() if not name.startswith("Report")] == before


@pytest.mark.parametrize(
    "change",
    [
        {"name": "a\nEcho('x')"},
        {"name": "../a"},
        {"name": "a b"},
        {"name": "$PATH"},
        {"name": ""},
        {"name": "a" * 300},
        {"frames": 0},
        {"frames": 10**9},
        {"dose_e_per_a2": math.nan},
        {"dose_e_per_a2": -1.0},
        {"defocus_um": math.nan},
        {"image_shift": ImageShift(math.nan, 0.0)},
    ],
    ids=str,
)
def test_a_record_that_cannot_be_meant_exposes_nothing(
    rig: ServedRig, exposures: Path, change: dict[str, Any]
) -> None:
    fields = {each: getattr(ITEM, each) for each in ITEM.__dataclass_fields__} | change
    plan = RecordPlan(items=(RecordItem(**fields),), folder=exposures)
    with pytest.raises(InstrumentError):
        rig.microscope.camera.record(plan)
    assert "Record" not in rig.sent()
    assert not list(exposures.iterdir())


def test_a_late_reply_is_listened_to_and_proves_the_end(tmp_path: Path) -> None:
    hasty = Deadlines(quick_s=15.0, move_s=0.2)
    with served(tmp_path, error_scale=0) as (rig, server):
        rig.microscope.close()
        settings = settings_from({**rig.settings, "areas": _written(rig), "atlas_state": "atlas"})
        client = SerialEmClient("127.0.0.1", server.port, deadlines=hasty)
        connected = take_control(settings, client, rig.leash, epoch=4)
        clock = open_clock("serialem", rig.settings)
        microscope = SerialEmMicroscope(settings, connected, permit=rig.leash, clock=clock)
        rig.plan(
            {"kind": "late_reply", "nth": 1, "command": "TiltTo", "parameters": {"delay_s": 1.0}}
        )
        with pytest.raises(CommandTimeout):
            microscope.stage.tilt_to(10.0)
        assert not microscope.await_reply(0.01)
        assert microscope.await_reply(5.0)
        with pytest.raises(ConnectionLost):
            microscope.stage.position()
        with rig.again(epoch=5) as successor:
            assert successor.stage.position().tilt_deg == pytest.approx(10.0)
        assert rig.sent().count("TiltTo") == 1


def _written(rig: ServedRig) -> dict[str, Any]:
    """The five areas as a row would spell them out."""
    return {
        each.area.value: {
            "pixel_size_angstrom": each.pixel_size_angstrom,
            "width_px": each.width_px,
            "height_px": each.height_px,
            "dose_e_per_a2": each.dose_e_per_a2,
            "exposure_s": 1.0,
        }
        for each in (rig.scope.area(area).settings() for area in Area)
    }

"""Commands that say they worked, machines that fail, files that do not come: each has its error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.errors import SmartscopeError, StorageFull
from smartscope.domain.geometry import Point
from smartscope.microscope.errors import (
    AutofocusFailed,
    CameraFailed,
    CommandRefused,
    ConnectionLost,
    DriftTooHigh,
    HeightFailed,
    ImageShiftLimit,
    InstrumentBusy,
    LoadFailed,
    OperatorStop,
    ProtocolError,
    StageStuck,
    ValvesClosed,
)
from smartscope.microscope.values import (
    Area,
    HeightMode,
    ImageShift,
    RecordedFile,
    RecordItem,
    RecordPlan,
)
from tests.microscope.serialem.served import ServedRig, served

Do = Callable[[ServedRig], object]
APERTURES = {"objective": {"index": 2, "usual_um": 100}}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[ServedRig]:
    """A perfect microscope behind the socket, with a grid on the stage and the beam on it."""
    world = {"error_scale": 0, "refills": False}
    with served(tmp_path, driver={"apertures": APERTURES}, **world) as (ready, _):
        ready.ready()
        yield ready


def record(rig: ServedRig) -> RecordedFile:
    folder = rig.settings["frames_mount"].replace("frames", "exposures")
    Path(folder).mkdir(exist_ok=True)
    item = RecordItem(
        name="00007_h0001_e3",
        image_shift=ImageShift(0.5, 0.0),
        defocus_um=1.5,
        dose_e_per_a2=4.0,
        frames=2,
    )
    (file,) = rig.microscope.camera.record(RecordPlan(items=(item,), folder=Path(folder)))
    return file


def shifted(rig: ServedRig) -> None:
    rig.microscope.optics.go_to(Area.HOLE)
    rig.microscope.optics.set_image_shift(ImageShift(2.0, 1.0))


def load_other(rig: ServedRig) -> None:
    rig.microscope.column.close_valves()
    rig.microscope.autoloader.load(2)


def flash(rig: ServedRig) -> None:
    rig.microscope.column.close_valves()
    rig.microscope.column.flash_gun()


def opened(rig: ServedRig) -> None:
    rig.microscope.column.close_valves()
    rig.plan(fault("valve_refuses"))
    rig.microscope.column.open_valves()


def fault(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "nth": 1, "count": 50} | more


CASES: list[tuple[dict[str, Any] | None, Do, type[SmartscopeError]]] = [
    (fault("shift_refused"), shifted, ImageShiftLimit),
    (fault("nothing_done", command="SetImageShift"), shifted, ImageShiftLimit),
    (fault("nothing_done", command="GoToLowDoseArea"), shifted, CommandRefused),
    (fault("stage_short"), lambda r: r.microscope.stage.move_to(Point(50.0, 0.0)), StageStuck),
    (fault("stage_stuck"), lambda r: r.microscope.stage.move_to(Point(50.0, 0.0)), StageStuck),
    (
        fault("nothing_done", command="TiltTo"),
        lambda r: r.microscope.stage.tilt_to(20.0),
        StageStuck,
    ),
    (fault("autofocus_code"), lambda r: r.microscope.tasks.autofocus(), AutofocusFailed),
    (fault("autofocus_no_lock"), lambda r: r.microscope.tasks.autofocus(), AutofocusFailed),
    (
        fault("runaway_height"),
        lambda r: r.microscope.tasks.eucentric_height(HeightMode.ROUGH),
        HeightFailed,
    ),
    (
        fault("replaced_values", command="GetWaitTaskDrift", parameters={"values": [3.0, 1.0]}),
        lambda r: r.microscope.tasks.wait_for_drift(5.0, timeout_s=30.0),
        DriftTooHigh,
    ),
    (fault("zero_loss_failed"), lambda r: r.microscope.column.refine_zero_loss(), CommandRefused),
    (fault("valve_refuses"), lambda r: r.microscope.column.close_valves(), CommandRefused),
    (None, opened, ValvesClosed),
    (fault("state_refused"), lambda r: r.microscope.optics.go_to(Area.ATLAS), CommandRefused),
    (
        fault("aperture_stuck"),
        lambda r: r.microscope.optics.set_aperture("objective", 70),
        InstrumentBusy,
    ),
    # once it was sent, no text proves that no cartridge is on its way
    (fault("slot_empty"), load_other, LoadFailed),
    *(
        (fault("error_reply", command=command, parameters={"text": text}), load_other, LoadFailed)
        for command in ("UnloadCartridge", "LoadCartridge")
        for text in ("The autoloader is busy", "no cartridge", "disk full", "beyond the limit")
    ),
    (fault("loaded_another", parameters={"slot": 3}), load_other, LoadFailed),
    (fault("load_failure"), load_other, LoadFailed),
    (fault("load_error_but_loaded"), load_other, LoadFailed),
    (fault("camera_error"), record, CameraFailed),
    (fault("camera_timeout"), record, CameraFailed),
    (fault("file_missing"), record, CameraFailed),
    (fault("truncated_file"), record, CameraFailed),
    (fault("disk_full"), record, StorageFull),
    (
        fault("nothing_done", command="SetFrameBaseName"),
        record,
        CameraFailed,
    ),
    (fault("no_image"), lambda r: r.microscope.camera.image(Area.HOLE), CameraFailed),
    (
        fault("image_type", parameters={"type": 99}),
        lambda r: r.microscope.camera.image(Area.HOLE),
        ProtocolError,
    ),
    (fault("screen_down"), lambda r: r.microscope.camera.image(Area.HOLE), CommandRefused),
    (fault("connection_lost", phase="after", command="Record"), record, ConnectionLost),
]


@pytest.mark.parametrize(
    ("planned", "do", "kind"),
    CASES,
    ids=[case[0]["kind"] + f"-{i}" if case[0] else "valves" for i, case in enumerate(CASES)],
)
def test_each_failure_has_its_error(
    rig: ServedRig, planned: dict[str, Any] | None, do: Do, kind: type[SmartscopeError]
) -> None:
    rig.microscope.optics.go_to(Area.SQUARE)
    if planned is not None:
        rig.plan(planned)
    with pytest.raises(kind) as caught:
        do(rig)
    assert str(caught.value).endswith((".", '"')), "a sentence that says what to do"


def test_a_failed_autofocus_leaves_the_focus_where_it_was(rig: ServedRig) -> None:
    rig.microscope.optics.go_to(Area.RECORD)
    rig.microscope.optics.set_defocus(2.0)
    before = rig.scope.true_defocus_um(Area.RECORD)
    rig.plan(fault("autofocus_code"))
    with pytest.raises(AutofocusFailed):
        rig.microscope.tasks.autofocus()
    rig.microscope.optics.go_to(Area.RECORD)
    assert rig.scope.true_defocus_um(Area.RECORD) == pytest.approx(before)


def test_a_runaway_height_is_not_kept(rig: ServedRig) -> None:
    before = rig.microscope.stage.position()
    rig.plan(fault("runaway_height"))
    with pytest.raises(HeightFailed):
        rig.microscope.tasks.eucentric_height(HeightMode.FINE)
    assert rig.microscope.stage.position() == before


@pytest.mark.parametrize("whole_frames", [0, 1])
@pytest.mark.parametrize("kind", ["file_late", "file_grows"])
def test_a_slow_file_is_waited_for_and_brought_whole(
    rig: ServedRig, kind: str, whole_frames: int
) -> None:
    """Also one that looks whole after each of its frames."""
    parameters = {"for_s": 20.0, "whole_frames": whole_frames}
    rig.plan(fault(kind, count=1, parameters=parameters))
    file = record(rig)
    assert file.frames == 2
    assert file.path.read_bytes()
    assert file.mdoc_path is not None
    assert file.gain_path is not None
    assert file.gain_path.parent == file.path.parent


def test_an_exposure_whose_reply_was_lost_is_found_by_its_name(rig: ServedRig) -> None:
    """Dose once, the file whole in the camera's folder; a successor brings it home."""
    rig.plan(fault("connection_lost", count=1, phase="after", command="Record"))
    with pytest.raises(ConnectionLost):
        record(rig)
    folder = Path(rig.settings["frames_mount"]).parent / "exposures"
    with rig.again(epoch=4) as successor:
        path = successor.camera.find_recorded("00007_h0001_e3", folder, file_format="tif")
        assert path == folder / "00007_h0001_e3.tif"
        assert path.with_name("00007_h0001_e3.tif.mdoc").is_file()
        assert list(folder.glob("gain_*.mrc"))
        assert successor.camera.find_recorded("00007_h0001_e", folder, file_format="tif") is None
    assert rig.sent().count("Record") == 1
    assert not list(folder.glob("*.part"))


@pytest.mark.parametrize(("phase", "slot"), [("before", None), ("after", 2)])
def test_a_load_whose_reply_was_lost_is_proved_by_the_slot(
    rig: ServedRig, phase: str, slot: int | None
) -> None:
    """Unloading was answered; then the link broke before, or after, the other grid came."""
    rig.plan(fault("connection_lost", count=1, phase=phase, command="LoadCartridge"))
    with pytest.raises(ConnectionLost):
        load_other(rig)
    with rig.again(epoch=4) as successor:
        assert successor.autoloader.loaded() == slot


@pytest.mark.parametrize("begins_at", ["MoveStageTo", "UnloadCartridge"])
def test_a_filling_that_begins_on_the_way_to_an_exchange_puts_it_off(
    rig: ServedRig, begins_at: str
) -> None:
    rig.microscope.column.close_valves()
    phase = "after" if begins_at == "UnloadCartridge" else "before"
    filling = {"kind": "refill", "phase": phase, "parameters": {"for_s": 600.0}}
    rig.plan({**filling, "command": begins_at, "nth": 1})
    loads = rig.sent().count("LoadCartridge")
    with pytest.raises(InstrumentBusy, match="dewars"):
        rig.microscope.autoloader.load(2)
    assert rig.sent().count("LoadCartridge") == loads
    rig.clock.wait_until(rig.clock.now() + 900.0)
    rig.microscope.autoloader.load(2)
    assert rig.microscope.autoloader.loaded() == 2


def test_after_the_operators_stop_nothing_more_is_sent(rig: ServedRig) -> None:
    rig.plan(fault("operator_stop", count=1, command="View"))
    with pytest.raises(OperatorStop):
        rig.microscope.camera.image(Area.HOLE)
    sent = rig.sent()
    for command in (rig.microscope.stage.position, rig.microscope.safe_state):
        with pytest.raises(OperatorStop, match="operator"):
            command()
    rig.microscope.close()
    assert rig.sent() == sent


@pytest.mark.parametrize("text", ["it did not work", "disk full", "the camera failed"])
def test_the_way_to_safety_goes_on_after_each_failure(rig: ServedRig, text: str) -> None:
    rig.microscope.stage.tilt_to(20.0)
    rig.plan(
        fault("error_reply", count=1, command="SetColumnOrGunValve", parameters={"text": text}),
        fault("error_reply", count=1, command="SetBeamBlank", parameters={"text": text}),
    )
    report = rig.microscope.safe_state()
    assert not report.valves_closed
    assert [name for name, trouble in report.actions if trouble] == ["close_valves", "blank_beam"]
    assert rig.scope.world.state.stage.tilt_deg == 0.0
    assert rig.microscope.safe_state().valves_closed


def test_without_a_permit_even_leaving_sends_nothing(rig: ServedRig) -> None:
    rig.leash.cut()
    rig.microscope.close()
    assert "Exit" not in rig.sent()
    rig.leash.cut_after = None
    with pytest.raises(ConnectionLost):
        rig.microscope.stage.position()


def test_closed_valves_are_noticed_before_the_shutter_opens(rig: ServedRig) -> None:
    rig.microscope.column.close_valves()
    for command in (
        lambda: rig.microscope.camera.image(Area.SQUARE),
        lambda: record(rig),
        rig.microscope.tasks.autofocus,
        lambda: rig.microscope.tasks.eucentric_height(HeightMode.ROUGH),
    ):
        with pytest.raises(ValvesClosed):
            command()
    assert not {"Search", "Record", "AutoFocus", "Eucentricity"} & set(rig.sent())


def test_a_flash_is_asked_for_only_when_advised(rig: ServedRig) -> None:
    flash(rig)
    assert "LongOperation" not in rig.sent()
    rig.plan(fault("flash_advised", count=1))
    flash(rig)
    assert rig.sent().count("LongOperation") == 1
    assert rig.microscope.column.status().gun_flashed_at_s is not None

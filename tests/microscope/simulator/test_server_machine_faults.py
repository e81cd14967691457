"""Planned faults of the machine: what SerialEM's commands then say, and what it costs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope.serialem import wire
from tests.microscope.simulator.hand import Bench, Hand, bench


@contextmanager
def struck(
    tmp_path: Path, kind: str, command: str, *, ready: bool = False, **more: Any
) -> Iterator[tuple[Bench, Hand]]:
    """A client in control; the next `command` suffers that fault."""
    phase = more.pop("phase", "before")
    with bench(tmp_path) as served, served.hand() as hand:
        if ready:
            hand.ready()
            hand.call("MoveStageTo", *served.good_square())
        else:
            hand.ok_to_run()
            hand.call("NoMessageBoxOnError", 1)
        fault = {"kind": kind, "command": command, "nth": 1, "phase": phase, "parameters": more}
        served.control.faults([fault])
        yield served, hand


def test_a_shift_is_refused_and_nothing_moves(tmp_path: Path) -> None:
    with struck(tmp_path, "shift_refused", "SetImageShift") as (_, hand):
        hand.call("SetLowDoseMode", 1)
        assert hand.call("SetImageShift", 1, 1) == (1.0,)
        assert hand.numbers("ReportImageShift") == (0.0,) * 6
        assert hand.call("SetImageShift", 1, 1) == (0.0,)


def test_a_shift_over_the_limit_says_one(served: Bench, hand: Hand) -> None:
    hand.call("SetLowDoseMode", 1)
    assert hand.call("SetImageShift", 100, 0) == (1.0,)
    assert hand.numbers("ReportSpecimenShift") == (0.0, 0.0)


def test_an_imaging_state_is_not_reached(tmp_path: Path) -> None:
    with struck(tmp_path, "state_refused", "GoToImagingState", code=4) as (_, hand):
        assert hand.call("GoToImagingState", "square") == (4.0,)
        assert hand.numbers("ReportMagIndex")[1] == 1.0, "still at low magnification"
        assert hand.call("GoToImagingState", "square") == (0.0,)


def test_an_aperture_sticks(tmp_path: Path) -> None:
    with struck(tmp_path, "aperture_stuck", "SetApertureSize") as (_, hand):
        hand.call("SetApertureSize", 2, 70)
        assert hand.call("ReportApertureSize", 2) == (100.0,)
        hand.call("SetApertureSize", 2, 70)
        assert hand.call("ReportApertureSize", 2) == (70.0,)


@pytest.mark.parametrize(("kind", "fails"), [("stage_short", False), ("stage_stuck", True)])
def test_the_stage_stops_short_with_or_without_a_word(
    tmp_path: Path, kind: str, fails: bool
) -> None:
    with struck(tmp_path, kind, "MoveStageTo") as (_, hand):
        if fails:
            hand.fails("MoveStageTo", 20, 40)
        else:
            hand.call("MoveStageTo", 20, 40)
        assert hand.numbers("ReportStageXYZ")[:2] == (10.0, 20.0)


def test_a_valve_that_refuses_says_nothing(tmp_path: Path) -> None:
    with struck(tmp_path, "valve_refuses", "SetColumnOrGunValve") as (_, hand):
        hand.call("SetColumnOrGunValve", 1)
        assert hand.call("ReportColumnOrGunValve") == (0.0,)


def test_dewars_fill_and_the_pump_runs_by_themselves(tmp_path: Path) -> None:
    plan = [
        {"kind": "refill", "command": "ReportTiltAngle", "nth": 1, "parameters": {"for_s": 100}},
        {"kind": "pump", "command": "ReportTiltAngle", "nth": 1, "parameters": {"for_s": 200}},
    ]
    with bench(tmp_path, faults=plan) as served, served.hand() as hand:
        assert hand.call("AreDewarsFilling") == (0.0,)
        hand.call("ReportTiltAngle")
        assert hand.call("AreDewarsFilling") + hand.call("IsPVPRunning") == (1.0, 1.0)
        served.control.advance(served.control.now_s() + 101)
        assert hand.call("AreDewarsFilling") + hand.call("IsPVPRunning") == (0.0, 1.0)
        served.control.advance(served.control.now_s() + 101)
        assert hand.call("IsPVPRunning") == (0.0,)


@pytest.mark.parametrize(("for_s", "lamp"), [(30, 1.0), (600, 2.0)])
def test_the_vacuum_goes_and_closes_the_valves(tmp_path: Path, for_s: float, lamp: float) -> None:
    with struck(tmp_path, "vacuum", "ReportTiltAngle", for_s=for_s) as (served, hand):
        hand.call("SetColumnOrGunValve", 1)
        hand.call("ReportTiltAngle")
        assert hand.call("ReportVacuumStatus") == (lamp,)
        assert hand.call("ReportColumnOrGunValve") == (0.0,)
        hand.fails("SetColumnOrGunValve", 1)
        served.control.advance(served.control.now_s() + for_s)
        assert hand.call("ReportVacuumStatus") == (0.0,)


def test_the_screen_falls_and_low_dose_goes(tmp_path: Path) -> None:
    plan = [
        {"kind": "screen_down", "command": "ReportTiltAngle", "nth": 1},
        {"kind": "low_dose_off", "command": "ReportTiltAngle", "nth": 2},
    ]
    with bench(tmp_path, faults=plan) as served, served.hand() as hand:
        hand.ready()
        hand.call("ReportTiltAngle")
        assert hand.call("ReportScreen") == (1.0,)
        hand.fails("GoToLowDoseArea", "V")
        hand.fails("View")
        hand.call("ScreenUp")
        hand.call("GoToLowDoseArea", "V")
        hand.call("ReportTiltAngle")
        assert hand.call("ReportLowDose") == (0.0, -1.0)
        assert served.doses() == []


def test_a_load_can_fail_be_empty_or_bring_another_grid(tmp_path: Path) -> None:
    plan = [
        {"kind": "slot_empty", "nth": 1},
        {"kind": "loaded_another", "nth": 2, "parameters": {"slot": 3}},
        {"kind": "load_error_but_loaded", "nth": 3},
        {"kind": "load_failure", "nth": 4},
    ]
    with bench(tmp_path, faults=plan, serialem_version="4.3") as served, served.hand() as hand:
        hand.ok_to_run()
        hand.call("NoMessageBoxOnError", 1)
        assert "no cartridge" in hand.fails("LoadCartridge", 1)
        assert hand.call("ReportLoadedSlot") == (0.0, 0.0)
        assert hand.call("LoadCartridge", 1) == (0.0, 0.0)
        assert hand.call("ReportLoadedSlot") == (3.0, 0.0)
        hand.fails("LoadCartridge", 2)
        assert hand.call("ReportLoadedSlot") == (2.0, 0.0), "it was loaded all the same"
        assert hand.call("LoadCartridge", 1) == (1.0, 0.0)
        assert hand.call("LoadCartridge", 1) == (1.0, 0.0), "until a person has recovered it"
        served.control.press("reset_autoloader")
        assert hand.call("LoadCartridge", 1) == (0.0, 0.0)


def test_autofocus_fails_by_its_code_only(tmp_path: Path) -> None:
    with struck(tmp_path, "autofocus_code", "AutoFocus", ready=True, code=3) as (_, hand):
        before = hand.call("ReportDefocus")
        hand.call("AutoFocus")
        assert hand.call("ReportAutoFocus") == (0.0, 3.0)
        assert hand.call("ReportDefocus") == before
        hand.call("AutoFocus")
        assert hand.numbers("ReportAutoFocus")[1] == 0.0


def test_drift_that_never_ends_is_told_afterwards(tmp_path: Path) -> None:
    with struck(tmp_path, "drift_never", "DriftWaitTask", ready=True) as (_, hand):
        hand.call("DriftWaitTask", 1.0, "A", 40)
        assert hand.numbers("GetWaitTaskDrift")[1] == 1.0
        hand.call("DriftWaitTask", 8.0, "A", 300)
        rate, failed = hand.numbers("GetWaitTaskDrift")
        assert failed == 0.0
        assert rate <= 0.8


def test_zero_loss_fails_as_told_from_4_2(tmp_path: Path) -> None:
    plan = [{"kind": "zero_loss_failed", "nth": 1}]
    with bench(tmp_path, faults=plan, serialem_version="4.2") as served, served.hand() as hand:
        hand.ready()
        assert hand.call("RefineZLP", 60, 0, 0, 1) == (1.0,)
        assert hand.call("RefineZLP", 60, 0, 0, 1) == (0.0,)
        assert hand.call("RefineZLP", 60, 0, 0, 1) == (), "not due yet"


def test_a_gun_wants_its_flash_and_fails_it(tmp_path: Path) -> None:
    plan = [{"kind": "flash_advised", "nth": 1}, {"kind": "flash_fails", "nth": 1}]
    with bench(tmp_path, faults=plan) as served, served.hand() as hand:
        hand.ok_to_run()
        hand.call("NoMessageBoxOnError", 1)
        assert hand.call("IsFEGFlashingAdvised", 0) == (1.0,)
        hand.fails("LongOperation", "FF", "0")
        hand.call("LongOperation", "FF", "0")
        assert hand.call("IsFEGFlashingAdvised", 0) == (0.0,)


@pytest.mark.parametrize("kind", ["camera_error", "camera_timeout"])
@pytest.mark.parametrize(("phase", "doses"), [("before", 0), ("after", 1)])
def test_a_camera_fails_before_or_after_it_exposed(
    tmp_path: Path, kind: str, phase: str, doses: int
) -> None:
    with struck(tmp_path, kind, "Preview", ready=True, phase=phase) as (served, hand):
        hand.fails("Preview")
        assert len(served.doses(area="record")) == doses


def test_light_goes_out_or_down(tmp_path: Path) -> None:
    plan: list[dict[str, Any]] = [
        {"kind": "beam_falls", "command": "Search", "nth": 2, "parameters": {"factor": 0.4}},
        {"kind": "valve_closes", "command": "Search", "nth": 3},
    ]
    with bench(tmp_path, faults=plan, error_scale=0.0) as served, served.hand() as hand:
        hand.ready()
        hand.call("MoveStageTo", *served.good_square())
        counts = []
        for _ in range(3):
            hand.call("Search")
            counts.append(hand.numbers("ReportMeanCounts", "A")[0])
        assert counts[1] == pytest.approx(0.4 * counts[0], rel=0.03)
        assert counts[2] < 0.05 * counts[0]
        assert "valves are closed" in hand.fails("Search")
        assert len(served.doses(area="square")) == 3
        assert hand.call("ReportColumnOrGunValve") == (0.0,)


def test_a_warming_stage_drifts_more_and_more(tmp_path: Path) -> None:
    with struck(tmp_path, "warming", "ReportTiltAngle", ready=True) as (served, hand):
        hand.call("ReportTiltAngle")
        served.control.advance(served.control.now_s() + 3600.0)
        hand.call("DriftWaitTask", 5.0, "A", 60)
        rate, failed = hand.numbers("GetWaitTaskDrift")
        assert failed == 1.0
        assert rate == pytest.approx(2.0, abs=0.3), "20 Å/s after an hour, in nm/s"


def test_a_height_may_be_wrong_without_a_word(tmp_path: Path) -> None:
    with struck(tmp_path, "height_wrong", "Eucentricity", ready=True, um=25.0) as (served, hand):
        hand.call("Eucentricity", 2)
        assert served.control.truth("centre")["height_excess_um"] == pytest.approx(25.0, abs=4.0)
        hand.call("Eucentricity", 2)
        assert served.control.truth("centre")["height_excess_um"] == pytest.approx(0.0, abs=4.0)


def test_a_stopped_montage_takes_no_more_pieces(tmp_path: Path) -> None:
    with struck(tmp_path, "operator_stop", "Montage", ready=True, phase="during") as (served, hand):
        hand.call("SetLowDoseMode", 0)
        hand.call("GoToImagingState", "atlas")
        hand.call("OpenNewMontage", 2, 1, "m.mrc")
        hand.order("Montage")
        assert hand.answer().outcome == wire.Outcome.STOPPED
        assert served.doses(area="atlas") == []


def test_a_command_may_do_nothing_and_say_so_to_nobody(tmp_path: Path) -> None:
    with struck(tmp_path, "nothing_done", "TiltTo") as (_, hand):
        assert hand.call("TiltTo", 10) == ()
        assert hand.call("ReportTiltAngle") == (0.0,)

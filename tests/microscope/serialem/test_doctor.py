"""The doctor finds what would end a night, says what to fix, and touches nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from smartscope.domain.check_up import Finding, Verdict
from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import commands_by_code
from smartscope.microscope.serialem.doctor.inside import look_from_inside
from smartscope.microscope.serialem.doctor.outside import look_from_outside
from smartscope.microscope.serialem.settings import SerialEmSettings, settings_from
from tests.microscope.serialem.conftest import HASTY
from tests.microscope.serialem.peer import Peer, Scene, Talk, Value
from tests.microscope.serialem.site import site

HEALTHY: Mapping[str, tuple[Value, ...]] = {
    "IsVersionAtLeast": (1.0,),
    "ReportNumExeFuncs": (841.0,),
    "CameraProperties": (5760.0, 4092.0, 0.0, 5.0, 1.0, 1.0),
    "ReportStageXYZ": (1.0, 2.0, 3.0),
    "ReportColumnOrGunValve": (0.0,),
    "ReportVacuumStatus": (0.0,),
    "IsPVPRunning": (0.0,),
    "AreDewarsFilling": (0.0,),
    "ReportFEGBeamCurrent": (150.0,),
    "ReportScreen": (0.0,),
    "ReportSlotStatus": (1.0, "PFOA"),
    "ReportEnergyFilter": (20.0, 0.0, 1.0),
    "ImagingStateProperties": (0.0, 1.0, 1.0, 1.0, 5.0, "atlas"),
    "ReportApertureSize": (100.0,),
    "DoesFileExist": (1.0,),
    "ReportUserSetting": (0.0,),
}
#: what a doctor may send: reports, the promise to open no dialog, and the way out
HARMLESS = {*HEALTHY, "NoMessageBoxOnError", "GetVariable", "Exit"}


def healthy(**changes: tuple[Value, ...]) -> Scene:
    """A SerialEM in order but for `changes`; nobody defined the variables that are asked about."""
    answers = {**HEALTHY, **changes}
    failing = frozenset({"GetVariable"} - set(changes))
    return lambda talk: talk.answer(answers, failing)


def settings_for(folder: Path, port: int = 1, **changes: Any) -> SerialEmSettings:
    given = {"frames_mount": str(folder), "port": port, "apertures": {"objective": {"index": 2}}}
    return settings_from(site(**(given | changes)))


def examined(folder: Path, scene: Scene, **changes: Any) -> tuple[dict[str, Finding], list[str]]:
    with Peer(scene) as peer:
        settings = settings_for(folder, peer.port, **changes)
        client = SerialEmClient(settings.host, settings.port, deadlines=HASTY)
        found = list(look_from_inside(settings, client))
        names = peer.commands
    assert all(f.advice or f.verdict is Verdict.OK for f in found), found
    assert set(names) <= HARMLESS
    return {finding.subject: finding for finding in found}, names


def test_a_sound_microscope_is_sound_and_given_back(tmp_path: Path) -> None:
    found, names = examined(tmp_path, healthy())
    assert {subject: f.told for subject, f in found.items() if f.verdict is not Verdict.OK} == {}
    assert len(found) == 18
    assert names[-1] == "Exit"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answers", "subject", "verdict"),
    [
        ({"ReportVacuumStatus": (1.0,)}, "vacuum", Verdict.WARN),
        ({"ReportVacuumStatus": (2.0,)}, "vacuum", Verdict.FAIL),
        ({"ReportVacuumStatus": (float("nan"),)}, "vacuum", Verdict.FAIL),
        ({"IsPVPRunning": (1.0,)}, "pump", Verdict.WARN),
        ({"AreDewarsFilling": (3.0,)}, "dewars", Verdict.WARN),
        ({"AreDewarsFilling": ()}, "dewars", Verdict.FAIL),
        ({"ReportFEGBeamCurrent": (0.2,)}, "beam current", Verdict.FAIL),
        ({"ReportFEGBeamCurrent": ("low",)}, "beam current", Verdict.FAIL),
        ({"ReportScreen": (1.0,)}, "screen", Verdict.WARN),
        ({"ReportColumnOrGunValve": (-1.0,)}, "valves", Verdict.FAIL),
        ({"ReportSlotStatus": (-1.0,)}, "autoloader", Verdict.WARN),
        ({"CameraProperties": (0.0, 0.0)}, "camera", Verdict.FAIL),
        ({"ReportStageXYZ": (1.0, 2.0)}, "stage", Verdict.FAIL),
        ({"ReportStageXYZ": (5000.0, 2.0, 3.0)}, "stage", Verdict.WARN),
        ({"ReportEnergyFilter": ()}, "energy filter", Verdict.FAIL),
        ({"ReportApertureSize": ()}, "aperture objective", Verdict.FAIL),
        ({"ImagingStateProperties": (1.0,)}, "atlas optics", Verdict.FAIL),
        ({"DoesFileExist": (0.0,)}, "frames folder", Verdict.FAIL),
        ({"IsVersionAtLeast": (0.0,)}, "version", Verdict.FAIL),
        ({"ReportNumExeFuncs": (721.0,)}, "atlas optics", Verdict.WARN),
        ({"ReportNumExeFuncs": (601.0,)}, "vacuum", Verdict.FAIL),
        ({"ReportNumExeFuncs": ("many",)}, "connection", Verdict.FAIL),
        ({"GetVariable": (1.0,)}, "message boxes", Verdict.FAIL),
    ],
)
def test_each_fault_is_found_where_it_is(
    tmp_path: Path, answers: dict[str, tuple[Value, ...]], subject: str, verdict: Verdict
) -> None:
    found, _ = examined(tmp_path, healthy(**answers))
    assert found[subject].verdict is verdict, found[subject]


@pytest.mark.parametrize(
    ("values", "verdict"),
    [
        ((-1.0,), Verdict.WARN),
        ((1.0,), Verdict.WARN),
        ((1.0, 1.0, 1.0, 0.0, 0.0, "PFOA"), Verdict.OK),
        ((7.0, 3.0, 1.0, 0.0, 0.0, "PFOA"), Verdict.OK),
    ],
)
def test_a_jeol_loader_is_asked_in_its_own_words(
    tmp_path: Path, values: tuple[Value, ...], verdict: Verdict
) -> None:
    found, _ = examined(tmp_path, healthy(ReportSlotStatus=values), loader="jeol")
    assert found["autoloader"].verdict is verdict, found["autoloader"]


def test_a_report_that_fails_does_not_end_the_examination(tmp_path: Path) -> None:
    failing = frozenset({"GetVariable", "ReportEnergyFilter", "ReportFEGBeamCurrent"})
    found, _ = examined(tmp_path, lambda talk: talk.answer(HEALTHY, failing))
    assert found["energy filter"].verdict is Verdict.FAIL
    assert "has_energy_filter" in found["energy filter"].advice
    assert "cannot_tell" in found["beam current"].advice
    assert found["frames folder"].verdict is Verdict.OK


def test_a_serialem_that_never_closes_idle_valves_is_told(tmp_path: Path) -> None:
    failing = frozenset({"GetVariable", "ReportUserSetting"})
    found, _ = examined(tmp_path, lambda talk: talk.answer(HEALTHY, failing))
    assert found["idle valves"].verdict is Verdict.WARN
    assert "by hand" in found["idle valves"].advice
    found, _ = examined(tmp_path, healthy(), idle_valves_min=0)
    assert found["idle valves"].verdict is Verdict.WARN
    assert "idle_valves_min" in found["idle valves"].advice
    found, _ = examined(tmp_path, healthy(ReportUserSetting=(5.0,)), idle_valves_min=0)
    assert found["idle valves"].verdict is Verdict.OK


def test_what_a_site_cannot_tell_is_not_asked(tmp_path: Path) -> None:
    found, names = examined(
        tmp_path, healthy(), cannot_tell=["vacuum"], has_autoloader=False, has_energy_filter=False
    )
    assert {"ReportVacuumStatus", "ReportSlotStatus", "ReportEnergyFilter"}.isdisjoint(names)
    assert {"vacuum", "autoloader", "energy filter"}.isdisjoint(found)


def test_a_simulator_is_recognised_and_a_control_port_elsewhere_is_not(tmp_path: Path) -> None:
    def simulator(talk: Talk) -> None:
        talk.grant()
        while True:
            request = talk.hear()
            assert isinstance(request, wire.CommandRequest)
            asked = request.items[-1].text if request.items else ""
            if asked == "smartscopeUndefined":
                talk.reply(outcome=wire.Outcome.FAILED)
            elif asked == "smartscopeSimulator":
                talk.reply("1")
            else:
                talk.reply(*HEALTHY.get(commands_by_code()[request.code].name, ()))

    found, _ = examined(tmp_path, simulator, control_port=5)
    assert found["instrument"].told == "a simulator"
    found, _ = examined(tmp_path, healthy(), control_port=5)
    assert found["instrument"].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("scene", "says"),
    [
        (Talk.leave, "the connection"),
        (lambda talk: talk.refuse(wire.Status.BUSY), "busy"),
        (lambda talk: talk.refuse(wire.Status.STOPPED), "STOP"),
    ],
)
def test_a_microscope_that_gives_no_control_is_one_finding(
    tmp_path: Path, scene: Scene, says: str
) -> None:
    found, _ = examined(tmp_path, scene)
    assert list(found) == ["connection"]
    assert says in found["connection"].told


def test_nobody_there(tmp_path: Path) -> None:
    settings = settings_for(tmp_path)
    (found,) = look_from_inside(settings, SerialEmClient("127.0.0.1", 1, deadlines=HASTY))
    assert (found.verdict, found.subject) == (Verdict.FAIL, "connection")
    assert "EnableExternalPython" in found.told


def seen_from_outside(
    folder: Path, *, clock_ahead_s: float = 0.0, **changes: Any
) -> dict[str, Finding]:
    found = look_from_outside(
        settings_for(folder, **changes), wall_clock=lambda: time.time() + clock_ahead_s
    )
    return {finding.subject: finding for finding in found}


def test_from_outside_nothing_is_sent(tmp_path: Path) -> None:
    with Peer(lambda talk: talk.answer({})) as peer:
        found = seen_from_outside(tmp_path, port=peer.port)
    assert peer.heard == []
    assert found["link"].verdict is Verdict.OK
    assert found["movies"].verdict is Verdict.OK
    assert found["movies' clock"].verdict is Verdict.OK
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("host", "verdict"),
    [
        ("127.0.0.1", Verdict.OK),
        ("127.8.8.8", Verdict.OK),
        ("localhost", Verdict.OK),
        ("::1", Verdict.OK),
        ("192.168.0.7", Verdict.WARN),
        ("krios.example.org", Verdict.WARN),
        ("localhost.example.org", Verdict.WARN),
    ],
)
def test_a_link_that_leaves_this_computer_is_told(
    tmp_path: Path, host: str, verdict: Verdict
) -> None:
    link = seen_from_outside(tmp_path, host=host, link="closed_network")["link"]
    assert link.verdict is verdict
    assert ("SSH" in link.advice) == (verdict is Verdict.WARN)


@pytest.mark.parametrize(("ahead_s", "verdict"), [(0.5, "ok"), (-30.0, "fail"), (30.0, "fail")])
def test_clocks_that_differ_are_told(tmp_path: Path, ahead_s: float, verdict: str) -> None:
    assert seen_from_outside(tmp_path, clock_ahead_s=ahead_s)["movies' clock"].verdict == verdict


def test_a_folder_that_is_not_mounted(tmp_path: Path) -> None:
    found = seen_from_outside(tmp_path / "absent")
    assert found["movies"].verdict is Verdict.FAIL
    assert "frames_mount" in found["movies"].advice


@pytest.mark.parametrize(
    ("calibrated_on", "verdict"),
    [("2020-01-01", "warn"), ("", "warn"), ("2200-01-01", "warn")],
)
def test_a_calibration_grows_old(tmp_path: Path, calibrated_on: str, verdict: str) -> None:
    found = seen_from_outside(tmp_path, calibrated_on=calibrated_on)
    assert found["calibration"].verdict == verdict


def test_a_fresh_calibration_is_sound(tmp_path: Path) -> None:
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert seen_from_outside(tmp_path, calibrated_on=today)["calibration"].verdict == "ok"

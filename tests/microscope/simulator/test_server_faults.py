"""Planned faults of the wire and of SerialEM: each does, and spends, what it says."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from smartscope.microscope.errors import BadInstrumentSettings, ProtocolError
from smartscope.microscope.serialem import wire
from smartscope.microscope.simulator.fault_kinds import FaultKind
from tests.microscope.simulator.hand import Bench, Closed, Hand, Silent, bench


@contextmanager
def struck(tmp_path: Path, kind: str, command: str, **more: Any) -> Iterator[tuple[Bench, Hand]]:
    """A client in control; the next `command` suffers that fault."""
    parameters = {key: more.pop(key) for key in list(more) if key != "phase"}
    with bench(tmp_path) as served, served.hand() as hand:
        hand.ok_to_run()
        hand.call("NoMessageBoxOnError", 1)
        fault = {"kind": kind, "command": command, "nth": 1, "parameters": parameters, **more}
        served.control.faults([fault])
        yield served, hand


def moved(served: Bench) -> bool:
    """Whether the stage has gone to (12, 34)."""
    stage = served.control.truth("state")["stage"]
    return bool((stage["x_um"], stage["y_um"]) == (12.0, 34.0))


@pytest.mark.parametrize("how", ["close", "reset", "half_close"])
@pytest.mark.parametrize(
    ("phase", "happened"), [("before", False), ("during", True), ("after", True)]
)
def test_a_connection_ends_before_while_or_after_a_command_acts(
    tmp_path: Path, how: str, phase: str, happened: bool
) -> None:
    with struck(tmp_path, "connection_lost", "MoveStageTo", phase=phase, how=how) as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        with pytest.raises(Closed):
            hand.answer()
        with served.hand() as again:
            again.ok_to_run()
            again.call("NoMessageBoxOnError", 1)
            assert moved(served) is happened
            assert served.entries("MoveStageTo")[0]["phase"] == ("after" if happened else "before")


@pytest.mark.parametrize(
    ("phase", "doses", "phase_reached"), [("before", 0, "before"), ("after", 1, "after")]
)
def test_dose_is_spent_exactly_when_the_command_reached_its_effect(
    tmp_path: Path, phase: str, doses: int, phase_reached: str
) -> None:
    fault = {"kind": "connection_lost", "command": "Record", "nth": 1, "phase": phase}
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        hand.ready()
        hand.call("SetFolderForFrames", str(tmp_path / "frames"))
        hand.call("SetDoseFracParams", "R", 1, 1, 0)
        hand.call("SetFrameBaseName", 0, 1, 0, "step7_hole2_e3")
        hand.call("SetExposure", "R", 1.0)
        hand.order("Record")
        with pytest.raises(Closed):
            hand.answer()
        with served.hand() as again:
            again.ok_to_run()
            assert len(served.doses(item="step7_hole2_e3")) == doses
            assert len(list((tmp_path / "frames").glob("step7_hole2_e3*.tif"))) == doses
            (entry,) = served.entries("Record")
            assert entry["phase"] == phase_reached
            assert len(entry["exposures"]) == doses
            assert sum(each["dose_e_per_a2"] for each in entry["exposures"]) == 10.0 * doses


@pytest.mark.parametrize(("phase", "happened"), [("before", False), ("after", True)])
def test_a_reply_that_never_comes_leaves_the_server_serving(
    tmp_path: Path, phase: str, happened: bool
) -> None:
    with struck(tmp_path, "no_reply", "MoveStageTo", phase=phase) as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        with pytest.raises(Silent):
            hand.answer(within_s=0.1)
        assert hand.call("ReportTiltAngle") == (0.0,), "the next command is answered"
        assert moved(served) is happened


def test_a_late_reply_comes_late(tmp_path: Path) -> None:
    with struck(tmp_path, "late_reply", "ReportTiltAngle", delay_s=0.15) as (_, hand):
        begun = time.monotonic()
        hand.call("ReportTiltAngle")
        assert time.monotonic() - begun >= 0.15


def test_a_trickled_reply_is_whole_in_the_end(tmp_path: Path) -> None:
    with struck(tmp_path, "trickle", "ReportStageXYZ", bytes=3, pause_s=0.001) as (_, hand):
        assert hand.call("ReportStageXYZ") == (0.0, 0.0, 0.0)


def test_a_truncated_reply_ends_the_connection(tmp_path: Path) -> None:
    with struck(tmp_path, "truncated_reply", "ReportStageXYZ", bytes=9) as (_, hand):
        hand.order("ReportStageXYZ")
        assert len(hand.receive(9)) == 9
        with pytest.raises(Closed):
            hand.receive(1)


def test_a_reply_may_lie_about_its_size(tmp_path: Path) -> None:
    with struck(tmp_path, "wrong_size", "ReportStageXYZ", by=-4, phase="after") as (_, hand):
        hand.order("ReportStageXYZ")
        with pytest.raises(ProtocolError):
            hand.answer()


def test_garbage_is_garbage(tmp_path: Path) -> None:
    with struck(tmp_path, "garbage", "ReportStageXYZ", bytes=64, phase="after") as (_, hand):
        hand.order("ReportStageXYZ")
        assert len(hand.receive(64)) == 64


@pytest.mark.parametrize("code", [-1, -2, -3, -4, -5, -6, -9, -10])
def test_every_status_can_be_answered(tmp_path: Path, code: int) -> None:
    with struck(tmp_path, "status", "MoveStageTo", code=code) as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        assert hand.status() == code
        assert not moved(served)


def test_values_can_be_made_nonsense(tmp_path: Path) -> None:
    plan = {"command": "ReportStageXYZ", "phase": "after"}
    kinds: list[dict[str, Any]] = [
        {"kind": "not_a_number"},
        {"kind": "infinite"},
        {"kind": "missing_values", "parameters": {"count": 2}},
        {"kind": "replaced_values", "parameters": {"values": ["here", 2]}},
    ]
    faults = [{**plan, **kind, "nth": nth} for nth, kind in enumerate(kinds, start=1)]
    with bench(tmp_path, faults=faults) as served, served.hand() as hand:
        assert all(math.isnan(value) for value in hand.numbers("ReportStageXYZ"))
        assert all(math.isinf(value) for value in hand.numbers("ReportStageXYZ"))
        assert len(hand.call("ReportStageXYZ")) == 1
        assert hand.call("ReportStageXYZ") == ("here", 2.0)
        assert hand.call("ReportStageXYZ") == (0.0, 0.0, 0.0)


def test_more_than_six_values_can_be_sent(tmp_path: Path) -> None:
    with struck(tmp_path, "extra_values", "ReportStageXYZ", count=5, phase="after") as (_, hand):
        hand.order("ReportStageXYZ")
        with pytest.raises(ProtocolError):
            hand.answer()


def test_text_may_be_of_another_code_page(tmp_path: Path) -> None:
    with struck(tmp_path, "not_utf8", "ReportDirectory", phase="after") as (_, hand):
        hand.order("ReportDirectory")
        raw = hand.frame()
        assert "Grün µm".encode("cp1252") in raw


@pytest.mark.parametrize(("phase", "happened"), [("before", False), ("after", True)])
def test_a_command_can_fail_before_or_after_it_acted(
    tmp_path: Path, phase: str, happened: bool
) -> None:
    text = "An error from an hour ago"
    with struck(tmp_path, "error_reply", "MoveStageTo", phase=phase, text=text) as (served, hand):
        assert hand.fails("MoveStageTo", 12, 34) == text
        assert moved(served) is happened


def test_an_error_may_have_no_text(tmp_path: Path) -> None:
    with struck(tmp_path, "error_without_text", "MoveStageTo") as (_, hand):
        assert hand.fails("MoveStageTo", 12, 34) == ""


@pytest.mark.parametrize(
    ("phase", "happened", "outcome"),
    [("during", True, wire.Outcome.STOPPED), ("after", True, wire.Outcome.STOPPED)],
)
def test_stop_during_a_command(
    tmp_path: Path, phase: str, happened: bool, outcome: wire.Outcome
) -> None:
    with struck(tmp_path, "operator_stop", "MoveStageTo", phase=phase) as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        assert hand.answer().outcome == outcome
        assert moved(served) is happened
        assert hand.ok_to_run(), "control had ended"


def test_stop_before_a_command_is_a_status(tmp_path: Path) -> None:
    with struck(tmp_path, "operator_stop", "MoveStageTo", phase="before") as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        assert hand.status() == wire.Status.STOPPED
        assert not moved(served)


def test_lost_control_is_retaken_with_a_clean_script(tmp_path: Path) -> None:
    with struck(tmp_path, "control_lost", "IsVariableDefined") as (_, hand):
        hand.call("SetVariable", "mine", "5")
        assert hand.call("IsVariableDefined", "mine") == (0.0,)


def test_busy_at_the_start(tmp_path: Path) -> None:
    fault = {"kind": "busy", "command": "OKtoRun", "nth": 1}
    with bench(tmp_path, faults=[fault]) as served, served.hand() as hand:
        assert not hand.ok_to_run()
        assert hand.ok_to_run()


@pytest.mark.parametrize(("phase", "happened"), [("before", False), ("after", True)])
def test_a_dialog_in_a_command(tmp_path: Path, phase: str, happened: bool) -> None:
    with struck(tmp_path, "dialog", "MoveStageTo", phase=phase) as (served, hand):
        hand.order("MoveStageTo", 12, 34)
        with pytest.raises(Silent):
            hand.answer(within_s=0.1)
        assert served.control.ask("state")["hanging"]
        served.control.release()
        assert hand.answer().outcome == wire.Outcome.DONE
        assert moved(served) is happened


def test_a_fault_strikes_only_what_it_names(tmp_path: Path) -> None:
    with struck(tmp_path, "error_without_text", "Report*") as (_, hand):
        hand.call("MoveStageTo", 1, 2)
        hand.fails("ReportStageXYZ")
        hand.call("ReportStageXYZ")


def test_an_impossible_fault_is_refused_over_the_control_port(served: Bench) -> None:
    with pytest.raises(BadInstrumentSettings, match="gremlin"):
        served.control.faults([{"kind": "gremlin", "nth": 1}])
    assert served.control.ask("now")["simulated"], "and the port goes on answering"


def test_every_kind_of_fault_has_commands_to_strike() -> None:
    from smartscope.microscope.simulator.external_control import GET_IMAGE
    from smartscope.microscope.simulator.fault_kinds import ANY, STRIKES
    from smartscope.microscope.simulator.serialem.table import handlers

    in_process = {"load", "autofocus", "eucentric_height", "image", "montage", "record", "move_to"}
    for kind in FaultKind:
        unknown = set(STRIKES[kind]) - set(handlers()) - in_process - {GET_IMAGE} - set(ANY)
        assert not unknown, f"{kind} would strike {unknown}"

"""Who is in control of the simulated SerialEM, and what happens to everybody else."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest

from smartscope.microscope.errors import BadInstrumentSettings
from smartscope.microscope.serialem import wire
from smartscope.microscope.simulator.server import SimulatorServer
from tests.microscope.simulator.hand import Bench, Closed, Hand, Silent, bench


def await_state(served: Bench, **wanted: object) -> None:
    """Return when the server is in that state."""
    for _ in range(500):
        state = served.control.ask("state")
        if all(state[key] == value for key, value in wanted.items()):
            return
    raise AssertionError(f"never {wanted}")


def await_begun(served: Bench, name: str) -> None:
    """Return when a command of that name has begun."""
    for _ in range(500):
        if any(entry["phase"] != "before" for entry in served.entries(name)):
            return
    raise AssertionError(f"{name} never began")


def test_ok_to_run_is_granted_once(served: Bench, hand: Hand) -> None:
    assert hand.ok_to_run()
    assert not hand.ok_to_run(), "control was held already"
    assert hand.numbers("ReportClock") == (0.0,), "and is held still"


def test_any_command_takes_control_by_itself(served: Bench, hand: Hand) -> None:
    assert len(hand.call("ReportStageXYZ")) == 3
    assert not hand.ok_to_run()


def test_an_operator_at_work_keeps_everybody_out(served: Bench, hand: Hand) -> None:
    served.control.ask("busy", on=True)
    assert not hand.ok_to_run()
    hand.order("ReportClock")
    assert hand.status() == wire.Status.BUSY
    served.control.ask("busy", on=False)
    assert hand.ok_to_run()


def test_exit_ends_control_and_keeps_the_connection(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    for argument, outcome in ((1, wire.Outcome.EXITED_QUIETLY), (0, wire.Outcome.EXITED)):
        hand.order("Exit", argument)
        assert hand.answer().outcome == outcome
        assert hand.ok_to_run()


def test_control_begins_with_a_clean_script(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    hand.call("NoMessageBoxOnError", 1)
    hand.call("SetVariable", "mine", "5")
    hand.call("SetPersistentVar", "ours", "6")
    assert hand.numbers("GetVariable", "mine") == (5.0,)
    hand.order("Exit", 1)
    hand.answer()
    hand.ok_to_run()
    assert hand.numbers("IsVariableDefined", "mine") == (0.0,)
    assert hand.numbers("IsVariableDefined", "ours") == (1.0,)
    hand.order("MoveStageTo", 5000, 0)
    await_state(served, hanging=True)
    served.control.release()
    assert hand.answer().outcome == wire.Outcome.FAILED


def test_the_newest_client_replaces_the_one_before(served: Bench, hand: Hand) -> None:
    assert hand.ok_to_run()
    with served.hand() as newcomer:
        assert newcomer.ok_to_run()
        with pytest.raises(Closed):
            hand.call("ReportClock")
        assert newcomer.call("ReportClock")


def test_a_newcomer_waits_unanswered_while_a_command_runs(tmp_path: Path) -> None:
    with bench(tmp_path, clock=20.0) as served, served.hand() as first:
        first.ok_to_run()
        first.order("Delay", 8, "sec")
        await_begun(served, "Delay")
        with served.hand() as newcomer:
            newcomer.send(wire.encode_request(wire.OkToRunRequest()))
            with pytest.raises(Silent):
                newcomer.receive(4, within_s=0.1)
            assert wire.decode_ok_to_run_reply(newcomer.frame())
        assert served.entries("Delay")[0]["outcome"] == "done"


def test_a_command_whose_client_has_gone_is_finished(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    hand.order("MoveStageTo", 12, 34)
    await_begun(served, "MoveStageTo")
    hand.close()
    with served.hand() as other:
        assert other.ok_to_run(), "control ended with the connection"
        assert other.numbers("ReportStageXYZ")[:2] == (12.0, 34.0)


def test_stop_while_idle_is_told_once(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    served.control.press("press_stop")
    hand.order("MoveStageTo", 12, 34)
    assert hand.status() == wire.Status.STOPPED
    assert hand.ok_to_run(), "the operator's STOP ended control"
    assert hand.numbers("ReportStageXYZ")[:2] == (0.0, 0.0)


def test_stop_without_a_client_in_control_is_forgotten(served: Bench, hand: Hand) -> None:
    served.control.press("press_stop")
    assert hand.ok_to_run()
    assert hand.call("ReportStageXYZ")


def test_stop_during_a_command_ends_it_and_control(tmp_path: Path) -> None:
    with bench(tmp_path, clock=20.0) as served, served.hand() as hand:
        hand.ok_to_run()
        hand.order("Delay", 6, "sec")
        await_begun(served, "Delay")
        served.control.press("press_stop")
        assert hand.answer().outcome == wire.Outcome.STOPPED
        assert hand.ok_to_run()


def test_a_message_box_stops_everything_until_it_is_clicked_away(served: Bench, hand: Hand) -> None:
    hand.ok_to_run()
    hand.order("TiltTo", 89)
    with pytest.raises(Silent):
        hand.receive(4, within_s=0.1)
    with served.hand() as newcomer:
        newcomer.send(wire.encode_request(wire.OkToRunRequest()))
        with pytest.raises(Silent):
            newcomer.receive(4, within_s=0.1)
        served.control.release()
        assert wire.decode_ok_to_run_reply(newcomer.frame())


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (struct.pack("<2i", 8, 77), wire.Status.UNKNOWN_FUNCTION),
        (struct.pack("<2i", 4, 1), wire.Status.TOO_SHORT),
        (struct.pack("<2i", 1 << 20, 1), wire.Status.TOO_MUCH),
        (struct.pack("<5i", 20, 1, 349, 0, 5), wire.Status.WRONG_LENGTH),
        (struct.pack("<6i", 24, 1, 349, 40, 1, 0), wire.Status.TOO_MUCH),
        (struct.pack("<3i", 12, 3, 0), wire.Status.WRONG_LENGTH),
    ],
)
def test_a_bad_frame_is_answered_by_its_status(
    served: Bench, hand: Hand, raw: bytes, status: wire.Status
) -> None:
    hand.send(raw)
    assert hand.status() == status
    assert hand.ok_to_run(), "and the next frame is read as if nothing had been"


def test_surplus_bytes_are_thrown_away(served: Bench, hand: Hand) -> None:
    ask = wire.encode_request(wire.OkToRunRequest())
    hand.send(ask + ask)
    assert wire.decode_ok_to_run_reply(hand.frame())
    with pytest.raises(Silent):
        hand.receive(1, within_s=0.1)


def test_a_frame_may_come_in_crumbs(served: Bench, hand: Hand) -> None:
    for byte in wire.encode_request(wire.OkToRunRequest()):
        hand.send(bytes([byte]))
    assert wire.decode_ok_to_run_reply(hand.frame())


def test_it_listens_on_loopback_only(served: Bench) -> None:
    assert served.server._listener.getsockname()[0] == "127.0.0.1"
    assert served.server._control_port._listener.getsockname()[0] == "127.0.0.1"


def test_an_address_that_is_not_this_machine_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadInstrumentSettings, match=r"Port 0 on 192\.0\.2\.1 cannot be used"):
        SimulatorServer({"data_dir": tmp_path}, host="192.0.2.1")

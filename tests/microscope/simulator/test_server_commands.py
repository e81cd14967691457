"""Every command of the list is answered; none, however absurd, ends the simulated SerialEM."""

from __future__ import annotations

import random
import struct
from pathlib import Path

from smartscope.microscope.serialem import wire
from smartscope.microscope.serialem.commands import commands
from smartscope.microscope.simulator.serialem.table import handlers, unsimulated
from tests.microscope.simulator.hand import Bench, Hand, bench


def test_every_handler_is_one_of_serialems_commands() -> None:
    assert set(handlers()) <= set(commands())
    assert len(handlers()) + len(unsimulated()) == len(commands())


def test_what_is_not_simulated_says_its_name(served: Bench, hand: Hand) -> None:
    hand.call("NoMessageBoxOnError", 1)
    for name in ("CtfFind", "AutoCorrPeakVectors"):
        spec = commands()[name]
        arguments = ["A" if key in "Ss" else 1 for key in spec.keys[: spec.minimum]]
        assert hand.fails(name, *arguments) == f"{name} is not simulated"
    for code in (1, 9999, -4):
        hand.send(wire.encode_request(wire.CommandRequest(code)))
        assert hand.answer().error_text.startswith(f"Command {code} is not in the command list")


def item_of(value: float | str) -> wire.Item:
    """An argument as it travels, whatever the command's keys say."""
    if isinstance(value, str):
        return wire.Item(wire.leading_number(value), value)
    return wire.Item(value, f"{value:f}")


def test_absurd_arguments_are_answered(tmp_path: Path) -> None:
    """Each simulated command with arguments of any kind and number: an answer, then the next."""
    chance = random.Random(11)
    pool: list[float | str] = [0.0, 1.0, -1.0, 5.0, 1e9, -8e7, 1e-7, 3.7]
    pool += ["A", "Z", "R", "nm", "x" * 60, "1\n2\n3", "@", "0", ""]
    with bench(tmp_path, serialem_version="4.3") as served, served.hand() as hand:
        for name, spec in sorted(commands().items()):
            if name in ("Exit", "Delay") or name not in handlers():
                continue
            for _ in range(3):
                values = [chance.choice(pool) for _ in range(chance.randint(0, len(spec.keys)))]
                items = tuple(item_of(value) for value in values)
                hand.call("NoMessageBoxOnError", 1)
                hand.send(wire.encode_request(wire.CommandRequest(spec.code, items)))
                reply = hand.answer()
                assert reply.outcome in (wire.Outcome.DONE, wire.Outcome.FAILED), name
                assert len(reply.values) <= wire.MOST_VALUES
        assert served.server.alive


def test_any_bytes_are_survived(served: Bench) -> None:
    """Bytes in a frame of their length, or with any length of their own."""
    chance = random.Random(12)
    for round_number in range(60):
        raw = chance.randbytes(chance.randint(1, 200))
        whole = raw if round_number % 2 else struct.pack("<i", len(raw) + 4) + raw
        with served.hand() as hand:
            hand.send(whole)
    with served.hand() as hand:
        assert hand.ok_to_run()

"""The agent can close valves and nothing else, whatever asks it to."""

from __future__ import annotations

import pytest

from safety_agent.valves import ALLOWED, Forbidden, close_valves, send
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.commands import commands_by_code
from tests.safety_agent.conftest import Valves


def test_no_other_command_of_the_table_leaves_it(valves: Valves) -> None:
    client = SerialEmClient("127.0.0.1", valves.port)
    client.connect()
    try:
        for name in {spec.name for spec in commands_by_code().values()}:
            for arguments in ((), (1,), (0, 0)):
                if (name, arguments) not in ALLOWED:
                    with pytest.raises(Forbidden):
                        send(client, name, *arguments)
    finally:
        client.abandon()
    assert valves.peer.commands == []
    assert valves.open


def test_opening_is_not_in_the_vocabulary() -> None:
    assert {arguments for name, arguments in ALLOWED if name == "SetColumnOrGunValve"} == {(0,)}


def test_nobody_there_is_an_outcome_not_an_error() -> None:
    outcome = close_valves("127.0.0.1", 1, limit_s=0.5)
    assert not outcome.closed
    assert outcome.told

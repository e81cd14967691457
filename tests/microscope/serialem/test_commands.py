"""The table of commands agrees with itself and with what the protocol can carry."""

from __future__ import annotations

import pytest

from smartscope.microscope.errors import BadArgument
from smartscope.microscope.serialem.commands import command_named, commands, commands_by_code
from smartscope.microscope.serialem.wire import MOST_ARGUMENTS


def test_every_command_has_a_code_of_its_own() -> None:
    assert len(commands()) == len(commands_by_code()) >= 269


def test_the_codes_that_the_protocol_was_captured_with() -> None:
    captured = {"Echo": 349, "MoveStageTo": 286, "TiltTo": 65, "Exit": 8, "ReportStageXYZ": 293}
    assert {name: command_named(name).code for name in captured} == captured


def test_required_arguments_come_first_and_fit() -> None:
    for command in commands().values():
        assert set(command.keys) <= set("DdIiSs"), command
        assert len(command.keys) <= MOST_ARGUMENTS, command
        assert command.minimum == sum(key.isupper() for key in command.keys), command
        assert command.keys[: command.minimum].isupper() or not command.minimum, command


def test_an_unknown_command_is_refused_with_its_name() -> None:
    with pytest.raises(BadArgument, match="'SetEverything'"):
        command_named("SetEverything")

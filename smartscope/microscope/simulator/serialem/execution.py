"""Running one command on the program: its arguments, the faults it suffers, how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from smartscope.domain.errors import InstrumentError, StorageFull
from smartscope.microscope.serialem.commands import CommandSpec, commands_by_code
from smartscope.microscope.serialem.wire import (
    CommandReply,
    CommandRequest,
    Outcome,
    arguments_of,
)
from smartscope.microscope.simulator.fault_kinds import FaultKind, Phase
from smartscope.microscope.simulator.serialem.answers import (
    Left,
    ScriptError,
    Stopped,
    framed,
    phrase,
)
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.machine_faults import befall, let_fall
from smartscope.microscope.simulator.serialem.program import Handler, Program

_LEFT = {True: Outcome.EXITED_QUIETLY, False: Outcome.EXITED}


@dataclass(frozen=True, slots=True)
class Ordered:
    """A request as a command: its name and arguments; `spec` is None for an unknown code."""

    name: str
    arguments: Arguments
    spec: CommandSpec | None


def ordered(request: CommandRequest, program: Program) -> Ordered:
    """Which command a request is, for this version of SerialEM."""
    spec = commands_by_code().get(request.code)
    if spec is None or request.code >= program.version.commands:
        name = f"Command {request.code}"
        return Ordered(name, Arguments(name), None)
    return Ordered(spec.name, Arguments(spec.name, arguments_of(spec, request.items)), spec)


def execute(program: Program, order: Ordered, handlers: Mapping[str, Handler]) -> CommandReply:
    """Let the command happen; every ending becomes a reply, an operator's STOP too."""
    try:
        if order.spec is None:
            raise ScriptError(f"{order.name} is not in the command list of this version")
        if order.name not in handlers:
            raise ScriptError(f"{order.name} is not simulated")
        befall(program, Phase.BEFORE)
        values = () if program.suffers(FaultKind.NOTHING_DONE) else _act(program, order, handlers)
        befall(program, Phase.AFTER)
        return CommandReply(values)
    except Left as left:
        return CommandReply((), _LEFT[left.quietly])
    except Stopped:
        return CommandReply((), Outcome.STOPPED)
    except ScriptError as error:
        return failed(program, str(error))
    except (InstrumentError, StorageFull) as error:
        return failed(program, phrase(error))


def _act(
    program: Program, order: Ordered, handlers: Mapping[str, Handler]
) -> tuple[float | str, ...]:
    values = handlers[order.name](program, order.arguments)
    let_fall(program, order.name)
    return values


def failed(program: Program, text: str) -> CommandReply:
    """The reply of a failed command, with SerialEM's frame round its text."""
    program.say(text)
    return CommandReply((framed(text),), Outcome.FAILED)

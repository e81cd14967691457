"""What a status or an outcome on the wire means: values, or the error that it is."""

from __future__ import annotations

from smartscope.microscope.errors import (
    CommandFailed,
    OperatorStop,
    ProtocolError,
    ScopeBusy,
)
from smartscope.microscope.serialem.wire import CommandReply, Outcome, Status

Values = tuple[float | str, ...]


def refuse_status(status: int, what: str) -> None:
    """Raise what a negative status means: then nothing of the request was done.

    ScopeBusy, OperatorStop, or ProtocolError where SerialEM could not read the request.
    """
    if status >= 0:
        return
    if status == Status.BUSY:
        raise ScopeBusy(
            f"SerialEM is busy and gave no control ({what} was not done). Wait until its script "
            "or task has ended, then connect again."
        )
    if status == Status.STOPPED:
        raise OperatorStop(
            f"STOP was pressed at the microscope before {what}, which was not done. The operator "
            "has control."
        )
    name = Status(status).name.lower() if status in set(Status) else "unknown"
    raise ProtocolError(
        f"SerialEM refused to read the request ({what}): status {status}, {name}. Its version may "
        "not be one this client knows."
    )


def values_of(command: str, reply: CommandReply) -> Values:
    """What an ended command reports; nothing for `Exit`.

    Raises CommandFailed with SerialEM's own text, OperatorStop, or ProtocolError for an outcome
    that no SerialEM has.
    """
    if reply.outcome == Outcome.DONE:
        return reply.values
    if reply.outcome == Outcome.FAILED:
        said = f": {reply.error_text}" if reply.error_text else ", without a message"
        raise CommandFailed(f"SerialEM could not do {command}{said}", text=reply.error_text)
    if reply.outcome == Outcome.STOPPED:
        raise OperatorStop(
            f"STOP was pressed at the microscope during {command}; how far it got must be read "
            "back. The operator has control."
        )
    if command == "Exit" and reply.outcome in (Outcome.EXITED, Outcome.EXITED_QUIETLY):
        return ()
    raise ProtocolError(
        f"{command} ended with {reply.outcome}, which only Exit or no command does; control may "
        "be gone. Read back what it did."
    )

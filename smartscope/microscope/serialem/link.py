"""Every command to SerialEM passes here: permit first, then the socket, then the reply is judged.

A reply that does not have the promised shape is a ProtocolError with a sentence, whatever it holds:
a lying server must not crash a bridge, nor make it believe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from smartscope.domain.errors import StorageFull
from smartscope.microscope.base import Permit
from smartscope.microscope.errors import (
    BadArgument,
    CameraFailed,
    CommandFailed,
    OperatorStop,
    ProtocolError,
)
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.failures import meaning
from smartscope.microscope.values import CommandClass, Pixels

Argument = float | int | str


@dataclass(frozen=True, slots=True)
class Reply:
    """What a command reported, read with the expectation of whoever asked."""

    command: str
    values: tuple[float | str, ...]

    def numbers(self, count: int) -> tuple[float, ...]:
        """The first `count` values, finite numbers all of them. Raises ProtocolError."""
        found = self.values[:count]
        if len(found) < count:
            raise self._wrong(f"reported {len(self.values)} values where {count} were due")
        return tuple(self._number(value) for value in found)

    def number(self, at: int = 0) -> float:
        """One value. Raises ProtocolError when it is missing, a text, or not finite."""
        return self.numbers(at + 1)[at]

    def whole(self, at: int = 0, *, low: int, high: int) -> int:
        """One whole number in [low, high]. Raises ProtocolError."""
        number = self.number(at)
        if number != round(number) or not low <= number <= high:
            raise self._wrong(f"reported {number:g}, which is not a whole number {low} to {high}")
        return round(number)

    def flag(self, at: int = 0) -> bool:
        """0 or 1. Raises ProtocolError."""
        return self.whole(at, low=0, high=1) == 1

    def text(self, at: int = 0) -> str:
        """One text. Raises ProtocolError."""
        if len(self.values) <= at or not isinstance(self.values[at], str):
            raise self._wrong(f"reported {self.values!r} where a text was due")
        return str(self.values[at])

    def _number(self, value: float | str) -> float:
        if isinstance(value, str) or not math.isfinite(value):
            raise self._wrong(f"reported {value!r} where a finite number was due")
        return float(value)

    def _wrong(self, what: str) -> ProtocolError:
        return ProtocolError(
            f"SerialEM's {self.command} {what}; the instrument's answers cannot be trusted now. "
            "Look at SerialEM's log before going on."
        )


@dataclass(slots=True)
class Link:
    """One connection under one epoch; after the operator's STOP it sends nothing more."""

    client: SerialEmClient
    permit: Permit
    _stopped: str = field(default="")

    def operation(self, name: str) -> Operation:
        """The commands of one operation of ours; the permit is asked under its name."""
        return Operation(self, name)

    def image(self, name: str, buffer: str) -> Pixels:
        """The pixels of a buffer (read), as SerialEM gives them: row 0 on top.

        Raises CameraFailed when there are none, and as `SerialEmClient.image` does.
        """
        self.admit(CommandClass.READ, name)
        try:
            return self.client.image(buffer)
        except CommandFailed as error:
            raise CameraFailed(
                f"SerialEM exposed, but there is no image in {buffer} ({error}). Look at the "
                "camera before anything is repeated."
            ) from error
        except OperatorStop as error:
            self._stopped = str(error)
            raise

    def admit(self, command_class: CommandClass, name: str) -> None:
        """Raises when nothing may be sent."""
        if self._stopped:
            raise OperatorStop(
                f"{self._stopped} Control stays with the operator until a person resumes."
            )
        self.permit.check(command_class, name)

    def send(
        self, command: str, arguments: tuple[Argument, ...], deadline_s: float | None
    ) -> Reply:
        """One command, admitted before. Raises as `SerialEmClient.call` does."""
        try:
            return Reply(command, self.client.call(command, *arguments, deadline_s=deadline_s))
        except OperatorStop as error:
            self._stopped = str(error)
            raise


@dataclass(frozen=True, slots=True)
class Operation:
    """Sends the commands of one operation, each under the class that says what a crash means."""

    link: Link
    name: str

    def read(self, command: str, *arguments: Argument) -> Reply:
        """A report: repeating it changes nothing."""
        return self._send(CommandClass.READ, command, arguments, None)

    def try_read(self, command: str, *arguments: Argument) -> Reply | None:
        """A report that may well fail, such as of what is not known; None when it did."""
        self.link.admit(CommandClass.READ, self.name)
        try:
            return self.link.send(command, arguments, None)
        except (CommandFailed, BadArgument):
            return None

    def absolute(
        self, command: str, *arguments: Argument, deadline_s: float | None = None
    ) -> Reply:
        """Sets something to a value."""
        return self._send(CommandClass.ABSOLUTE, command, arguments, deadline_s)

    def dose(self, command: str, *arguments: Argument, deadline_s: float | None = None) -> Reply:
        """Exposes the specimen."""
        return self._send(CommandClass.DOSE, command, arguments, deadline_s)

    def never_repeat(self, command: str, *arguments: Argument) -> Reply:
        """Moves a grid, a valve or the gun's current."""
        return self._send(CommandClass.NEVER_REPEAT, command, arguments, None)

    def long(self, command: str, *arguments: Argument) -> Reply:
        """Something the instrument does by itself for minutes."""
        return self._send(CommandClass.LONG, command, arguments, None)

    def image(self, buffer: str) -> Pixels:
        """The pixels of a buffer."""
        return self.link.image(self.name, buffer)

    def _send(
        self,
        command_class: CommandClass,
        command: str,
        arguments: tuple[Argument, ...],
        deadline_s: float | None,
    ) -> Reply:
        self.link.admit(command_class, self.name)
        try:
            return self.link.send(command, arguments, deadline_s)
        except CommandFailed as error:
            found = meaning(command, error)
            of_files = isinstance(found, CameraFailed | StorageFull)
            if of_files and command_class is not CommandClass.DOSE:
                raise  # no file was due: no dose is in doubt, and no room mends it
            raise found from error

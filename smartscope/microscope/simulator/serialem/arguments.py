"""What a command was given: counted from 1 as in SerialEM's help, left-out ones known as such."""

from __future__ import annotations

import math
from dataclasses import dataclass

from smartscope.microscope.serialem.wire import Argument, leading_number
from smartscope.microscope.simulator.serialem.answers import ScriptError


@dataclass(frozen=True, slots=True)
class Arguments:
    """The arguments of one command, by its keys; None is a number that was left out."""

    command: str
    values: tuple[Argument | None, ...] = ()

    def given(self, place: int) -> bool:
        """Whether there is an argument at `place` (from 1)."""
        return place <= len(self.values) and self.values[place - 1] not in (None, "")

    def number(self, place: int) -> float:
        """A number. Raises ScriptError when it was left out or is none."""
        value = self.values[place - 1] if self.given(place) else None
        if value is None:
            raise ScriptError(f"{self.command} needs a value for argument {place}")
        number = leading_number(value) if isinstance(value, str) else float(value)
        if not math.isfinite(number):
            raise ScriptError(f"Argument {place} of {self.command} is not a finite number")
        return number

    def number_or(self, place: int, default: float) -> float:
        """A number, or `default` when it was left out."""
        return self.number(place) if self.given(place) else default

    def whole(self, place: int) -> int:
        """An integer, cut off as SerialEM does. Raises ScriptError when it was left out."""
        return int(self.number(place))

    def whole_or(self, place: int, default: int) -> int:
        """An integer, or `default` when it was left out."""
        return self.whole(place) if self.given(place) else default

    def text(self, place: int) -> str:
        """A text. Raises ScriptError when it was left out."""
        if not self.given(place):
            raise ScriptError(f"{self.command} needs a text for argument {place}")
        return str(self.values[place - 1])

    def text_or(self, place: int, default: str = "") -> str:
        """A text, or `default` when it was left out."""
        return self.text(place) if self.given(place) else default

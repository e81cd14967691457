"""A command's arguments between Python and the wire, refused where SerialEM would misread them.

SerialEM checks nothing itself: a text with a newline may become another command, a `$` a variable,
a very negative number "left out". So everything is checked here, before a byte is sent.
"""

from __future__ import annotations

import math
import re

from smartscope.microscope.errors import BadArgument
from smartscope.microscope.serialem.commands import CommandSpec
from smartscope.microscope.serialem.wire.requests import Item

Argument = float | int | str

#: Numbers below this mean "left out" to SerialEM and to the stock module, which drop them.
LEFT_OUT_BELOW = -9e7
LARGEST_INTEGER = 2**31 - 1
_NUMBER = re.compile(r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
#: Whose texts are arrays, one number a line.
_ARRAYS = frozenset({"SetVariable", "SetPersistentVar"})
#: Without an argument they print what lies beyond the frame.
_NEVER_BARE = frozenset({"Echo", "EchoBreakLines"})


def items_of(command: CommandSpec, arguments: tuple[Argument, ...]) -> tuple[Item, ...]:
    """The arguments as they travel, by the command's keys (D d: number; I i: integer; S s: text).

    Raises BadArgument that names the argument: too many or too few, the wrong kind, NaN, infinity,
    an integer beyond 32 bits, text with anything but printable ASCII or with a `$`.
    """
    least = max(command.minimum, int(command.name in _NEVER_BARE))
    if not least <= len(arguments) <= len(command.keys):
        raise BadArgument(
            f"{command.name} takes {least} to {len(command.keys)} arguments, not {len(arguments)}."
        )
    return tuple(
        _item(command, place, argument) for place, argument in enumerate(arguments, start=1)
    )


def arguments_of(command: CommandSpec, items: tuple[Item, ...]) -> tuple[Argument | None, ...]:
    """What a server's command works with: numbers, integers (truncated) and texts by its keys.

    None stands for a number that was left out; items beyond the keys are ignored, as SerialEM does.
    """
    return tuple(
        _argument(key, item) for key, item in zip(command.keys.upper(), items, strict=False)
    )


def float_text(number: float) -> str:
    """A number as the stock module writes it: six decimals, trailing zeros removed, `10.`."""
    return f"{number:f}".rstrip("0")


def leading_number(text: str) -> float:
    """The decimal number that a text begins with, as C's `atof` reads it; 0 when there is none."""
    found = _NUMBER.match(text)
    number = float(found[0]) if found else 0.0
    return number if math.isfinite(number) else 0.0


def _item(command: CommandSpec, place: int, argument: Argument) -> Item:
    key = command.keys[place - 1]
    what = f"Argument {place} of {command.name}"
    if key in "Ss":
        return _text_item(command, what, argument, required=key == "S")
    number = _number(what, argument)
    if not math.isfinite(number):
        raise BadArgument(f"{what} is {number}; only finite numbers may reach a microscope.")
    if number < LEFT_OUT_BELOW:
        raise BadArgument(f"{what} is {number:g}; SerialEM reads that as left out. Leave it out.")
    if key in "Dd":
        return Item(number, float_text(number))
    if number != int(number) or abs(number) > LARGEST_INTEGER:
        raise BadArgument(f"{what} is a whole number of at most 32 bits, not {argument!r}.")
    return Item(number, str(int(number)))


def _number(what: str, argument: Argument) -> float:
    """Any number Python knows, numpy's too; no text and no truth value."""
    if not isinstance(argument, (str, bool)):
        try:
            return float(argument)
        except (TypeError, ValueError, OverflowError):
            pass
    raise BadArgument(f"{what} is a number a microscope can use, not {argument!r}.")


def _text_item(command: CommandSpec, what: str, argument: Argument, *, required: bool) -> Item:
    if not isinstance(argument, str):
        raise BadArgument(f"{what} is a text, not {argument!r}.")
    if required and not argument:
        raise BadArgument(f"{what} is empty; SerialEM reads that as left out. Give a text.")
    lines = argument.split("\n") if command.name in _ARRAYS else [argument]
    if len(lines) > 1 and any(not _NUMBER.fullmatch(line) for line in lines):
        raise BadArgument(f"{what} has several lines; each of them must be one number.")
    if not all(line.isascii() and (line.isprintable() or not line) for line in lines):
        raise BadArgument(
            f"{what} is {argument[:60]!r}; only printable ASCII without line breaks may be sent. "
            "Use other characters."
        )
    if "$" in argument:
        raise BadArgument(
            f"{what} is {argument[:60]!r}; SerialEM would take $ for a variable. Use another name."
        )
    return Item(leading_number(argument), argument)


def _argument(key: str, item: Item) -> Argument | None:
    if key == "S":
        return item.text
    if not item.text:
        return None
    if key == "D" or not math.isfinite(item.number):
        return item.number
    return int(item.number)

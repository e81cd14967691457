"""Which SerialEM answers, and so which of its commands exist there.

The list of commands only grows, except that builds of 4.3 before March 2026 shifted some codes:
those are refused, because a shifted code is another command.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from smartscope.microscope.errors import CommandRefused, ProtocolError

#: the length of the list in the oldest 4.0; its codes mean the same in every version
COMMANDS_OF_4_0 = 601
_LONGEST_LIST = 100_000
_STEADY_4_3 = ("40300", "20260301")

Values = tuple[float | str, ...]
Ask = Callable[..., Values]


@dataclass(frozen=True, slots=True, order=True)
class SerialEmVersion:
    """A release series, such as 4.1, and how many commands its list has."""

    major: int
    minor: int
    commands: int = COMMANDS_OF_4_0

    def at_least(self, major: int, minor: int) -> bool:
        """Whether this is that series or a later one."""
        return (self.major, self.minor) >= (major, minor)

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


OLDEST = SerialEmVersion(4, 0)


def learn_version(ask: Ask) -> SerialEmVersion:
    """Ask for the version by `ask(command, *arguments)`, one harmless question after another.

    Raises CommandRefused for a SerialEM before 4.0 or a 4.3 with shifted codes, ProtocolError for
    an answer that is none.
    """
    if not _yes(ask("IsVersionAtLeast", "40000")):
        raise CommandRefused(
            "This SerialEM is older than 4.0 and has no Python server; install 4.0 or newer."
        )
    minor = 0
    for later in (1, 2, 3):
        if not _yes(ask("IsVersionAtLeast", f"40{later}00")):
            break
        minor = later
    if minor == 3 and not _yes(ask("IsVersionAtLeast", *_STEADY_4_3)):
        raise CommandRefused(
            "This SerialEM is a 4.3 built before March 2026, whose command codes are shifted; "
            "install a later 4.3 or a 4.2."
        )
    return SerialEmVersion(
        4, minor, _list_length(ask("ReportNumExeFuncs")) if minor else COMMANDS_OF_4_0
    )


def _list_length(values: Values) -> int:
    length = values[0] if values else None
    if not isinstance(length, float) or not COMMANDS_OF_4_0 <= length <= _LONGEST_LIST:
        raise ProtocolError(f"ReportNumExeFuncs answered {values!r}, which is no list's length.")
    return int(length)


def _yes(values: Values) -> bool:
    if values not in ((0.0,), (1.0,)):
        raise ProtocolError(f"IsVersionAtLeast answered {values!r} where 0 or 1 was due.")
    return values == (1.0,)

"""What may be said to a SerialEM and what it may answer, as Hypothesis draws it."""

from __future__ import annotations

import string

from hypothesis import strategies as st

from smartscope.microscope.serialem.commands import CommandSpec, commands
from smartscope.microscope.serialem.wire import LEFT_OUT_BELOW, Argument, CommandReply, Value

TEXT = "".join(c for c in string.printable if c.isprintable() and c != "$")

numbers = st.floats(min_value=LEFT_OUT_BELOW, max_value=1e12, allow_nan=False)
integers = st.integers(min_value=-90_000_000, max_value=2**31 - 1)
texts = st.text(alphabet=TEXT, min_size=1, max_size=20)
values = st.one_of(
    st.floats(allow_nan=False),
    st.text(alphabet=st.characters(exclude_characters="\0", codec="utf-8"), max_size=40),
)
replies = st.builds(
    CommandReply,
    st.lists(values, max_size=6).map(tuple[Value, ...]),
    st.sampled_from([0, 1, -123456, -654321, -234561]),
)


def argument(key: str) -> st.SearchStrategy[Argument]:
    """An argument that a key allows."""
    if key in "Dd":
        return numbers
    return integers if key in "Ii" else texts


@st.composite
def calls(draw: st.DrawFn) -> tuple[CommandSpec, tuple[Argument, ...]]:
    """Any command of the table with as many arguments as it may have."""
    command = draw(st.sampled_from(sorted(commands().values(), key=lambda spec: spec.code)))
    return command, draw(arguments(command))


@st.composite
def arguments(draw: st.DrawFn, command: CommandSpec) -> tuple[Argument, ...]:
    """Arguments for one command, from the fewest that may be sent to all."""
    least = max(command.minimum, int(command.name in ("Echo", "EchoBreakLines")))
    count = draw(st.integers(least, len(command.keys)))
    return tuple(draw(argument(key)) for key in command.keys[:count])

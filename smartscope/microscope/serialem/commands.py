"""SerialEM's commands by name and by code: what they take and what they report.

The rows are in `commands.csv` beside this file. A command's code is its place in SerialEM's master
list, counted from 0 (compared over the sources of 4.0.0 to 4.3 beta, MIT); its keys are one letter
for each argument: D a number, I an integer, S a text, small where it may be left out.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from smartscope.microscope.errors import BadArgument


@dataclass(frozen=True, slots=True)
class CommandSpec:
    """One command; `returns` is words for people, because it differs by version and machine."""

    name: str
    code: int
    keys: str
    minimum: int
    purpose: str
    returns: str


@cache
def commands() -> Mapping[str, CommandSpec]:
    """All known commands by name."""
    table = files("smartscope.microscope.serialem").joinpath("commands.csv")
    rows = csv.DictReader(table.read_text(encoding="ascii").splitlines())
    specs = [_spec(row) for row in rows]
    return MappingProxyType({spec.name: spec for spec in specs})


@cache
def commands_by_code() -> Mapping[int, CommandSpec]:
    """The same commands by code."""
    return MappingProxyType({spec.code: spec for spec in commands().values()})


def command_named(name: str) -> CommandSpec:
    """The command of that name. Raises BadArgument when the table has none."""
    try:
        return commands()[name]
    except KeyError:
        raise BadArgument(
            f"There is no SerialEM command {name!r} in commands.csv; it was not sent. Check the "
            "spelling, or add its row from SerialEM's sources."
        ) from None


def _spec(row: dict[str, str]) -> CommandSpec:
    return CommandSpec(
        name=row["name"],
        code=int(row["code"]),
        keys=row["arg_keys"],
        minimum=int(row["min_args"]),
        purpose=row["purpose"],
        returns=row["returns"],
    )

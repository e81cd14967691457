"""How a bridge ends, and what its errors are called in the table of remedies."""

from __future__ import annotations

from smartscope.domain.errors import SmartscopeError


class Quarantined(SmartscopeError):
    """What the instrument did could not be found out: a person must look before anything moves."""


def classes_of(error: Exception) -> list[str]:
    """The error's class and those of ours it derives from, nearest first."""
    return [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, SmartscopeError)]

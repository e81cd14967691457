"""How a bridge ends, and what its errors are called in the table of remedies."""

from __future__ import annotations

from smartscope.domain.errors import InstrumentError, LeaseLost, SmartscopeError


class Quarantined(SmartscopeError):
    """What the instrument did could not be found out: a person must look before anything moves."""


class LeaseSlipping(LeaseLost):
    """The lease is still ours but cannot be renewed: close the valves now, then end."""


class ValvesStayOpen(InstrumentError):
    """The safe state was sought and the valves are open all the same: a person must close them."""


class LeftForRoom(SmartscopeError):
    """A person wants the run to rest or to end while an exposed image waits for room.

    Its step is left open; whoever drives next fetches the image from where the camera saved it.
    """


def classes_of(error: Exception) -> list[str]:
    """The error's class and those of ours it derives from, nearest first."""
    return [kind.__name__ for kind in type(error).__mro__ if issubclass(kind, SmartscopeError)]

"""The exception root and its children; a message says what happened, to what, what to do next."""

from __future__ import annotations


class SmartscopeError(Exception):
    """Anything this service refuses or cannot do, in words a tired person can act on."""


class IllegalTransition(SmartscopeError):
    """A status was asked to move where its ladder has no rung."""


class InvalidInput(SmartscopeError):
    """What somebody gave cannot be used; `problems` maps a field's path to its sentence."""

    def __init__(self, problems: dict[str, str]) -> None:
        self.problems = dict(problems)
        super().__init__("; ".join(f"{path}: {text}" for path, text in self.problems.items()))


class NotFound(SmartscopeError):
    """The object does not exist, or not for this person."""


class Conflict(SmartscopeError):
    """The request is sound but the state of things forbids it now; `code` names the reason."""

    def __init__(self, message: str, *, code: str = "conflict") -> None:
        self.code = code
        super().__init__(message)


class NotAllowed(SmartscopeError):
    """This person's role does not reach that far."""


class InstrumentError(SmartscopeError):
    """The microscope refused or failed; the step's kind decides what follows."""


class LeaseLost(SmartscopeError):
    """This process no longer drives the microscope: nothing more may be sent."""


class BadFile(SmartscopeError):
    """An image file is broken or lies about itself; it is quarantined, never half-read."""


class StorageFull(SmartscopeError):
    """There is no room to write; nothing was registered."""

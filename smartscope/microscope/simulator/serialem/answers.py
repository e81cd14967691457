"""How a command can end: with values, with SerialEM's framed error, or by leaving control."""

from __future__ import annotations

from collections.abc import Mapping

from smartscope.domain.errors import InstrumentError, SmartscopeError, StorageFull
from smartscope.microscope import errors

#: what a command reports, at most six
Values = tuple[float | str, ...]
NOTHING: Values = ()
DONE: Values = (0.0,)
FRAME = "\r\nSCRIPT ERROR WITH THIS MESSAGE:\r\n{}\r\n" + "*" * 40

#: How an error of the instrument reads in SerialEM's log; the instrument's own words follow.
PHRASES: Mapping[type[SmartscopeError], str] = {
    errors.StageLimit: "The position is beyond the stage limits",
    errors.StageStuck: "The stage did not reach its target",
    errors.ImageShiftLimit: "Image shift is beyond its limit",
    errors.SlotEmpty: "There is no cartridge in that slot",
    errors.LoadFailed: "An error occurred in the cartridge exchange",
    errors.ManualExchangeNeeded: "This microscope has no autoloader",
    errors.InstrumentBusy: "The microscope is busy",
    errors.ValvesClosed: "The column valves are closed",
    errors.HeightFailed: "Eucentricity failed",
    errors.RealignFailed: "Alignment failed",
    errors.CameraFailed: "Camera error",
    errors.CommandTimeout: "The camera timed out",
    errors.CommandRefused: "Command refused",
    StorageFull: "Error writing to file",
}


class ScriptError(Exception):
    """The command failed; the text reaches the client inside SerialEM's frame."""


class Left(Exception):
    """The client gave up control; `quietly` is Exit with an argument other than 0."""

    def __init__(self, *, quietly: bool) -> None:
        self.quietly = quietly
        super().__init__("External control ended.")


class Stopped(Exception):
    """The operator's STOP ended the command, and with it external control."""


def framed(text: str) -> str:
    """An error's text as SerialEM sends it."""
    return FRAME.format(text)


def phrase(error: InstrumentError | StorageFull) -> str:
    """An instrument's refusal in SerialEM's words."""
    return f"{PHRASES.get(type(error), 'The microscope reported an error')}: {error}"

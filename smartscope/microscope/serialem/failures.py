"""From SerialEM's own words to our errors, as a table; what is not in it pauses for a person.

Texts are searched without regard to case. They come from SerialEM's sources (4.0 to 4.3, MIT) and
from the plug-ins whose messages it passes on; the first pattern that occurs decides.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from smartscope.domain.errors import InstrumentError, StorageFull
from smartscope.microscope.errors import (
    AutofocusFailed,
    CameraFailed,
    CommandFailed,
    CommandRefused,
    HeightFailed,
    ImageShiftLimit,
    InstrumentBusy,
    LoadFailed,
    RealignFailed,
    SlotEmpty,
    StageLimit,
    StageStuck,
    ValvesClosed,
)


@dataclass(frozen=True, slots=True)
class Failure:
    """One row: a pattern of SerialEM's text, what it means, and what to do."""

    pattern: re.Pattern[str]
    error: type[InstrumentError | StorageFull]
    advice: str


def _row(pattern: str, error: type[InstrumentError | StorageFull], advice: str) -> Failure:
    return Failure(re.compile(pattern, re.IGNORECASE), error, advice)


FAILURES = (
    _row(
        r"^\W*command refused|not allowed|in the present state|low dose mode"
        r"|screen (must be|is) (up|down)",
        CommandRefused,
        "Nothing happened; look at SerialEM's window.",
    ),
    _row(
        r"(is|are) busy|being filled|refilling|pump is running|vacuum is not ready",
        InstrumentBusy,
        "Wait, then ask again.",
    ),
    _row(
        r"(stage|position|tilt).{0,60}(beyond|outside|exceed|out of range|limit)",
        StageLimit,
        "Nothing moved; skip this target or widen the stage's limits in SerialEM.",
    ),
    _row(
        r"image shift.{0,60}(beyond|exceed|limit|out of range)",
        ImageShiftLimit,
        "Move the stage nearer first.",
    ),
    _row(
        r"(no cartridge|slot.{0,40}(is empty|no grid|not occupied))",
        SlotEmpty,
        "Check the cassette and correct the session.",
    ),
    _row(
        r"(cartridge|autoloader|loader).{0,80}(error|fail|fault)|error.{0,40}cartridge"
        r"|no autoloader",
        LoadFailed,
        "A person must look at the autoloader before anything else is moved.",
    ),
    _row(
        r"(stage|goniometer).{0,60}(did not|not reach|timed? ?out|stuck|error|problem)",
        StageStuck,
        "Move it again or skip this target.",
    ),
    _row(
        r"(valves?).{0,40}(closed|not open)",
        ValvesClosed,
        "Nothing was exposed; open the valves first.",
    ),
    _row(
        r"eucentric",
        HeightFailed,
        "The grid may be badly bent; skip this square.",
    ),
    _row(
        r"autofocus|auto focus|focus.{0,40}(fail|error)",
        AutofocusFailed,
        "Try the next target.",
    ),
    _row(
        r"(align|correlat).{0,60}(fail|error|uncertain)",
        RealignFailed,
        "Trust the stage or skip this target.",
    ),
    _row(
        r"not enough space|disk (is )?full|no space left",
        StorageFull,
        "Dose may be spent and the file cut short; make room on SerialEM's disk.",
    ),
    _row(
        r"(camera|detector|acquir|frame|saving|shutter|exposure).{0,80}"
        r"(error|fail|timed? ?out|not|unable|could)",
        CameraFailed,
        "Dose may be spent: look for the file before anything is repeated.",
    ),
)


def meaning(command: str, error: CommandFailed) -> InstrumentError | StorageFull:
    """What a failed command means to us; still a CommandFailed when nobody wrote it down."""
    for row in FAILURES:
        if row.pattern.search(error.text):
            return row.error(f"{command}: {error.text.strip()} {row.advice}")
    return CommandFailed(
        f"{error}. Nobody has written down what that means: look at SerialEM's log and decide.",
        text=error.text,
    )

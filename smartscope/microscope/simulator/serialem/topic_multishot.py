"""Several Records from one stage position by image shift, in one command."""

from __future__ import annotations

from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.imaging_states import RECORD
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.shots import shoot
from smartscope.microscope.simulator.serialem.topic_files import save_image
from smartscope.microscope.simulator.serialem.topic_shift import shift_to, shift_units
from smartscope.microscope.simulator.serialem.topic_system import array_variable

#: bits of the last argument: several holes, and their places from SetCustomHoleShifts
SEVERAL_HOLES, CUSTOM = 2, 32
SAVE, MODE = 5, 9


def _set_shifts(program: Program, arguments: Arguments) -> Values:
    xs = array_variable(program, arguments.text(1))
    ys = array_variable(program, arguments.text(2))
    if len(xs) != len(ys) or not xs:
        raise ScriptError(f"{len(xs)} X and {len(ys)} Y shifts make no holes")
    program.findings.hole_shifts = tuple(zip(xs, ys, strict=True))
    return NOTHING


def _records(program: Program, arguments: Arguments) -> Values:
    """One Record at each custom hole shift (own units, from the present shift).

    Each is saved, when that is asked for, to the open image file.
    """
    mode = arguments.whole_or(MODE, 0)
    if mode & CUSTOM == 0 or mode & SEVERAL_HOLES == 0:
        raise ScriptError("This simulated SerialEM takes custom hole shifts only; give 34")
    if not program.findings.hole_shifts:
        raise ScriptError("There are no custom hole shifts; use SetCustomHoleShifts first")
    base_x, base_y = shift_units(program)
    try:
        for dx, dy in program.findings.hole_shifts:
            program.heed_stop()
            if shift_to(program, base_x + dx, base_y + dy) == (1.0,):
                raise ScriptError(f"The image shift for the hole at {dx:g}, {dy:g} is too large")
            shoot(program, RECORD)
            if arguments.whole_or(SAVE, 0) > 0 and program.files.current >= 0:
                save_image(program, program.buffers.get("A"), {})
    finally:
        shift_to(program, base_x, base_y)
    return (float(len(program.findings.hole_shifts)),)


COMMANDS: Table = {"SetCustomHoleShifts": _set_shifts, "MultipleRecords": _records}

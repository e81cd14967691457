"""Commands of frame saving: folder, names, the last movie."""

from __future__ import annotations

from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.machine import split
from smartscope.microscope.simulator.serialem.program import Program, Table

_FORBIDDEN = set('\\/:*?"<>|')


def _folder(program: Program, arguments: Arguments) -> Values:
    name = program.machine.named(arguments.text(1))
    try:
        program.machine.path(name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScriptError(
            f"The folder {name} does not exist and cannot be created: {error.strerror}"
        ) from error
    program.frames.folder = name
    return NOTHING


def _base_name(program: Program, arguments: Arguments) -> Values:
    base = arguments.text(4)
    if _FORBIDDEN & set(base):
        raise ScriptError(f"The base name {base!r} has characters not allowed in a file name")
    frames = program.frames
    frames.kept = arguments.whole(1) != 0
    frames.base_in_name = arguments.whole(2) != 0
    frames.base_in_folder = arguments.whole(3) != 0
    frames.base = base
    return NOTHING


def _path(program: Program, arguments: Arguments) -> Values:
    return (program.frames.folder or "NONE",)


def _last(program: Program, arguments: Arguments) -> Values:
    """Whole name, folder, name. Raises ScriptError when no movie was saved yet."""
    if not program.frames.last:
        raise ScriptError("There is no last frame file name available")
    return program.frames.last, *split(program.frames.last)


def _early_return(program: Program, arguments: Arguments) -> Values:
    program.frames.early_return = arguments.whole(1)
    return NOTHING


def _nothing(program: Program, arguments: Arguments) -> Values:
    return NOTHING


COMMANDS: Table = {
    "SetFolderForFrames": _folder,
    "SetFrameBaseName": _base_name,
    "ReportFrameSavingPath": _path,
    "ReportLastFrameFile": _last,
    "EarlyReturnNextShot": _early_return,
    "SetFrameNameFormat": _nothing,
}

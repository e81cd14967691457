"""Commands of folders and image files."""

from __future__ import annotations

from smartscope.microscope.simulator.serialem.answers import NOTHING, ScriptError, Values
from smartscope.microscope.simulator.serialem.arguments import Arguments
from smartscope.microscope.simulator.serialem.buffers import BufferImage
from smartscope.microscope.simulator.serialem.image_files import ImageFile, read_old
from smartscope.microscope.simulator.serialem.machine import split
from smartscope.microscope.simulator.serialem.program import Program, Table
from smartscope.microscope.simulator.serialem.section_notes import notes_of
from smartscope.microscope.simulator.serialem.unplaced import unplaced


def _set_directory(program: Program, arguments: Arguments) -> Values:
    name = program.machine.named(arguments.text(1))
    try:
        program.machine.path(name).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ScriptError(f"Setting directory to {name} failed: {error.strerror}") from error
    program.machine.directory = name
    return NOTHING


def _directory(program: Program, arguments: Arguments) -> Values:
    return (program.machine.directory,)


def _exists(program: Program, arguments: Arguments) -> Values:
    return (float(program.machine.path(arguments.text(1)).exists()),)


def new_file(program: Program, name: str, *, montage: bool = False) -> ImageFile:
    """Create an image file and make it current. Raises ScriptError when it exists already."""
    whole = program.machine.named(name)
    path = program.machine.path(whole)
    if path.exists():
        if not program.script.overwrite:
            raise ScriptError(f"The file {whole} already exists; overwriting was not allowed")
        path.unlink()
    try:
        path.touch()
    except OSError as error:
        raise ScriptError(f"The file {whole} cannot be opened: {error.strerror}") from error
    file = ImageFile(name=whole, path=path, montage=montage)
    program.files.open(file)
    return file


def _open_new(program: Program, arguments: Arguments) -> Values:
    new_file(program, arguments.text(1))
    return NOTHING


def _open_old(program: Program, arguments: Arguments) -> Values:
    whole = program.machine.named(arguments.text(1))
    program.files.open(read_old(whole, program.machine.path(whole)))
    return NOTHING


def _close(program: Program, arguments: Arguments) -> Values:
    if program.files.current >= 0 and program.files.file().montage:
        program.montage = None
    program.files.close()
    return NOTHING


def save_image(program: Program, image: BufferImage, extra: dict[str, str]) -> None:
    """Append an image and its notes to the current file."""
    file = program.files.file()
    try:
        file.append(image.pixels, image.pixel_nm * 10.0, {**notes_of(program, image), **extra})
        file.write_notes()
    except OSError as error:
        raise ScriptError(f"Error writing to {file.name}: {error.strerror}") from error


def _save(program: Program, arguments: Arguments) -> Values:
    save_image(program, program.buffers.get(arguments.text_or(1, "A")), {})
    return NOTHING


def _read(program: Program, arguments: Arguments) -> Values:
    file, section = program.files.file(), arguments.whole(1)
    _read_into(program, file, section, arguments.text_or(2, "A"))
    return NOTHING


def _read_other(program: Program, arguments: Arguments) -> Values:
    whole = program.machine.named(arguments.text(3))
    file = read_old(whole, program.machine.path(whole))
    _read_into(program, file, arguments.whole(1), arguments.text(2))
    return NOTHING


def _read_into(program: Program, file: ImageFile, section: int, letter: str) -> None:
    image = unplaced(file.read(section), file.pixel_angstrom / 10.0)
    program.buffers.put(letter, image)


def _switch(program: Program, arguments: Arguments) -> Values:
    program.files.current = _number(program, arguments) - 1
    return NOTHING


def _file_number(program: Program, arguments: Arguments) -> Values:
    return (float(program.files.current + 1) if program.files.current >= 0 else -1.0,)


def _is_open(program: Program, arguments: Arguments) -> Values:
    path = program.machine.path(arguments.text(1))
    numbers = (n for n, file in enumerate(program.files.files, start=1) if file.path == path)
    return (float(next(numbers, 0)),)


def _count_open(program: Program, arguments: Arguments) -> Values:
    return (float(len(program.files.files)),)


def _open_name(program: Program, arguments: Arguments) -> Values:
    name = program.files.files[_number(program, arguments) - 1].name
    return named_parts(name) if arguments.whole_or(2, 0) else (name,)


def named_parts(name: str) -> Values:
    """A file's root, extension, folder and name."""
    folder, last = split(name)
    root, dot, suffix = last.rpartition(".")
    return root or last, dot + suffix, folder, last


def _number(program: Program, arguments: Arguments) -> int:
    number = arguments.whole(1)
    if not 1 <= number <= len(program.files.files):
        raise ScriptError(f"There is no open file {number}")
    return number


def _add_note(program: Program, arguments: Arguments) -> Values:
    file = program.files.file()
    if not file.sections:
        raise ScriptError(f"There is no section in {file.name} to add to")
    file.sections[-1][arguments.text(1)] = arguments.text(2)
    return NOTHING


def _write_notes(program: Program, arguments: Arguments) -> Values:
    program.files.file().write_notes()
    return NOTHING


def _new_type(program: Program, arguments: Arguments) -> Values:
    if arguments.whole(1) != 0:
        raise ScriptError("This simulated SerialEM writes MRC files only; use type 0")
    return NOTHING


COMMANDS: Table = {
    "SetDirectory": _set_directory,
    "ReportDirectory": _directory,
    "DoesFileExist": _exists,
    "OpenNewFile": _open_new,
    "OpenOldFile": _open_old,
    "CloseFile": _close,
    **dict.fromkeys(("Save", "S"), _save),
    "ReadFile": _read,
    "ReadOtherFile": _read_other,
    "SwitchToFile": _switch,
    "ReportFileNumber": _file_number,
    "IsImageFileOpen": _is_open,
    "ReportNumOpenFiles": _count_open,
    "ReportOpenImageFile": _open_name,
    "AddToAutodoc": _add_note,
    "WriteAutodoc": _write_notes,
    "SetNewFileType": _new_type,
}

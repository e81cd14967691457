"""What can be checked of a SerialEM microscope while holding its control; only reports are asked.

The one thing that is set is NoMessageBoxOnError, which SerialEM forgets when control ends. Nothing
moves, nothing is exposed, and control is given back at the end.
"""

from __future__ import annotations

from collections.abc import Iterator

from smartscope.domain.check_up import Finding, broken, doubtful, sound
from smartscope.domain.errors import InstrumentError
from smartscope.microscope.errors import BadArgument, CommandFailed, CommandRefused
from smartscope.microscope.serialem.client import SerialEmClient
from smartscope.microscope.serialem.connection import SIMULATOR_VARIABLE, UNDEFINED_VARIABLE
from smartscope.microscope.serialem.doctor.outside import probe_file
from smartscope.microscope.serialem.doctor.reports import reports_for
from smartscope.microscope.serialem.settings import SerialEmSettings


def look_from_inside(settings: SerialEmSettings, client: SerialEmClient) -> Iterator[Finding]:
    """Connect, ask, and leave; what ends the link early is the last finding.

    `client` is new. The caller makes sure that no bridge drives the microscope: it would be thrown
    out.
    """
    try:
        yield from _examine(settings, client)
    except InstrumentError as error:
        yield broken("connection", str(error), "Put that right, then run the doctor again.")
    finally:
        client.close()


def _examine(settings: SerialEmSettings, client: SerialEmClient) -> Iterator[Finding]:
    client.connect()
    yield sound("connection", f"SerialEM at {settings.host}:{settings.port} gave control")
    yield _message_boxes(client)
    try:
        version = client.learn_version()
    except CommandRefused as error:
        yield broken("version", str(error), "Nothing more can be asked of it.")
        return
    yield sound("version", f"SerialEM {version}, {version.commands} commands")
    yield _kind(settings, client)
    for report in reports_for(settings):
        try:
            yield report.judge(client.call(report.command, *report.arguments))
        except BadArgument as error:
            tell = broken if report.vital else doubtful
            yield tell(report.subject, str(error), report.unknown)
        except CommandFailed as error:
            tell = doubtful if report.optional else broken
            yield tell(report.subject, str(error), report.failed)
    yield from _frames_folder(settings, client)


def _message_boxes(client: SerialEmClient) -> Finding:
    client.call("NoMessageBoxOnError", 1)
    try:
        client.call("GetVariable", UNDEFINED_VARIABLE)
    except CommandFailed:
        return sound("message boxes", "errors are answered, no dialog opens")
    return broken(
        "message boxes",
        f"SerialEM knows a variable {UNDEFINED_VARIABLE} that nobody defines",
        "Remove it from SerialEM's persistent variables; its errors cannot be told from answers.",
    )


def _kind(settings: SerialEmSettings, client: SerialEmClient) -> Finding:
    try:
        values = client.call("GetVariable", SIMULATOR_VARIABLE)
    except CommandFailed:
        values = ()
    simulated = bool(values) and str(values[0]).startswith("1")
    if settings.control_port is not None and not simulated:
        return broken(
            "instrument",
            "control_port is set, but this is no simulator",
            "Remove control_port: a real instrument has none.",
        )
    return sound("instrument", "a simulator" if simulated else "a real microscope")


def _frames_folder(settings: SerialEmSettings, client: SerialEmClient) -> Iterator[Finding]:
    """Both sides mean the same folder when SerialEM sees what was just written here."""
    frames = settings.frames
    subject, other = "frames folder", f"SerialEM's {frames.folder}"
    if client.call("DoesFileExist", frames.folder) != (1.0,):
        yield broken(
            subject,
            f"{other} is not there",
            "Create it on the SerialEM computer, or correct frames_folder.",
        )
        return
    probe = probe_file(frames.mount)
    try:
        probe.write_bytes(b"smartscope")
    except OSError as error:
        yield doubtful(
            subject,
            f"{other} is there; whether it is {frames.mount} is not known ({error.strerror})",
            "Take one image with frame saving and look whether its movie appears here.",
        )
        return
    try:
        seen = client.call("DoesFileExist", _joined(frames.folder, probe.name)) == (1.0,)
    finally:
        probe.unlink(missing_ok=True)
    if seen:
        yield sound(subject, f"{other} is {frames.mount} here")
    else:
        yield broken(
            subject,
            f"{other} is not {frames.mount}: a file written here is not seen there",
            "Correct frames_folder or frames_mount, or mount the right share.",
        )


def _joined(folder: str, name: str) -> str:
    """A path as the SerialEM computer writes it."""
    separator = "\\" if "\\" in folder else "/"
    return f"{folder.rstrip(separator)}{separator}{name}"

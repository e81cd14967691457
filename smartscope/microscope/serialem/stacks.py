"""Stacks that SerialEM saves in the frames folder: one name each, opened, closed, read by us.

The file stays where it is; removing it is the business of whoever owns that disk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from smartscope.domain.clock import Clock
from smartscope.domain.errors import BadFile, InstrumentError, LeaseLost
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.link import Operation
from smartscope.microscope.serialem.settings import Frames
from smartscope.microscope.serialem.stack_files import Section, read_stack

#: How long a closed file may take to be seen whole over the network (s).
SAVING_S = 90.0
LOOK_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class StackFolder:
    """The frames folder, for files of several images."""

    frames: Frames
    clock: Clock

    def new_name(self, kind: str) -> str:
        """A file name that no earlier stack has, by the millisecond of its beginning."""
        return f"smartscope_{kind}_{round(self.clock.now() * 1000)}.mrc"

    def named(self, name: str) -> str:
        """The whole name of such a file by the rules of SerialEM's computer."""
        folder = self.frames.folder
        separator = "\\" if "\\" in folder or folder[1:2] == ":" else "/"
        return folder.rstrip("\\/") + separator + name

    def read(self, name: str, count: int) -> tuple[Section, ...]:
        """Wait for the closed file and read it. Raises CameraFailed: the dose was spent."""
        path = self.frames.mount / name
        until_s = self.clock.now() + SAVING_S
        while True:
            try:
                return read_stack(path, count)
            except BadFile as error:
                if self.clock.now() >= until_s:
                    raise CameraFailed(
                        f"The images exposed into {name} cannot be had ({error}) Look for the "
                        "file before anything is repeated, and check that frames_mount is "
                        "SerialEM's frames_folder."
                    ) from error
            self.clock.wait_until(self.clock.now() + LOOK_EVERY_S)


@contextmanager
def closing_file(op: Operation) -> Iterator[None]:
    """Close the file just opened, whatever becomes of what is done with it."""
    try:
        yield
    except InstrumentError:
        # After a lost link, a missed deadline or STOP nothing is sent; what is, may fail as well.
        with suppress(InstrumentError, LeaseLost):
            op.absolute("CloseFile")
        raise
    op.absolute("CloseFile")

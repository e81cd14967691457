"""What a long command says of its files: a bar on a terminal, only the lines in a log."""

from __future__ import annotations

from typing import Final

from django.core.management.base import OutputWrapper

_WIDTH: Final = 24
_AFRESH: Final = "\r\033[K"  # to the line's start, and clear it


class Progress:
    """`show` before each file and once after the last; `line` for what came of it."""

    def __init__(self, output: OutputWrapper) -> None:
        self._output = output

    def show(self, done: int, total: int, name: str) -> None:
        """So many of all the files are done, this one is next."""
        if not self._output.isatty():
            return
        full = round(_WIDTH * done / total)
        bar = "#" * full + "-" * (_WIDTH - full)
        self._output.write(f"{_AFRESH}[{bar}] {done}/{total} {name}", ending="")
        self._output.flush()
        if done == total:
            self._output.write("")

    def line(self, text: str) -> None:
        """One line that stays."""
        self._output.write(f"{_AFRESH}{text}" if self._output.isatty() else text)

"""Where SerialEM puts movies and how it names them; and files that appear late or grow slowly."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path

import tifffile

#: How SerialEM stamps the names of movies.
_STAMP = "%b%d_%H.%M.%S"


@dataclass(slots=True, kw_only=True)
class FrameSaving:
    """Names as SerialEM's machine gives them; `last` is the last movie's whole name."""

    folder: str = ""
    base: str = ""
    base_in_name: bool = False
    base_in_folder: bool = False
    kept: bool = False
    last: str = ""
    early_return: int | None = None

    def stem(self, serial: int, now_s: float) -> str:
        """The next movie's name without its suffix: the base, a number and the time."""
        stamp = time.strftime(_STAMP, time.gmtime(now_s))
        parts = [self.base] if self.base_in_name and self.base else []
        return "_".join([*parts, f"{serial:05d}", stamp])

    def control_ended(self) -> None:
        """Names given for this session only are forgotten."""
        self.early_return = None
        if not self.kept:
            self.base, self.base_in_name, self.base_in_folder = "", False, False


@dataclass(frozen=True, slots=True, kw_only=True)
class SlowFile:
    """A file kept aside until `due_s` on the scope's clock; a growing one is there in part before.

    `aside` holds all of it and is taken away when `path` is whole. With `whole_frames` each part
    is a movie that can be read, of fewer frames.
    """

    aside: Path
    path: Path
    begun_s: float
    due_s: float
    grows: bool
    whole_frames: bool

    def grow(self, share: float) -> None:
        """Let this share of it be there."""
        if not self.whole_frames:
            content = self.aside.read_bytes()
            self.path.write_bytes(content[: int(len(content) * share)])
            return
        frames = tifffile.imread(self.aside)
        if count := int(len(frames) * share):
            tifffile.imwrite(
                self.path,
                frames[:count],
                photometric="minisblack",
                metadata=None,
                compression="lzw",
            )


@dataclass(slots=True)
class SlowFiles:
    """Everything the camera's computer is still writing."""

    writing: list[SlowFile] = field(default_factory=list)

    def hold_back(
        self, path: Path, *, now_s: float, for_s: float, grows: bool, whole_frames: bool = False
    ) -> None:
        """Take a finished file away and let it come `for_s` later."""
        aside = path.with_name(f".{path.name}.aside")
        path.rename(aside)
        slow = SlowFile(
            aside=aside,
            path=path,
            begun_s=now_s,
            due_s=now_s + for_s,
            grows=grows,
            whole_frames=whole_frames,
        )
        self.writing.append(slow)
        self.go_on(now_s)

    def go_on(self, now_s: float) -> None:
        """Bring every file to what would be there by now."""
        for slow in list(self.writing):
            if now_s >= slow.due_s:
                slow.aside.replace(slow.path)
                self.writing.remove(slow)
            elif slow.grows:
                slow.grow((now_s - slow.begun_s) / (slow.due_s - slow.begun_s))

    def finish(self) -> None:
        """The computer ends in order: every file is whole."""
        self.go_on(float("inf"))

"""Movies from the folder where SerialEM saves them into ours: whole, hashed, never overwritten.

The exposure's name is the key: SerialEM was told to begin the file's name with it. The camera's
file stays where it is; removing it is the business of whoever owns that disk.
"""

from __future__ import annotations

import hashlib
import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.clock import Clock
from smartscope.domain.errors import BadFile, StorageFull
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.movie_files import MovieShape, shape_of
from smartscope.microscope.serialem.settings import Frames

#: A file whose size has not changed for so long is closed (s).
STABLE_S = 2.0
#: How long a movie may take to be saved after its exposure (s).
SAVING_S = 90.0
LOOK_EVERY_S = 1.0
BLOCK_BYTES = 8 * 1024 * 1024
_GAIN = re.compile(r"^\s*GainReference\s*=\s*(\S+)\s*$", re.MULTILINE)
_LARGEST_NOTES_BYTES = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """A movie in our folder, with what lies beside it."""

    path: Path
    shape: MovieShape
    sha256: str
    size_bytes: int
    notes: Path | None
    gain: Path | None


@dataclass(frozen=True, slots=True)
class FrameFolder:
    """The folder of movies as this machine sees it."""

    frames: Frames
    clock: Clock

    def find(self, name: str, folder: Path, file_format: str) -> Path | None:
        """`<folder>/<name>.<format>`, brought there when the camera has closed such a movie."""
        target = folder / f"{name}.{file_format}"
        if target.is_file():
            return target
        source = self._source(name, file_format)
        if source is None or not self._is_closed(source):
            return None
        with suppress(BadFile):  # whoever adopts it reads it whole, and judges
            self._bring(source, target)
        return target

    def fetch(self, name: str, folder: Path, file_format: str, *, reported: str) -> Brought:
        """Wait for the movie that SerialEM reported, and bring it.

        Raises CameraFailed when another file was reported, or none that is whole appears in time:
        the dose was spent, so nothing may be repeated before somebody has looked.
        """
        if not _is_named(reported, name):
            raise CameraFailed(
                f"SerialEM says it saved {reported!r}, which does not begin with {name!r}; look "
                "into the frames folder before anything is repeated."
            )
        target = folder / f"{name}.{file_format}"
        until_s = self.clock.now() + SAVING_S
        while True:
            source = self.frames.mount / reported
            trouble = _trouble(source) if source.is_file() else "it is not there"
            if not trouble:
                try:
                    return self._bring(source, target)
                except BadFile as error:
                    raise CameraFailed(
                        f"{reported} was whole, its copy is not ({error}); the camera's own file "
                        "is safe in the frames folder. Check this machine's disk."
                    ) from error
            if self.clock.now() >= until_s:
                raise CameraFailed(
                    f"The movie {reported} did not appear whole in {self.frames.mount} within "
                    f"{SAVING_S:.0f} s: {trouble}. Look for it before anything is repeated, and "
                    "check that frames_mount is SerialEM's frames_folder."
                )
            self.clock.wait_until(self.clock.now() + LOOK_EVERY_S)

    def taken(self, name: str) -> bool:
        """Whether the camera's folder has a movie of that name already."""
        return any(self._source(name, each) is not None for each in ("tif", "mrc"))

    def _source(self, name: str, file_format: str) -> Path | None:
        """The camera's file; SerialEM may put date, time or a number behind the name."""
        exact = self.frames.mount / f"{name}.{file_format}"
        if exact.is_file():
            return exact
        longer = sorted(
            each
            for each in self.frames.mount.glob(f"{_literal(name)}_*.{file_format}")
            if each.is_file()
        )
        return longer[0] if longer else None

    def _is_closed(self, source: Path) -> bool:
        before = source.stat()
        self.clock.wait_until(self.clock.now() + STABLE_S)
        after = source.stat()
        return (before.st_size, before.st_mtime_ns) == (after.st_size, after.st_mtime_ns)

    def _bring(self, source: Path, target: Path) -> Brought:
        """Notes and gain first: where the movie has its name, everything belonging to it is there.

        Raises BadFile, after bringing it, when what was brought is no whole movie.
        """
        notes, gain = self._bring_notes(source, target)
        sha256, size = _copy(source, target)
        return Brought(
            path=target,
            shape=shape_of(target),
            sha256=sha256,
            size_bytes=size,
            notes=notes,
            gain=gain,
        )

    def _bring_notes(self, source: Path, target: Path) -> tuple[Path | None, Path | None]:
        for candidate in (
            source.with_name(f"{source.name}.mdoc"),
            source.with_suffix(".mdoc"),
        ):
            if candidate.is_file():
                notes = target.with_name(f"{target.name}.mdoc")
                _copy(candidate, notes)
                return notes, self._bring_gain(candidate, target.parent)
        return None, None

    def _bring_gain(self, notes: Path, folder: Path) -> Path | None:
        with notes.open("rb") as file:
            text = file.read(_LARGEST_NOTES_BYTES).decode("utf-8", errors="replace")
        found = _GAIN.search(text)
        if found is None or Path(found[1]).name != found[1]:
            return None
        source, target = self.frames.mount / found[1], folder / found[1]
        if not source.is_file():
            return None
        if not target.is_file():
            _copy(source, target)
        return target


def _is_named(file: str, name: str) -> bool:
    """Whether a file's name is `name`, perhaps with date, time or number behind it."""
    return file.startswith((f"{name}.", f"{name}_"))


def _trouble(source: Path) -> str:
    try:
        shape_of(source)
    except BadFile as error:
        return str(error)
    return ""


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy aside, flush, rename; the SHA-256 of what was written, and its length in bytes.

    Raises StorageFull. Nothing to do where both are one file.
    """
    if target.is_file() and target.samefile(source):
        return _digest(source)
    part = target.with_name(f"{target.name}.part")
    digest, size = hashlib.sha256(), 0
    try:
        with source.open("rb") as read, part.open("wb") as write:
            while block := read.read(BLOCK_BYTES):
                digest.update(block)
                size += len(block)
                write.write(block)
            write.flush()
            os.fsync(write.fileno())
        part.replace(target)
        flush_folder(target.parent)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise StorageFull(
            f"{source.name} could not be copied to {target.parent} ({error.strerror}); it is safe "
            "where the camera saved it. Make room; it is adopted from there."
        ) from error
    return digest.hexdigest(), size


def _digest(path: Path) -> tuple[str, int]:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), path.stat().st_size


def flush_folder(folder: Path) -> None:
    """Make a rename in it outlive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

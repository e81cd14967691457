"""Movies from the folder where SerialEM saves them into ours: whole, hashed, never overwritten.

The exposure's name is the key: SerialEM was told to begin the file's name with it. The camera's
file stays where it is; removing it is the business of whoever owns that disk.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from dataclasses import dataclass
from pathlib import Path

from smartscope.domain.clock import Clock
from smartscope.domain.errors import BadFile, StorageFull
from smartscope.domain.no_room import means_no_room
from smartscope.microscope.errors import CameraFailed
from smartscope.microscope.serialem.movie_files import MovieShape, shape_of
from smartscope.microscope.serialem.settings import Frames

log = logging.getLogger(__name__)
#: A file whose size has not changed for so long is closed (s).
STABLE_S = 2.0
#: How long a movie may take to be saved after its exposure (s).
SAVING_S = 90.0
LOOK_EVERY_S = 1.0
#: How far the file server's clock may be behind ours: a movie of another night is older.
CLOCKS_DIFFER_S = 300.0
BLOCK_BYTES = 8 * 1024 * 1024
_GAIN = re.compile(r"^\s*GainReference\s*=\s*(\S+)\s*$", re.MULTILINE)
_NOTED_FRAMES = re.compile(r"^\s*NumSubFrames\s*=\s*(\d{1,6})\s*$", re.MULTILINE)
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

    def find(
        self,
        name: str,
        folder: Path,
        file_format: str,
        *,
        broken_from_s: float = 0.0,
        begun_s: float = 0.0,
    ) -> Path | None:
        """`<folder>/<name>.<format>`, brought there when the camera has closed such a movie.

        One that is not whole may still be on its way: it is not there before `broken_from_s`, and
        is brought as it is afterwards, for whoever adopts it to judge. One last written before
        `begun_s` is refused: it is not of this exposure. Raises StorageFull.
        """
        target = folder / f"{name}.{file_format}"
        if target.is_file():
            return target
        source = self._source(name, file_format)
        if source is None or self._is_older(source, begun_s):
            return None
        whole = not self._why_not_yet(source, None)
        if not whole and (self.clock.now() < broken_from_s or not self._rests(source)):
            return None
        try:
            self._bring(source, target)
        except BadFile as error:  # it has its name: whoever adopts it reads it whole, and judges
            log.warning("%s", error)
        except CameraFailed as error:
            log.warning("%s is not there yet: %s", source.name, error)
            return None
        return target

    def fetch(
        self, name: str, folder: Path, file_format: str, *, reported: str, frames: int | None
    ) -> Brought:
        """Wait for the movie that SerialEM reported, and bring it; `frames` are due, if known.

        Raises CameraFailed when another file was reported, or none that is whole appears in time:
        the dose was spent, so nothing may be repeated before somebody has looked. Raises
        StorageFull when there is no room for it here.
        """
        if not _is_named(reported, name):
            raise CameraFailed(
                f"SerialEM says it saved {reported!r}, which does not begin with {name!r}; look "
                "into the frames folder before anything is repeated."
            )
        source, target = self.frames.mount / reported, folder / f"{name}.{file_format}"
        until_s = self.clock.now() + SAVING_S
        while True:
            trouble = self._why_not_yet(source, frames)
            if not trouble:
                try:
                    return self._bring(source, target)
                except _StillGrowing as error:
                    trouble = str(error)
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

    def _is_older(self, source: Path, begun_s: float) -> bool:
        """Files are stamped in real time: against a simulated clock that says nothing."""
        if self.clock.simulated or source.stat().st_mtime >= begun_s - CLOCKS_DIFFER_S:
            return False
        log.warning("%s was written before its exposure began: it is not adopted", source)
        return True

    def _why_not_yet(self, source: Path, planned: int | None) -> str:
        """Why a movie cannot be taken yet, "" when it is closed and complete.

        A TIFF that is being written looks whole after each of its frames: only their number, or a
        file that rests, tells its end. The camera's own notes know the number better than a plan.
        """
        try:
            shape = shape_of(source)
            noted = _noted_frames(source)
            if noted is not None:
                short = shape.frames != noted
                return f"it has {shape.frames} of {noted} frames" if short else ""
            if planned is not None and shape.frames < planned:
                return (
                    f"it has {shape.frames} of {planned} frames (a camera that chooses its own "
                    "frame time needs sets_frame_time false)"
                )
            return "" if self._rests(source) else "it is still growing"
        except BadFile as error:
            return str(error)
        except OSError as error:
            return f"it is not there ({error.strerror})"

    def _rests(self, source: Path) -> bool:
        """Whether a file has not changed for a while."""
        try:
            before = _stamp(source)
            self.clock.wait_until(self.clock.now() + STABLE_S)
            return _stamp(source) == before
        except OSError:
            return False

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
        beside = _notes_beside(source)
        if beside is None:
            return None, None
        notes = target.with_name(f"{target.name}.mdoc")
        _copy(beside, notes)
        return notes, self._bring_gain(beside, target.parent)

    def _bring_gain(self, notes: Path, folder: Path) -> Path | None:
        found = _GAIN.search(_text_of(notes))
        if found is None or Path(found[1]).name != found[1]:
            return None
        source, target = self.frames.mount / found[1], folder / found[1]
        if not source.is_file():
            return None
        if not target.is_file():
            _copy(source, target)
        return target


class _StillGrowing(CameraFailed):
    """The file changed under our hands: it is not taken, and may be looked at again."""


def _is_named(file: str, name: str) -> bool:
    """Whether a file's name is `name`, perhaps with date, time or number behind it."""
    return file.startswith((f"{name}.", f"{name}_"))


def _notes_beside(source: Path) -> Path | None:
    for candidate in (source.with_name(f"{source.name}.mdoc"), source.with_suffix(".mdoc")):
        if candidate.is_file():
            return candidate
    return None


def _noted_frames(source: Path) -> int | None:
    """How many frames the camera noted that it took."""
    notes = _notes_beside(source)
    found = None if notes is None else _NOTED_FRAMES.search(_text_of(notes))
    return None if found is None else int(found[1])


def _text_of(notes: Path) -> str:
    with notes.open("rb") as file:
        return file.read(_LARGEST_NOTES_BYTES).decode("utf-8", errors="replace")


def _stamp(source: Path) -> tuple[int, int]:
    """Size and time of the last change."""
    found = source.stat()
    return found.st_size, found.st_mtime_ns


def _literal(name: str) -> str:
    return re.sub(r"([*?\[])", r"[\1]", name)


def _copy(source: Path, target: Path) -> tuple[str, int]:
    """Copy aside, flush, rename; the SHA-256 of what was written, and its length in bytes.

    Raises StorageFull when there is no room, CameraFailed when it cannot be read or written, and
    when it changed meanwhile. Nothing to do where both are one file.
    """
    part = target.with_name(f"{target.name}.part")
    try:
        if target.is_file() and target.samefile(source):
            return _digest(source)
        before = _stamp(source)
        digest, size = _write(source, part)
        if _stamp(source) != before:
            raise _StillGrowing(f"{source.name} changed while it was copied; look again later.")
        part.replace(target)
        flush_folder(target.parent)
    except OSError as error:
        raise _not_copied(source, target, error) from error
    finally:
        part.unlink(missing_ok=True)
    return digest, size


def _write(source: Path, part: Path) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, part.open("wb") as write:
        while block := read.read(BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            write.write(block)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest(), size


def _not_copied(source: Path, target: Path, error: OSError) -> StorageFull | CameraFailed:
    """Room is made by a person; anything else may be another thing the next time."""
    what = (
        f"{source.name} could not be copied to {target.parent} ({error.strerror}); it is safe "
        "where the camera saved it."
    )
    if means_no_room(error):
        return StorageFull(f"{what} Make room; it is adopted from there.")
    return CameraFailed(f"{what} Check this machine's disk and the way to the frames folder.")


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

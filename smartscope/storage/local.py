"""Files in a directory of this machine (or of a mounted file server).

A file is written aside as `.part`, flushed to the disk, renamed, and its directory is flushed: it
is there whole after a power cut, or not at all. No link is followed and nothing outside the root is
touched.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.storage.address import key_of
from smartscope.storage.full_disk import storage_full_when_no_room
from smartscope.storage.hashing import HashingWriter, chunks, sha256_of
from smartscope.storage.keys import check_key
from smartscope.storage.store import StoredFile, Writer

QUARANTINE = "quarantine"


class LocalStore:
    """A `Store` below one directory, which must exist; the protocol says what each method does."""

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise NotFound(
                f"The storage directory {root} does not exist; create it or correct "
                "SMARTSCOPE_STORAGE_URL."
            )
        self._root = root.resolve()

    @property
    def root_url(self) -> str:
        """`file:///...` of the directory."""
        return self._root.as_uri()

    def url(self, address: str) -> str:
        """The `file://` URL of an address."""
        return f"{self.root_url}/{key_of(address, self.root_url)}"

    def write_atomic(self, key: str, writer: Writer) -> StoredFile:
        """`.part` in the same directory, fsync, rename, fsync directory."""
        path = self._path(check_key(key))
        with storage_full_when_no_room(key):
            self._make_directories(path.parent)
            part = path.parent / f".{path.name}.{secrets.token_hex(4)}.part"
            try:
                written = _fill(part, writer)
                part.replace(path)
            except BaseException:
                part.unlink(missing_ok=True)
                raise
            _flush_directory(path.parent)
        return StoredFile(self.url(key), key, written.tell(), written.sha256)

    def copy_in(self, key: str, source: Path) -> StoredFile:
        """Copy a local file; the source stays."""
        with source.open("rb") as stream:
            return self.write_atomic(key, lambda out: [out.write(part) for part in chunks(stream)])

    def open(self, address: str) -> BinaryIO:
        """The file, opened without following links."""
        path = self._path(key_of(address, self.root_url))
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError, OSError) as error:
            raise self._missing(address, error) from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise self._missing(address)
        return cast(BinaryIO, os.fdopen(descriptor, "rb"))

    @contextmanager
    def local_copy(self, address: str) -> Iterator[Path]:
        """The file itself: no copy is needed where the store is local."""
        self.open(address).close()
        yield self._path(key_of(address, self.root_url))

    def exists(self, address: str) -> bool:
        """True when a regular file is there."""
        path = self._path(key_of(address, self.root_url))
        return path.is_file() and not path.is_symlink()

    def size(self, address: str) -> int:
        """Length in bytes."""
        with self.open(address) as stream:
            return os.fstat(stream.fileno()).st_size

    def sha256(self, address: str) -> str:
        """Checksum, read again."""
        with self.open(address) as stream:
            return sha256_of(stream)

    def delete(self, address: str) -> None:
        """Remove the file if it is there."""
        path = self._path(key_of(address, self.root_url))
        with suppress(FileNotFoundError):
            path.unlink()
            _flush_directory(path.parent)

    def quarantine(self, address: str, reason: str) -> str:
        """Move to `quarantine/` under the same key, with `<name>.reason.txt` beside it."""
        key = key_of(address, self.root_url)
        source = self._path(key)
        if not self.exists(key):
            raise self._missing(address)
        moved = f"{QUARANTINE}/{key}"
        target = self._path(moved)
        self.write_atomic(f"{moved}.reason.txt", lambda out: out.write(f"{reason}\n".encode()))
        source.replace(target)
        _flush_directory(target.parent)
        _flush_directory(source.parent)
        return self.url(moved)

    def free_bytes(self) -> int | None:
        """Room that an ordinary user may still fill."""
        return shutil.disk_usage(self._root).free

    def _path(self, key: str) -> Path:
        """The path of a checked key. Raises `InvalidInput` when a link leads out of the root."""
        path = self._root / key
        if not path.parent.resolve().is_relative_to(self._root):
            raise InvalidInput({"key": f"{key!r} leads out of the storage directory {self._root}."})
        return path

    def _make_directories(self, directory: Path) -> None:
        missing = []
        while not directory.exists():
            missing.append(directory)
            directory = directory.parent
        for folder in reversed(missing):
            folder.mkdir(exist_ok=True)
            _flush_directory(folder.parent)

    def _missing(self, address: str, error: OSError | None = None) -> NotFound:
        if error is not None and error.errno == errno.ELOOP:
            return NotFound(f"{address} is a link, which the storage does not follow.")
        why = f" ({error.strerror})" if error is not None and error.strerror else ""
        return NotFound(f"There is no file {address} in the storage{why}; it was moved or deleted.")


def _fill(part: Path, writer: Writer) -> HashingWriter:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(part, flags, 0o640), "wb") as stream:
        hashing = HashingWriter(stream)
        writer(cast(BinaryIO, hashing))
        stream.flush()
        os.fsync(stream.fileno())
    return hashing


def _flush_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

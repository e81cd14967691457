"""What a place for files must be able to do, whether it is a local directory or a bucket."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

Writer = Callable[[BinaryIO], object]
"""Writes a whole file, front to back; the stream it gets cannot seek."""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file that is whole and in place: what its database row must say."""

    url: str
    key: str
    bytes: int
    sha256: str


class Store(Protocol):
    """Files under one URL. An *address* is a key or the URL found in a row; both are accepted."""

    @property
    def root_url(self) -> str:
        """The URL that every address of this store begins with, without a trailing slash."""
        ...

    def url(self, address: str) -> str:
        """The URL to keep in the row. Raises `InvalidInput` for an address of another store."""
        ...

    def write_atomic(self, key: str, writer: Writer) -> StoredFile:
        """Let `writer` fill a new file that appears whole or not at all.

        Raises `StorageFull` when there is no room, and whatever `writer` raises; both leave
        nothing behind. A file of that key is replaced.
        """
        ...

    def copy_in(self, key: str, source: Path) -> StoredFile:
        """Store a copy of a local file; the source stays. Raises as `write_atomic`."""
        ...

    def open(self, address: str) -> BinaryIO:
        """A seekable stream for reading. Raises `NotFound`."""
        ...

    def local_copy(self, address: str) -> AbstractContextManager[Path]:
        """A path that readers which insist on one may read, never write. Raises `NotFound`."""
        ...

    def exists(self, address: str) -> bool:
        """True when a whole file is there."""
        ...

    def size(self, address: str) -> int:
        """Its length in bytes. Raises `NotFound`."""
        ...

    def sha256(self, address: str) -> str:
        """The checksum of what is stored now, read again from the first byte. Raises `NotFound`."""
        ...

    def delete(self, address: str) -> None:
        """Remove it; nothing happens when it is already gone."""
        ...

    def quarantine(self, address: str, reason: str) -> str:
        """Move a bad file out of the way, note why beside it, and return its new URL."""
        ...

    def free_bytes(self) -> int | None:
        """Room left in bytes; None where the store cannot tell."""
        ...

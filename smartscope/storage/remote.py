"""Files behind any Django storage backend, such as a bucket: spooled locally, then uploaded.

Object stores replace a whole object at once, so an upload that fails leaves no half object.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from django.core.files.base import File
from django.core.files.storage import Storage

from smartscope.domain.errors import NotFound, SmartscopeError
from smartscope.storage.address import key_of
from smartscope.storage.full_disk import storage_full_when_no_room
from smartscope.storage.hashing import HashingWriter, chunks, sha256_of
from smartscope.storage.keys import check_key
from smartscope.storage.local import QUARANTINE
from smartscope.storage.store import StoredFile, Writer


class RemoteStore:
    """A `Store` over a Django backend whose keys are ours; see the protocol for the promises."""

    def __init__(self, backend: Storage, root_url: str) -> None:
        self._backend = backend
        self._root_url = root_url.rstrip("/")

    @property
    def root_url(self) -> str:
        """The bucket and prefix, as `s3://bucket/prefix`."""
        return self._root_url

    def url(self, address: str) -> str:
        """The URL of an address below the bucket."""
        return f"{self._root_url}/{key_of(address, self._root_url)}"

    def write_atomic(self, key: str, writer: Writer) -> StoredFile:
        """Spool to a temporary file, then upload the whole."""
        check_key(key)
        with storage_full_when_no_room(key), tempfile.TemporaryFile() as spool:
            hashing = HashingWriter(cast(BinaryIO, spool))
            writer(cast(BinaryIO, hashing))
            spool.seek(0)
            self._put(key, cast(BinaryIO, spool))
        return StoredFile(self.url(key), key, hashing.tell(), hashing.sha256)

    def copy_in(self, key: str, source: Path) -> StoredFile:
        """Upload a local file; the source stays."""
        with source.open("rb") as stream:
            return self.write_atomic(key, lambda out: [out.write(part) for part in chunks(stream)])

    def open(self, address: str) -> BinaryIO:
        """The object as a seekable stream."""
        key = self._present(address)
        return cast(BinaryIO, self._backend.open(key, "rb"))

    @contextmanager
    def local_copy(self, address: str) -> Iterator[Path]:
        """A temporary download, removed afterwards; it keeps its extension."""
        suffix = Path(key_of(address, self._root_url)).suffix
        with (
            storage_full_when_no_room(address),
            tempfile.NamedTemporaryFile(suffix=suffix) as local,
        ):
            with self.open(address) as stream:
                for part in chunks(stream):
                    local.write(part)
            local.flush()
            yield Path(local.name)

    def exists(self, address: str) -> bool:
        """True when the object is there."""
        return self._backend.exists(key_of(address, self._root_url))

    def size(self, address: str) -> int:
        """Length in bytes."""
        return self._backend.size(self._present(address))

    def sha256(self, address: str) -> str:
        """Checksum of a fresh download."""
        with self.open(address) as stream:
            return sha256_of(stream)

    def delete(self, address: str) -> None:
        """Remove the object if it is there."""
        self._backend.delete(key_of(address, self._root_url))

    def quarantine(self, address: str, reason: str) -> str:
        """Copy to `quarantine/`, note why beside it, then delete the original."""
        key = self._present(address)
        moved = f"{QUARANTINE}/{key}"
        with self.open(key) as stream:
            self.write_atomic(moved, lambda out: [out.write(part) for part in chunks(stream)])
        self.write_atomic(f"{moved}.reason.txt", lambda out: out.write(f"{reason}\n".encode()))
        self._backend.delete(key)
        return self.url(moved)

    def free_bytes(self) -> int | None:
        """Not known for a bucket."""
        return None

    def _put(self, key: str, spool: BinaryIO) -> None:
        if self._backend.exists(key):
            self._backend.delete(key)
        saved = self._backend.save(key, File(spool, name=key))
        if saved != key:
            self._backend.delete(saved)
            raise SmartscopeError(
                f"The storage would have saved {key} as {saved}: another process writes the same "
                "key. Let the step run again."
            )

    def _present(self, address: str) -> str:
        key = key_of(address, self._root_url)
        if not self._backend.exists(key):
            raise NotFound(f"There is no file {address} in the storage; it was moved or deleted.")
        return key

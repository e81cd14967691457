"""A write-only stream that counts and checksums what passes through it."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from typing import BinaryIO

from typing_extensions import Buffer

CHUNK_BYTES = 1 << 20


class HashingWriter(io.RawIOBase):
    """Passes bytes on to `target` in order; it cannot seek, so the checksum is the file's."""

    def __init__(self, target: BinaryIO) -> None:
        super().__init__()
        self._target = target
        self._digest = hashlib.sha256()
        self._bytes = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Buffer, /) -> int:
        """Write all of `data`; raises `OSError` as the target does."""
        view = memoryview(data).cast("B")
        self._target.write(view)
        self._digest.update(view)
        self._bytes += view.nbytes
        return view.nbytes

    def tell(self) -> int:
        """Bytes written so far."""
        return self._bytes

    @property
    def sha256(self) -> str:
        """Hexadecimal checksum of everything written so far."""
        return self._digest.hexdigest()


def chunks(stream: BinaryIO) -> Iterator[bytes]:
    """The rest of `stream`, a megabyte at a time."""
    while chunk := stream.read(CHUNK_BYTES):
        yield chunk


def sha256_of(stream: BinaryIO) -> str:
    """Hexadecimal checksum of the rest of `stream`."""
    digest = hashlib.sha256()
    for chunk in chunks(stream):
        digest.update(chunk)
    return digest.hexdigest()

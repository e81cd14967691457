"""What every store promises, on a local directory and behind a Django storage backend."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import pytest
from django.core.files.storage import InMemoryStorage

from smartscope.domain.errors import InvalidInput, NotFound, StorageFull
from smartscope.storage.local import LocalStore
from smartscope.storage.remote import RemoteStore
from smartscope.storage.store import Store

KEY = "night/grid/exposure/1_2_e3.mrc"


@pytest.fixture(params=["local", "remote"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "local":
        yield LocalStore(tmp_path)
    else:
        yield RemoteStore(InMemoryStorage(), "s3://bucket/prefix")


def put(store: Store, data: bytes, key: str = KEY) -> None:
    store.write_atomic(key, lambda out: out.write(data))


def test_what_was_written_is_read_back_with_its_size_and_checksum(store: Store) -> None:
    def writer(out: BinaryIO) -> None:
        out.write(b"abc")
        out.write(b"defg")

    stored = store.write_atomic(KEY, writer)
    assert stored.url == f"{store.root_url}/{KEY}"
    assert (stored.bytes, stored.sha256) == (7, hashlib.sha256(b"abcdefg").hexdigest())
    for address in (KEY, stored.url):
        assert store.exists(address)
        assert store.size(address) == 7
        assert store.sha256(address) == stored.sha256
        with store.open(address) as stream:
            assert stream.read(3) == b"abc"
            stream.seek(0)
            assert stream.read() == b"abcdefg"
        with store.local_copy(address) as path:
            assert path.read_bytes() == b"abcdefg"
            assert path.suffix == ".mrc"


def test_a_file_of_the_same_key_is_replaced(store: Store) -> None:
    put(store, b"old and longer")
    put(store, b"new")
    with store.open(KEY) as stream:
        assert stream.read() == b"new"


def test_a_local_file_is_copied_in_and_stays(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "from_camera.tif"
    source.write_bytes(b"x" * 3_000_000)
    stored = store.copy_in(KEY, source)
    assert stored.sha256 == hashlib.sha256(source.read_bytes()).hexdigest()
    assert store.size(KEY) == 3_000_000


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(store: Store) -> None:
    put(store, b"old")

    def writer(out: BinaryIO) -> None:
        out.write(b"half of the new one")
        raise RuntimeError("the camera went away")

    with pytest.raises(RuntimeError, match="camera"):
        store.write_atomic(KEY, writer)
    with store.open(KEY) as stream:
        assert stream.read() == b"old"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EDQUOT])
def test_no_room_is_storage_full_and_registers_nothing(store: Store, code: int) -> None:
    def writer(out: BinaryIO) -> None:
        out.write(b"half")
        raise OSError(code, "no room")

    with pytest.raises(StorageFull, match="nothing was registered"):
        store.write_atomic(KEY, writer)
    assert not store.exists(KEY)


def test_another_operating_system_error_is_not_called_a_full_disk(store: Store) -> None:
    def writer(out: BinaryIO) -> None:
        raise OSError(errno.EIO, "broken")

    with pytest.raises(OSError, match="broken"):
        store.write_atomic(KEY, writer)


def test_a_missing_file_is_not_found(store: Store) -> None:
    assert not store.exists(KEY)
    for act in (store.size, store.sha256, store.open):
        with pytest.raises(NotFound):
            act(KEY)
    with pytest.raises(NotFound), store.local_copy(KEY):
        pass
    with pytest.raises(NotFound):
        store.quarantine(KEY, "why")


def test_deleting_twice_is_as_good_as_once(store: Store) -> None:
    put(store, b"x")
    store.delete(KEY)
    store.delete(KEY)
    assert not store.exists(KEY)


def test_a_bad_file_is_moved_aside_with_its_reason(store: Store) -> None:
    put(store, b"broken")
    url = store.quarantine(KEY, "The header lies.")
    assert url == f"{store.root_url}/quarantine/{KEY}"
    assert not store.exists(KEY)
    with store.open(url) as stream:
        assert stream.read() == b"broken"
    with store.open(f"quarantine/{KEY}.reason.txt") as stream:
        assert stream.read() == b"The header lies.\n"


@pytest.mark.parametrize(
    "address", ["../x", "/etc/passwd", "file:///etc/passwd", "s3://other/x", "a/../../x"]
)
def test_an_address_of_elsewhere_is_refused(store: Store, address: str) -> None:
    for act in (store.open, store.exists, store.delete, store.url, store.size):
        with pytest.raises(InvalidInput):
            act(address)
    with pytest.raises(InvalidInput):
        put(store, b"x", key=address)

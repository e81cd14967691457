"""What only a directory can show: links, leftovers, and a disk that is really full."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smartscope.domain.errors import InvalidInput, NotFound
from smartscope.storage.local import LocalStore

KEY = "night/grid/exposure/1_2_e3.mrc"

FULL_DISK = """
import resource, sys
from pathlib import Path
from smartscope.domain.errors import StorageFull
from smartscope.storage.local import LocalStore

resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
store = LocalStore(Path(sys.argv[1]))
store.write_atomic("night/grid/exposure/1_1_e1.mrc", lambda out: out.write(b"x" * 150_000))
try:
    store.write_atomic(
        "night/grid/exposure/1_2_e1.mrc", lambda out: [out.write(b"x" * 1000) for _ in range(300)]
    )
except StorageFull as error:
    print(error)
"""


def files_below(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_a_disk_that_fills_while_writing_leaves_nothing_half_written(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "No room to write night/grid/exposure/1_2_e1.mrc" in done.stdout
    assert files_below(tmp_path) == {"night/grid/exposure/1_1_e1.mrc"}


def test_a_failed_write_leaves_no_part_file(tmp_path: Path) -> None:
    def writer(_: object) -> None:
        seen.update(files_below(tmp_path))
        raise RuntimeError("no")

    seen: set[str] = set()
    with pytest.raises(RuntimeError):
        LocalStore(tmp_path).write_atomic(KEY, writer)
    assert len(seen) == 1
    assert seen.pop().endswith(".part")
    assert files_below(tmp_path) == set()


def test_a_link_in_place_of_a_file_is_not_followed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("s")
    link = tmp_path / KEY
    link.parent.mkdir(parents=True)
    link.symlink_to(secret)
    assert not store.exists(KEY)
    with pytest.raises(NotFound, match="does not follow"):
        store.open(KEY)


def test_a_linked_directory_does_not_lead_out(tmp_path: Path) -> None:
    root = tmp_path / "root"
    outside = tmp_path / "outside"
    root.mkdir()
    outside.mkdir()
    (outside / "file.mrc").write_text("s")
    (root / "night").symlink_to(outside)
    store = LocalStore(root)
    for act in (store.open, store.exists, store.delete):
        with pytest.raises(InvalidInput, match="leads out"):
            act("night/file.mrc")
    with pytest.raises(InvalidInput, match="leads out"):
        store.write_atomic("night/new.mrc", lambda out: out.write(b"x"))
    assert files_below(outside) == {"file.mrc"}


def test_a_directory_is_not_a_file(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.write_atomic(KEY, lambda out: out.write(b"x"))
    assert not store.exists("night/grid")
    with pytest.raises(NotFound):
        store.open("night/grid")


def test_a_missing_storage_directory_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="SMARTSCOPE_STORAGE_URL"):
        LocalStore(tmp_path / "nothing")


def test_free_room_is_known(tmp_path: Path) -> None:
    free = LocalStore(tmp_path).free_bytes()
    assert free is not None
    assert free > 0

"""Root lends PostgreSQL an account without opening anybody's home."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from smartscope.servers.account import Account, reachable_copy, reachable_directory

SOMEBODY = Account(uid=65534, gid=65534)


@pytest.fixture
def private(tmp_path: Path) -> Path:
    directory = tmp_path / "home"
    directory.mkdir(mode=0o700)
    return directory


def test_an_ordinary_user_keeps_files_where_they_were_wanted(private: Path) -> None:
    assert reachable_directory(private / "postgres", None) == private / "postgres"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")
def test_a_closed_home_is_left_closed_and_a_directory_outside_stands_for_it(private: Path) -> None:
    first = reachable_directory(private / "postgres", SOMEBODY)
    assert first == reachable_directory(private / "postgres", SOMEBODY)
    assert private not in first.parents
    assert private.stat().st_mode & 0o777 == 0o700


@pytest.mark.skipif(os.geteuid() != 0, reason="only root lends an account")
def test_a_program_in_a_closed_home_is_copied_whole(
    private: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = private / "pg" / "install"
    (installed / "bin").mkdir(parents=True)
    (installed / "bin" / "postgres").write_text("program")
    (private / "pg.libs").mkdir()
    (private / "pg.libs" / "libpq.so").write_text("library")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    copy = reachable_copy(installed, SOMEBODY)
    assert private not in copy.parents
    assert (copy / "bin" / "postgres").read_text() == "program"
    assert (copy.parent.parent / "pg.libs" / "libpq.so").read_text() == "library"
    assert reachable_copy(installed, SOMEBODY) == copy

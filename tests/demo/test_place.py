"""The demo's directory: held by one, its secret kept to its owner, forgotten when asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from smartscope.demo.place import AlreadyRunning, Place

ROOT = Path(__file__).resolve().parents[2]


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    place = Place(tmp_path / "demo")
    place.prepare()
    secret = place.secrets.read_text()
    place.prepare()
    assert place.secrets.read_text() == secret
    assert len(secret) >= 48
    assert place.secrets.stat().st_mode & 0o777 == 0o600


def test_a_second_demo_is_told_who_runs_the_first(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from smartscope.demo.place import Place\n"
        "with Place(Path(sys.argv[1])).held(): pass\n"
    )
    place = Place(tmp_path / "demo")
    with place.held(), pytest.raises(AlreadyRunning, match=r"already runs \(process"), place.held():
        pass
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "demo")], cwd=ROOT, check=False
    )
    assert done.returncode == 0, "the directory is free again once its holder has let go"


def test_forgetting_leaves_nothing_of_the_last_demo(tmp_path: Path) -> None:
    place = Place(tmp_path / "demo")
    place.prepare()
    (place.data / "image.mrc").touch()
    place.forget()
    assert not place.directory.exists()
    place.forget()


def test_forgetting_a_night_leaves_only_the_cluster(tmp_path: Path) -> None:
    place = Place(tmp_path / "demo")
    place.prepare()
    (place.servers / "redis").mkdir()
    (place.servers / "postgres").mkdir()
    (place.servers / "postgres" / "log.txt").touch()
    (place.directory / "worlds").mkdir()
    place.forget_night()
    left = {path.relative_to(place.directory) for path in place.directory.rglob("*")}
    names = {Path("servers"), Path("servers/postgres"), Path("servers/postgres/log.txt")}
    assert left == names

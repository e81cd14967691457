"""What can go wrong when the demo starts is said in one sentence before anything is started."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartscope.demo import ports
from smartscope.demo.__main__ import main
from smartscope.demo.options import BASE_DIR, DEFAULT_PORT, parse
from smartscope.demo.place import Place
from smartscope.demo.ports import PortTaken, take_port


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind((ports.LOOPBACK, 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_refused_when_it_was_asked_for(taken_port: int) -> None:
    with pytest.raises(PortTaken, match=f"{taken_port} is taken.*--port"):
        take_port(taken_port)


def test_two_demos_that_start_at_the_same_time_get_different_ports() -> None:
    with take_port(0) as first, take_port(0) as second:
        one, other = first.getsockname()[1], second.getsockname()[1]
    assert DEFAULT_PORT <= one < other


def test_the_demo_says_which_port_is_taken_and_starts_nothing(
    taken_port: int, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert main(["--port", str(taken_port), "--directory", str(tmp_path / "demo")]) == 1
    assert f"Port {taken_port} is taken" in capfd.readouterr().err


def demo_that_fails(directory: Path, **environment: str) -> str:
    """What a demo with these variables says when it ends at once, as it must."""
    kept = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [sys.executable, "-m", "smartscope.demo", "--directory", str(directory)],
        cwd=BASE_DIR,
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    # for root the database lies outside the test's directory
    Place(directory).forget()
    assert done.returncode == 1, done.stdout
    return done.stderr


def test_the_demo_says_that_a_named_database_does_not_answer(tmp_path: Path) -> None:
    url = f"postgresql://nobody@/none?host={tmp_path}"
    error = demo_that_fails(tmp_path / "demo", DATABASE_URL=url)
    assert "DATABASE_URL names a PostgreSQL" in error
    assert "Traceback" not in error


def test_a_named_database_is_never_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://nobody@/none")
    assert main(["--fresh", "--directory", str(tmp_path / "demo")]) == 1
    assert "--fresh empties only the demo's own database" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--grids", "0"], "a cassette holds 1 to 12 grids"),
        (["--grids", "13"], "a cassette holds 1 to 12 grids"),
        (["--grids", "two"], "a cassette holds 1 to 12 grids"),
        (["--speed", "-1"], "give a number above 0, or instant"),
        (["--speed", "inf"], "give a number above 0, or instant"),
        (["--port", "99999"], "give a port from 1024 to 65535"),
        (["--json", "out.json"], "add --exit-when-done"),
        (["--exit-when-done", "--json", "nowhere/out.json"], "a directory that exists"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    words: list[str], said: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        parse(words)
    assert said in capfd.readouterr().err


def test_a_setting_that_makes_no_sense_is_named_without_a_traceback(tmp_path: Path) -> None:
    error = demo_that_fails(tmp_path / "demo", SMARTSCOPE_MODE="nonsense")
    assert "SMARTSCOPE_MODE is 'nonsense'" in error
    assert "Traceback" not in error


def test_the_night_may_be_instant() -> None:
    assert parse(["--speed", "instant"]).speed == "instant"

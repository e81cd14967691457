"""Children end when they are told, in order, and with their starter however it dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from smartscope.servers.children import STAGE_SERVERS, STAGE_SERVICES, Children, Command
from smartscope.servers.guard import is_running

# Says "ready" into a file, then writes its name into `ended` when it is asked to end.
POLITE = """
import pathlib, signal, sys, time
name, directory = sys.argv[1], pathlib.Path(sys.argv[2])
def end(*_):
    with (directory / "ended").open("a") as file: file.write(name + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
(directory / ("ready-" + name)).touch()
time.sleep(60)
"""
DEAF = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
(pathlib.Path(sys.argv[2]) / ("ready-" + sys.argv[1])).touch()
time.sleep(60)
"""
STARTER = """
import pathlib, sys, time
from smartscope.servers.children import Children, Command
here = pathlib.Path(sys.argv[1])
children = Children(directories=(here / "sockets",))
child = children.start(Command(name="deaf", arguments=[sys.executable, "-c", sys.argv[2], "deaf",
    sys.argv[1]], grace_s=0.2))
(here / "pid").write_text(str(child.process.pid))
time.sleep(60)
"""


def command(name: str, here: Path, *, script: str = POLITE, stage: int = STAGE_SERVICES) -> Command:
    return Command(
        name=name,
        arguments=[sys.executable, "-c", script, name, str(here)],
        stage=stage,
        grace_s=5.0 if script is POLITE else 0.2,
    )


def await_file(path: Path) -> None:
    deadline_s = time.monotonic() + 20
    while not path.exists():
        assert time.monotonic() < deadline_s, f"{path.name} never appeared"
        time.sleep(0.02)


def test_services_end_before_the_servers_they_use(tmp_path: Path) -> None:
    with Children() as children:
        children.start(command("database", tmp_path, stage=STAGE_SERVERS))
        children.start(command("web", tmp_path))
        await_file(tmp_path / "ready-database")
        await_file(tmp_path / "ready-web")
    assert (tmp_path / "ended").read_text() == "web database "


def test_a_child_that_does_not_listen_is_killed_after_its_grace(tmp_path: Path) -> None:
    with Children() as children:
        child = children.start(command("deaf", tmp_path, script=DEAF))
        await_file(tmp_path / "ready-deaf")
        assert children.stop(child) == -signal.SIGKILL


def test_what_a_dead_child_started_is_killed_too(tmp_path: Path) -> None:
    script = (
        "import pathlib, subprocess, sys\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "pathlib.Path(sys.argv[2], 'grandchild').write_text(str(p.pid))\n"
    )
    with Children() as children:
        child = children.start(command("parent", tmp_path, script=script))
        child.process.wait(timeout=20)
        children.forget(child)
    assert_ends(int((tmp_path / "grandchild").read_text()))


def test_children_of_a_killed_starter_end_and_its_directories_go(tmp_path: Path) -> None:
    (tmp_path / "sockets").mkdir()
    starter = subprocess.Popen(
        [sys.executable, "-c", STARTER, str(tmp_path), DEAF],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    await_file(tmp_path / "ready-deaf")
    await_file(tmp_path / "pid")
    starter.kill()
    starter.wait()
    assert_ends(int((tmp_path / "pid").read_text()))
    deadline_s = time.monotonic() + 20
    while (tmp_path / "sockets").exists():
        assert time.monotonic() < deadline_s
        time.sleep(0.02)


def assert_ends(pid: int) -> None:
    deadline_s = time.monotonic() + 20
    while is_running(pid):
        assert time.monotonic() < deadline_s, f"process {pid} still runs"
        time.sleep(0.02)


def test_a_command_that_does_not_exist_leaves_nothing_behind(tmp_path: Path) -> None:
    with Children() as children, pytest.raises(FileNotFoundError):
        children.start(Command(name="none", arguments=[str(tmp_path / "no-such-program")]))

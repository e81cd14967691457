"""A service that dies comes back, later each time, and is given up aloud when it never stays."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from smartscope.demo.supervision import ServiceKeepsDying, Supervisor
from smartscope.servers.children import Children, Command


@dataclass
class Stage:
    """A supervisor on a clock that tests move, and what it said."""

    now_s: float = 0.0
    said: list[str] = field(default_factory=list)
    children: Children = field(default_factory=Children)

    def supervisor(self) -> Supervisor:
        return Supervisor(self.children, self.said.append, lambda: self.now_s)

    def let_die(self, supervisor: Supervisor) -> None:
        for child in self.children.running():
            child.process.wait(timeout=20)
        supervisor.look()


@pytest.fixture
def stage() -> Iterator[Stage]:
    stage = Stage()
    with stage.children:
        yield stage


def dying(tmp_path: Path, code: int = 3) -> Command:
    log = tmp_path / "bridge.txt"
    script = f"print('no microscope'); raise SystemExit({code})"
    return Command(name="bridge", arguments=[sys.executable, "-c", script], log=log)


def test_a_dead_service_starts_again_after_its_delay(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage.supervisor()
    supervisor.keep(dying(tmp_path))
    stage.let_die(supervisor)
    assert stage.said == [
        "The bridge ended with code 3; it starts again in 1 s.",
        "  its log ends: no microscope",
    ]
    stage.now_s = 0.5
    supervisor.look()
    assert stage.children.running() == ()
    stage.now_s = 1.0
    supervisor.look()
    assert len(stage.children.running()) == 1


def test_a_service_that_never_stays_is_given_up_with_the_end_of_its_log(
    stage: Stage, tmp_path: Path
) -> None:
    supervisor = stage.supervisor()
    supervisor.keep(dying(tmp_path))
    for _ in range(4):
        stage.let_die(supervisor)
        stage.now_s += 30
        supervisor.look()
    with pytest.raises(ServiceKeepsDying, match="no microscope"):
        stage.let_die(supervisor)
    assert [line.rpartition("in ")[2] for line in stage.said[::2]] == [
        "1 s.",
        "2 s.",
        "4 s.",
        "8 s.",
    ]


def test_a_service_that_asks_to_be_started_again_is_never_given_up(
    stage: Stage, tmp_path: Path
) -> None:
    supervisor = stage.supervisor()
    supervisor.keep(dying(tmp_path, code=75))
    for _ in range(8):
        stage.let_die(supervisor)
        stage.now_s += 30
        supervisor.look()
    assert len(stage.children.running()) == 1
    assert stage.said[-2] == "The bridge ended with code 75; it starts again in 30 s."


def test_a_steady_minute_forgives_earlier_deaths(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage.supervisor()
    supervisor.keep(dying(tmp_path))
    for _ in range(8):
        stage.now_s += 61
        stage.let_die(supervisor)
        stage.now_s += 1
        supervisor.look()
    assert {line.rpartition("in ")[2] for line in stage.said[::2]} == {"1 s."}


def test_a_server_that_was_started_before_is_kept_too(stage: Stage, tmp_path: Path) -> None:
    supervisor = stage.supervisor()
    supervisor.adopt(stage.children.start(dying(tmp_path)))
    stage.let_die(supervisor)
    stage.now_s = 1.0
    supervisor.look()
    assert [child.name for child in stage.children.running()] == ["bridge"]


def test_a_service_that_can_wait_starts_when_its_time_has_come(
    stage: Stage, tmp_path: Path
) -> None:
    supervisor = stage.supervisor()
    supervisor.keep(dying(tmp_path), after_s=10.0)
    supervisor.look()
    assert stage.children.running() == ()
    stage.now_s = 10.0
    supervisor.look()
    assert [child.name for child in stage.children.running()] == ["bridge"]

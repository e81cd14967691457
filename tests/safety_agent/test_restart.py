"""The agent as a process: killed while armed it still acts; ended while armed it says so."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from smartscope.microscope.safety_line import SafetyLine
from smartscope.models import Microscope
from tests.architecture.sources import ROOT
from tests.safety_agent.conftest import Valves, hold, renewed
from tests.safety_agent.rig import KEY, database_url
from tests.workers.alarms.sinks import Sink, web_sink

pytestmark = pytest.mark.system
SILENCE_S = 1.5


def free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def agent(config: Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "safety_agent", "--config", str(config)], cwd=ROOT
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture
def phone() -> Iterator[Sink]:
    with web_sink() as sink:
        yield sink


@pytest.fixture
def config(microscope: Microscope, valves: Valves, phone: Sink, tmp_path: Path) -> Path:
    (tmp_path / "key").write_text(KEY)
    given = {
        "SMARTSCOPE_AGENT_MICROSCOPE": microscope.pk,
        "SMARTSCOPE_AGENT_LISTEN": f"127.0.0.1:{free_port()}",
        "SMARTSCOPE_AGENT_KEY_FILE": tmp_path / "key",
        "SMARTSCOPE_AGENT_INSTRUMENT": f"127.0.0.1:{valves.port}",
        "SMARTSCOPE_AGENT_STATE": tmp_path / "agent.json",
        "SMARTSCOPE_AGENT_PAGE_URLS": f"json://127.0.0.1:{phone.port}/page",
        "DATABASE_URL": database_url(),
    }
    lines = [f'{name} = "{value}"' for name, value in given.items()]
    path = tmp_path / "agent.toml"
    path.write_text("\n".join([*lines, f"SMARTSCOPE_AGENT_SILENCE_S = {SILENCE_S}"]))
    return path


def line_to(config: Path, microscope: Microscope) -> SafetyLine:
    text = config.read_text().split('LISTEN = "')[1].split('"')[0]
    return SafetyLine(text, KEY, str(microscope.pk))


def until_it_says(line: SafetyLine, word: str) -> None:
    until_s = time.monotonic() + 15
    while (answer := line.status(timeout_s=0.2)) is None or answer.text != word:
        assert time.monotonic() < until_s, answer
        time.sleep(0.02)


def test_killed_while_armed_and_started_again_it_closes_the_valves(
    config: Path, microscope: Microscope, valves: Valves
) -> None:
    hold(microscope, seconds=0.1)
    line = line_to(config, microscope)
    with agent(config) as first:
        until_it_says(line, "watching")
        line.beat(epoch=1, counter=1)
        until_it_says(line, "armed")
        first.kill()
        first.wait()
    assert valves.open
    with agent(config):
        until_it_says(line, "tripped")
        until_s = time.monotonic() + 5
        while valves.open:
            assert time.monotonic() < until_s
            time.sleep(0.02)


def test_ended_by_a_person_while_armed_it_pages(
    config: Path, microscope: Microscope, phone: Sink
) -> None:
    line = line_to(config, microscope)
    with renewed(microscope), agent(config) as process:
        until_it_says(line, "watching")
        line.beat(epoch=1, counter=1)
        until_it_says(line, "armed")
        asked = subprocess.run(
            [sys.executable, "-m", "safety_agent", "--config", str(config), "--status"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert asked.stdout.strip() == "armed"
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 0
    assert "ended while armed" in phone.posts[0][1]["title"]


def test_settings_that_make_no_sense_are_told(tmp_path: Path) -> None:
    config = tmp_path / "agent.toml"
    config.write_text('SMARTSCOPE_AGENT_MICROSCOPE = "Titan"')
    clean = {name: value for name, value in os.environ.items() if "AGENT" not in name}
    answer = subprocess.run(
        [sys.executable, "-m", "safety_agent", "--config", str(config)],
        cwd=ROOT, capture_output=True, text=True, env=clean, check=False,
    )  # fmt: skip
    assert answer.returncode == 1
    assert "SMARTSCOPE_AGENT_MICROSCOPE must be the microscope's id" in answer.stderr

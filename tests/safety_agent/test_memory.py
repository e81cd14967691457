"""What the agent knows survives a power cut; when it does not, the agent assumes the worst."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from safety_agent.memory import BrokenMemory, Memory, Watch, keep, load
from smartscope.models import Lease, Microscope
from tests.safety_agent.conftest import Start, Valves, hold

WHOLE = Memory(watch=Watch.ARMED, epoch=3, counter=7, beat_at_s=1.5, nonces={"n": 2.0})


def test_what_is_kept_is_recalled(tmp_path: Path) -> None:
    keep(WHOLE, tmp_path / "agent.json")
    assert load(tmp_path / "agent.json") == WHOLE
    assert load(tmp_path / "none.json") == Memory()


@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "{}", "\0" * 512, '{"watch": "asleep"}', '{"watch": "armed", "age": 1}',
        '{"watch": "armed", "epoch": "3"}', '{"watch": "armed", "nonces": []}',
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_said_to_be_broken(text: str, tmp_path: Path) -> None:
    (tmp_path / "agent.json").write_text(text)
    with pytest.raises(BrokenMemory, match=r"agent\.json"):
        load(tmp_path / "agent.json")


def test_every_change_is_on_the_disk_before_anybody_hears_of_it(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    real = os.fsync

    def syncing(number: int) -> None:
        real(number)
        synced.append(number)

    monkeypatch.setattr(os, "fsync", syncing)
    with start() as rig:
        rig.beat()
        before = len(synced)
        rig.beat()
        rig.until(lambda: len(synced) >= before + 2)  # the file and its folder


def test_with_a_broken_memory_it_pages_and_watches_as_if_armed(
    start: Start, microscope: Microscope, valves: Valves, tmp_path: Path
) -> None:
    broken = tmp_path / "agent.json"
    broken.write_text(json.dumps({"watch": "armed"})[:-3])
    hold(microscope, seconds=-1, epoch=4)
    with start() as rig:
        assert rig.pages.titles == ["its memory is broken, it assumes to be armed"]
        assert rig.is_(Watch.ARMED)
        rig.until(lambda: not valves.open)
        rig.until(lambda: not rig.agent.memory.quarantine_owed)
    lease = Lease.objects.get()
    assert (lease.state, lease.epoch) == ("quarantined", 5)
    assert broken.with_suffix(".broken").exists()


def test_with_a_broken_memory_a_bridge_that_drives_is_left_alone(
    start: Start, valves: Valves, tmp_path: Path
) -> None:
    (tmp_path / "agent.json").write_text("")
    with start() as rig:
        rig.epoch = 8
        rig.beat()
        assert (rig.agent.memory.watch, rig.agent.memory.epoch) == (Watch.ARMED, 8)
    assert valves.open


def test_a_memory_that_cannot_be_written_is_told_once(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError("No space left on device")

    with start() as rig:
        monkeypatch.setattr(os, "fsync", full)
        rig.beat()
        rig.beat()
        monkeypatch.undo()
        rig.beat()
        assert rig.pages.titles == ["its memory cannot be written"]


def test_a_disk_that_hangs_is_told_and_does_not_keep_the_valves_open(
    start: Start, valves: Valves, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, healed = os.fsync, threading.Event()

    def hanging(number: int) -> None:
        healed.wait(30)
        real(number)

    monkeypatch.setattr("safety_agent.notebook.LIMIT_S", 0.1)
    with start() as rig:
        monkeypatch.setattr(os, "fsync", hanging)
        try:
            assert rig.line.stop("M. Ito") == "tripped"
            rig.until(lambda: not valves.open)
            rig.until(lambda: not rig.agent.memory.quarantine_owed)
        finally:
            healed.set()
        rig.until(lambda: load(rig.agent._settings.state_file) == rig.agent.memory)
    assert rig.pages.titles.count("its memory cannot be written") == 1

"""A simulated microscope per test, with an instant clock and a world of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from smartscope.microscope.simulator import assembly
from smartscope.microscope.simulator.clock import SimulatedClock
from tests.microscope.rig import STARTED_S, Leash, Notebook, OpenRig, Rig


@pytest.fixture
def open_rig(tmp_path: Path) -> Iterator[OpenRig]:
    """Opens rigs on `tmp_path/world` (or another `data_dir`); all are closed afterwards."""
    opened: list[Rig] = []

    def connect(*, epoch: int = 0, clock: SimulatedClock | None = None, **settings: object) -> Rig:
        chosen = {"data_dir": tmp_path / "world", "seed": 7, "start_time_s": STARTED_S} | settings
        clock = clock or assembly.open_clock(chosen)
        leash, notebook = Leash(), Notebook()
        microscope = assembly.build(
            chosen, permit=leash, clock=clock, epoch=epoch, witness=notebook
        )
        rig = Rig(microscope, clock, leash, notebook, microscope._guard.scope)
        opened.append(rig)
        return rig

    yield connect
    for rig in opened:
        rig.microscope.close()


@pytest.fixture
def rig(open_rig: OpenRig) -> Rig:
    """One microscope with its usual errors and nothing on the stage."""
    return open_rig()


@pytest.fixture
def exposures(tmp_path: Path) -> Path:
    """An empty folder for movies."""
    folder = tmp_path / "exposures"
    folder.mkdir()
    return folder

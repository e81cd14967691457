"""One simulated SerialEM for each test that asks."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.microscope.simulator.hand import Bench, Hand, bench


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Bench]:
    """A server with the usual imperfections."""
    with bench(tmp_path) as running:
        yield running


@pytest.fixture
def hand(served: Bench) -> Iterator[Hand]:
    """A client that has not said anything yet."""
    with served.hand() as connected:
        yield connected

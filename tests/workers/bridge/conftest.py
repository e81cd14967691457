"""The bridge's tests: hints go nowhere, because workers here look for themselves."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from frontend.hints import pass_on
from smartscope.operations.signals import analysis_wanted, event_committed
from workers.apps import _on_analysis_wanted
from workers.bridge.fault_points import arm


@pytest.fixture(autouse=True)
def _no_hints() -> Iterator[None]:
    analysis_wanted.disconnect(dispatch_uid="workers.nudge")
    event_committed.disconnect(dispatch_uid="frontend.hints")
    yield
    analysis_wanted.connect(_on_analysis_wanted, dispatch_uid="workers.nudge")
    event_committed.connect(pass_on, dispatch_uid="frontend.hints")


@pytest.fixture(autouse=True)
def _disarmed() -> Iterator[None]:
    yield
    arm(None)


@pytest.fixture(autouse=True)
def _storage(tmp_path: Path, settings: object) -> None:
    """The analyses read where the bridge of the same test writes."""
    (tmp_path / "files").mkdir()
    settings.SMARTSCOPE_STORAGE_URL = (tmp_path / "files").as_uri()  # type: ignore[attr-defined]

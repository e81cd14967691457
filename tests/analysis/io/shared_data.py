"""Where optional real images lie, and the reason a test gives when they are not there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_BESIDE = Path(__file__).parents[3].parent / "shared" / "data"


def shared_data(name: str) -> Path:
    """The path of `name` in the shared data; skips the test when it is absent."""
    path = Path(os.environ.get("SMARTSCOPE_SHARED_DATA", _BESIDE)) / name
    if not path.exists():
        pytest.skip(f"no {name} in ../shared/data (SMARTSCOPE_SHARED_DATA names another folder)")
    return path

"""The same world of two groups as the API's tests."""

from __future__ import annotations

from tests.api.conftest import _counters_of_its_own, as_, world

__all__ = ["_counters_of_its_own", "as_", "world"]

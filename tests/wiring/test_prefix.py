"""Live streams are found below any prefix, as pages are."""

from __future__ import annotations

from typing import Any

import pytest

from smartscope.asgi import BelowPrefix


class Router:
    """Stands where the socket router stands and remembers what it was asked."""

    def __init__(self) -> None:
        self.scope: dict[str, Any] = {}

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.scope = scope


@pytest.mark.parametrize(
    ("prefix", "path", "root_path"),
    [
        ("/em/scope", "/em/scope/ws/v1/events", "/em/scope"),
        ("/em/scope", "/ws/v1/events", None),
        ("/em", "/emergency/ws", None),
        ("", "/ws/v1/events", None),
    ],
)
async def test_the_router_learns_which_part_of_a_path_is_the_prefix(
    settings: Any, prefix: str, path: str, root_path: str | None
) -> None:
    settings.PREFIX = prefix
    router = Router()
    await BelowPrefix(router)({"path": path}, None, None)
    assert router.scope.get("root_path") == root_path

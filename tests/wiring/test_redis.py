"""The cache and the channel layer reach this run's Redis with the service's own settings."""

from __future__ import annotations

import pytest
from channels.layers import get_channel_layer
from django.core.cache import cache

from smartscope.servers.addresses import Addresses

pytestmark = pytest.mark.usefixtures("servers")


def test_the_cache_remembers(servers: Addresses) -> None:
    cache.set("wiring", "remembered", timeout=10)
    assert cache.get("wiring") == "remembered"


async def test_the_channel_layer_carries_a_message() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add("wiring", channel)
    await layer.group_send("wiring", {"type": "hint"})
    assert await layer.receive(channel) == {"type": "hint"}
    await layer.flush()
    await layer.close_pools()

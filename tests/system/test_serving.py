"""The one ASGI process of the demo answers pages and refuses strangers' sockets."""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Origin

from tests.system.conftest import Services

pytestmark = pytest.mark.system


def test_a_page_is_served_with_its_policy(services: Services) -> None:
    answer = httpx.get(f"{services.serve()}/login", trust_env=False)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_socket_from_a_foreign_page_is_refused(services: Services) -> None:
    address = services.serve().replace("http", "ws") + "/ws/v1/events"
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(address, origin=Origin("https://evil.example")),
    ):
        pass
    assert refused.value.response.status_code == 403


def test_a_socket_without_an_origin_is_refused(services: Services) -> None:
    address = services.serve().replace("http", "ws") + "/ws/v1/events"
    with pytest.raises(InvalidStatus) as refused, connect(address):
        pass
    assert refused.value.response.status_code == 403


def test_a_file_of_the_page_is_served_without_a_warning(services: Services) -> None:
    answer = httpx.get(f"{services.serve()}/static/frontend/door.css", trust_env=False)
    assert answer.status_code == 200
    assert len(answer.content) > 100
    assert "Warning" not in services.log("web")

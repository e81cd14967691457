"""An asynchronous request reaches the database without leaving anything running."""

from __future__ import annotations

import pytest
from django.test import AsyncClient


@pytest.mark.django_db(transaction=True)
async def test_a_page_is_served_asynchronously(async_client: AsyncClient) -> None:
    answer = await async_client.get("/login")
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

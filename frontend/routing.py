"""Routes of the live streams."""

from __future__ import annotations

from typing import Any

from django.urls import path

from frontend.consumers import EventStream

websocket_urlpatterns: list[Any] = [path("ws/v1/events", EventStream.as_asgi())]

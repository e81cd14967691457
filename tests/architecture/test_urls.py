"""The routes and the applications fit together in one process, for HTTP and for live streams."""

from __future__ import annotations

from django.urls import get_resolver


def test_the_api_is_asked_before_the_page() -> None:
    first, *_, last = [str(pattern.pattern) for pattern in get_resolver().url_patterns]
    assert first == "api/v1/"
    assert last == ""

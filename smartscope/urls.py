"""Which address is answered by whom: the page comes last because it takes every other path."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("api/v1/", include("api.urls")),
    path("", include("frontend.urls")),
]

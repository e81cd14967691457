"""Work of the analysis on one image, as it is read."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from smartscope.models import Analysis


class JobSerializer(serializers.ModelSerializer[Any]):
    """`state` is wanted, running, done or dead; `error` says why it was given up or begun anew."""

    grid: Any = serializers.PrimaryKeyRelatedField(source="image.grid_id", read_only=True)

    class Meta:
        model = Analysis
        fields = (
            *ROW,
            "image",
            "grid",
            "kind",
            "plugin",
            "plugin_version",
            "state",
            "attempts",
            "started_at",
            "finished_at",
            "error",
        )

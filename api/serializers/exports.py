"""Files of particles: what is asked for, how far it is, and where it is fetched."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.models import Export, ExportFormat
from smartscope.operations.exports import LARGEST_BOX_PX, MOST_BINNING, SMALLEST_BOX_PX
from smartscope.operations.target_rows import MOST_ROWS


class ExportSerializer(serializers.ModelSerializer[Any]):
    """`progress` is 0 to 1; once `state` is done the file lies below `exports/{id}/file`."""

    author = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = (
            *ROW,
            "grid",
            "author",
            "format",
            "state",
            "progress",
            "message",
            "particles",
            "bytes",
            "sha256",
            "finished_at",
        )

    def get_author(self, export: Any) -> str | None:
        return None if export.author is None else str(export.author.get_username())


class ExportBody(StrictSerializer):
    """`exposures` left out: all of the grid. Box and binning are for boxes and stacks."""

    format = serializers.ChoiceField(choices=ExportFormat.choices)
    exposures = serializers.ListField(
        child=serializers.UUIDField(), required=False, allow_empty=False, max_length=MOST_ROWS
    )
    box_px = serializers.IntegerField(
        min_value=SMALLEST_BOX_PX, max_value=LARGEST_BOX_PX, required=False, allow_null=True
    )
    binning = serializers.IntegerField(min_value=1, max_value=MOST_BINNING, default=1)

"""The room of the image store."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StorageRoomSerializer(serializers.Serializer[Any]):
    """Null where it cannot be measured, or nothing was written within six hours."""

    free_bytes = serializers.IntegerField(allow_null=True)
    total_bytes = serializers.IntegerField(allow_null=True)
    written_bytes_per_h = serializers.FloatField(allow_null=True)
    full_in_h = serializers.FloatField(allow_null=True)
    as_of_seq = serializers.IntegerField()

"""The ice of each grid of a session, as counts of holes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class GridIceSerializer(serializers.Serializer[Any]):
    """`counts[n]` holes are n bins thick or more and less than the next; the last is open above.

    `unmeasured` holes have no known thickness and are in no bin.
    """

    grid = serializers.UUIDField()
    counts = serializers.ListField(child=serializers.IntegerField())
    median_nm = serializers.FloatField(allow_null=True)
    unmeasured = serializers.IntegerField()


class IceHistogramsSerializer(serializers.Serializer[Any]):
    """Grids on which no hole is known are left out."""

    bin_nm = serializers.IntegerField()
    grids = GridIceSerializer(many=True)
    as_of_seq = serializers.IntegerField()

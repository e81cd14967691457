"""Bodies are allow-lists: a field nobody knows is refused by name, not dropped in silence."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields, so that a typing error is not taken for a default."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict):
            unknown = sorted(str(name)[:60] for name in set(data) - set(self.fields))
            if unknown:
                raise serializers.ValidationError(
                    {name: ["is not a field here."] for name in unknown}
                )
        return super().to_internal_value(data)

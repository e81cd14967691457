"""Every collection parameter with its limits, to read (as `protocol`) and to write (flat)."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.strict import StrictSerializer
from smartscope.domain.protocol import LIMITS, PARAMETER_NAMES
from smartscope.models import Grid


def _limits(name: str) -> dict[str, Any]:
    if name not in LIMITS:
        return {}
    low, high = LIMITS[name]
    return {"min_value": low, "max_value": high}


class ProtocolSerializer(serializers.ModelSerializer[Any]):
    """How a grid is imaged; null is off, or automatic where the vocabulary says so."""

    class Meta:
        model = Grid
        fields = PARAMETER_NAMES
        extra_kwargs = {name: _limits(name) for name in PARAMETER_NAMES}


class ParametersBody(StrictSerializer, serializers.ModelSerializer[Any]):
    """The same, each one optional: what is absent stays as it is."""

    class Meta:
        model = Grid
        fields = PARAMETER_NAMES
        extra_kwargs = {name: {**_limits(name), "required": False} for name in PARAMETER_NAMES}


def parameters_in(data: dict[str, Any]) -> dict[str, Any]:
    """The collection parameters among validated data."""
    return {name: data[name] for name in PARAMETER_NAMES if name in data}

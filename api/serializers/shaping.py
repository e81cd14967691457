"""Why a target is as it is, and bodies that add, move or extend holes."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.serializers.places import ROW
from api.serializers.strict import StrictSerializer
from smartscope.models import Label
from smartscope.operations.hole_shapes import MOST_NEW


class NewHoleBody(StrictSerializer):
    """Pixels of the square's picture; without a radius it is as the film's holes."""

    x_px = serializers.FloatField()
    y_px = serializers.FloatField()
    radius_um = serializers.FloatField(
        min_value=0.05, max_value=20, required=False, allow_null=True
    )


class NewHolesBody(StrictSerializer):
    holes = NewHoleBody(many=True, allow_empty=False, max_length=MOST_NEW)  # type: ignore[call-arg]
    dry_run = serializers.BooleanField(default=False)


class ExtendBody(StrictSerializer):
    """How many rows of holes beyond the known ones; `dry_run` shows where."""

    rings = serializers.IntegerField(min_value=1, max_value=10, default=1)
    dry_run = serializers.BooleanField(default=False)


class MoveHoleBody(StrictSerializer):
    x_px = serializers.FloatField()
    y_px = serializers.FloatField()


class PlaceSerializer(serializers.Serializer[Any]):
    x_px = serializers.FloatField()
    y_px = serializers.FloatField()
    radius_um = serializers.FloatField()


class ExtendedSerializer(serializers.Serializer[Any]):
    """`holes` are where the lattice goes on; `changeset` is null in a dry run."""

    changeset = serializers.UUIDField(allow_null=True)
    changed = serializers.IntegerField()
    holes = PlaceSerializer(many=True)


class GivenLabelSerializer(serializers.ModelSerializer[Any]):
    """A person's word on a target; "" is one that was taken away."""

    author = serializers.SerializerMethodField()

    class Meta:
        model = Label
        fields = (*ROW, "resource", "object_id", "name", "author")

    def get_author(self, label: Any) -> str | None:
        return None if label.author is None else str(label.author.get_username())


class SeenBySerializer(serializers.Serializer[Any]):
    kind = serializers.CharField()
    plugin = serializers.CharField()
    version = serializers.CharField()
    state = serializers.CharField()


class SaidSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True)
    author = serializers.CharField(allow_null=True)
    time = serializers.DateTimeField()


class ChangedSerializer(serializers.Serializer[Any]):
    changeset = serializers.UUIDField()
    author = serializers.CharField(allow_null=True)
    time = serializers.DateTimeField()
    summary = serializers.CharField(allow_blank=True)
    before = serializers.DictField(child=serializers.JSONField())
    after = serializers.DictField(child=serializers.JSONField())


class WhySerializer(serializers.Serializer[Any]):
    """`words` is one sentence; `scores` what was measured, `limits` what the protocol asks."""

    subject = serializers.UUIDField()
    slug = serializers.CharField()
    status = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    words = serializers.CharField()
    chosen_because = serializers.CharField(allow_blank=True)
    label = serializers.CharField(allow_blank=True)  # type: ignore[assignment]
    model_label = serializers.CharField(allow_blank=True)
    scores = serializers.DictField(child=serializers.FloatField(allow_null=True))
    seen_by = SeenBySerializer(many=True)
    labels = SaidSerializer(many=True)
    changes = ChangedSerializer(many=True)
    limits = serializers.DictField(child=serializers.FloatField(allow_null=True))
    as_of_seq = serializers.IntegerField()
